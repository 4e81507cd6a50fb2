import { describe, expect, it } from 'vitest';
import { hashLeaf } from '../../src/settlement/leaf.ts';
import { rootOf } from '../../src/settlement/merkle.ts';
import { createBatches } from '../../src/store/batches.ts';
import type { LeafRow } from '../../src/store/leaf-row.ts';
import { createWrite, type RawDb } from '../../src/store/raw-db.ts';
import { createFiling } from '../../src/store/seal.ts';
import { createProposer, type SealRequest } from '../../src/store/seal-proposal.ts';
import type { Store } from '../../src/store/store.ts';
import { vaultAddress } from '../settlement/scripted-chain.ts';
import {
  accountState,
  applyEvents,
  booksOf,
  confirm,
  openTestStore,
  seal,
  sealedByDay,
  sealRequest,
  usageDaily,
  vaultEvent,
  writeCharge,
} from './rig.ts';

const hashing = { hashLeaf: (row: LeafRow) => hashLeaf(vaultAddress, row), rootOf };

function propose(store: Store, rest: Partial<SealRequest> = {}) {
  const proposal = createProposer(store.db, hashing)({ ...sealRequest, ...rest });
  if (!proposal) throw new Error('nothing was proposed');
  return proposal;
}

function deposit(store: Store, address: string, deposited: number) {
  const state = accountState({ deposited });
  applyEvents(store, vaultEvent(`deposit-${address}-${deposited}`, { account: { address, state } }));
}

/** Everything that sealing writes to. */
function booksText(store: Store): string {
  const tables = ['batches', 'batch_lines', 'sealed_charges', 'unsealed', 'receivables', 'lanes', 'accounts', 'tokens'];
  return JSON.stringify([...tables, 'usage_daily'].map((name) => store.db.prepare(`SELECT * FROM ${name}`).all()));
}

describe('a choice that the books have overtaken', () => {
  const overtakings: Record<string, (store: Store, charges: number[]) => void> = {
    'a charge was refunded': (store, [, charge]) =>
      void store.db.prepare("INSERT INTO refunds VALUES (?, 1, 7, 'operator')").run(charge),
    'a free charge got a refund': (store, [, , free]) =>
      void store.db.prepare("INSERT INTO refunds VALUES (?, 1, 1, 'operator')").run(free),
    'a charge was filed': (store) => {
      const filing = createFiling(store.db);
      for (const charge of filing.waiting().filter(({ price }) => price === 0)) filing.file(charge);
    },
    'the lane got a batch': (store) => {
      expect(seal(store)).toBeDefined();
    },
    'the debt was given up': (store) => {
      store.receivables.writeOff(store.receivables.list({ limit: 1 })[0]?.id ?? 0);
    },
    'the debt can be paid from another balance': (store) => deposit(store, 'GA', 900),
  };
  it.each(Object.entries(overtakings))('is not written at all: %s', (_, overtake) => {
    const { store } = openTestStore();
    deposit(store, 'GA', 30);
    writeCharge(store, { account: 'GA', price: 100 });
    const first = seal(store);
    if (!first) throw new Error('nothing was sealed');
    confirm(store, first, [30n]);
    deposit(store, 'GA', 500);
    const charges = [5, 7, 0].map((price) => writeCharge(store, { account: 'GA', price }));
    const proposal = propose(store);
    expect(proposal.batch).toMatchObject({ leaves: 4, total: 82n });
    overtake(store, charges);
    const before = booksText(store);
    expect(store.batches.seal(proposal, 10_000).step()).toBe('stale');
    expect(booksText(store)).toBe(before);
    for (const { left, right } of booksOf(store)) expect(left).toBe(right);
  });

  it('is written when only younger charges have come', () => {
    const { store } = openTestStore();
    writeCharge(store, { account: 'GA', price: 5 });
    const proposal = propose(store);
    writeCharge(store, { account: 'GA', price: 6 });
    const sealing = store.batches.seal(proposal, 11_000);
    expect(sealing.step()).toBe('done');
    expect(sealing.batch()).toMatchObject({ total: 5n, leaves: 1 });
    expect(store.batches.seal(proposal, 11_000).step()).toBe('stale');
    expect(store.charges.unsealed()).toEqual({ count: 1, net: 6n });
    expect(usageDaily(store)).toEqual(sealedByDay(store));
  });

  it('files free calls alone only as they were chosen', () => {
    const { store } = openTestStore();
    const id = writeCharge(store, { account: 'GA', price: 0, atMs: 0 });
    const proposal = propose(store, { ageMaxMs: 1 });
    expect(proposal).toMatchObject({ batch: undefined, parts: [{ filing: { count: 1 } }] });
    expect(store.batches.seal(proposal, 10_000).step()).toBe('done');
    expect(store.batches.seal(proposal, 10_000).step()).toBe('stale');
    expect(store.charges.byId(id)?.batch).toBeUndefined();
    expect(usageDaily(store)).toEqual(sealedByDay(store));
  });
});

/** How the database carries out the statement that contains `part`, among those that are made ready. */
function planOf(store: Store, part: string, makeReady: (db: RawDb) => void): string[] {
  const plans: string[][] = [];
  const prepare = store.db.prepare.bind(store.db);
  const spied = Object.assign(Object.create(store.db), {
    prepare(text: string) {
      if (text.includes(part)) {
        const bound = Object.fromEntries([...text.matchAll(/\$(\w+)/g)].map(([, name]) => [name, 0]));
        const rows = prepare<unknown[], { detail: string }>(`EXPLAIN QUERY PLAN ${text}`).all(bound);
        plans.push(rows.map((row) => row.detail));
      }
      return prepare(text);
    },
  });
  makeReady(spied);
  expect(plans).not.toEqual([]);
  return plans.flat();
}

describe('what sealing does', () => {
  it('looks for debts among those that are not over', () => {
    const { store } = openTestStore();
    const write = createWrite(store.db);
    const debts = [
      planOf(store, 'EXISTS (SELECT 1 FROM unsealed)', (db) => createBatches(db, write, store.sync)),
      planOf(store, 'FROM receivables JOIN', (db) => createProposer(db, hashing)),
    ].map((plan) => plan.filter((line) => line.includes('receivables')));
    expect(debts.flat().length).toBeGreaterThanOrEqual(3);
    for (const line of debts.flat()) expect(line).toMatch(/SEARCH receivables USING .*(receivables_open|PRIMARY KEY)/);
  });

  it('is bounded step by step, however much waits', () => {
    const written = [10, 200].map((accounts) => {
      const { store } = openTestStore();
      store.db.transaction(() => {
        for (let at = 0; at < 10 * accounts; at++) writeCharge(store, { account: `G${at % accounts}`, price: 1 });
      })();
      const changes = store.db.prepare<[], number>('SELECT total_changes()').pluck();
      const sealing = store.batches.seal(propose(store, { entriesMax: 11, leavesMax: 70, partLeavesMax: 30 }), 1);
      return ['more', 'more', 'done'].map((outcome) => {
        const before = changes.get() ?? 0;
        expect(sealing.step()).toBe(outcome);
        return (changes.get() ?? 0) - before;
      });
    });
    // 30 rows filed and 30 taken from the queue, 10 lines, 10 accounts, 10 sums of their day, the total; once batch and lane.
    expect(written).toEqual([
      [93, 91, 51],
      [93, 91, 51],
    ]);
  });

  it('passes over the queue without a look-up for charges of accounts that have no place', () => {
    const { store } = openTestStore();
    const plan = planOf(store, 'json_each($accounts)', (db) => createProposer(db, hashing));
    const at = (start: string) => plan.findIndex((line) => line.startsWith(start));
    expect(at('SEARCH u USING INTEGER PRIMARY KEY')).toBe(0);
    expect(at('LIST SUBQUERY')).toBeGreaterThan(0);
    expect(at('LIST SUBQUERY')).toBeLessThan(at('SEARCH c USING INTEGER PRIMARY KEY'));
    expect(plan.filter((line) => line.startsWith('SCAN'))).toEqual([expect.stringContaining('json_each')]);
  });
});

describe('a batch that is being filed', () => {
  /** Five charges of two accounts, two leaves a part; one step is done. */
  function halfFiled() {
    const rig = openTestStore();
    const { store } = rig;
    deposit(store, 'GA', 30);
    writeCharge(store, { account: 'GA', price: 100 });
    const first = seal(store);
    if (!first) throw new Error('nothing was sealed');
    confirm(store, first, [30n]);
    deposit(store, 'GA', 500);
    const charges = [1, 2, 3, 4, 5].map((price) => writeCharge(store, { account: price % 2 ? 'GA' : 'GB', price }));
    const before = booksText(store);
    const proposal = propose(store, { partLeavesMax: 2 });
    expect(proposal).toMatchObject({ parts: { length: 3 }, batch: { leaves: 6 } });
    const sealing = store.batches.seal(proposal, 10_000);
    expect(sealing.step()).toBe('more');
    const [open] = store.batches.open();
    if (!open) throw new Error('no batch was begun');
    return { ...rig, charges, before, sealing, open, proposal };
  }
  const envelope = { hash: 'h1', envelopeXdr: 'AAAA', sequence: 1n, maxTimeS: 100, createdAtMs: 5 };

  it('has whole books after every step', () => {
    const { store, sealing, proposal } = halfFiled();
    for (const outcome of ['more', 'done']) {
      expect(sealing.step()).toBe(outcome);
      for (const { left, right } of booksOf(store)) expect(left).toBe(right);
      expect(usageDaily(store)).toEqual(sealedByDay(store));
      const [batch] = store.batches.open();
      const lines = store.batches.lines(batch?.id ?? 0).reduce((sum, line) => sum + line.amount, 0n);
      expect(batch?.total).toBe(lines);
      expect(lines + store.charges.unsealed().net).toBe(85n);
    }
    const [batch] = store.batches.open();
    const rows = store.batches.rows(batch?.id ?? 0);
    expect(batch).toMatchObject({ leaves: 6, total: 85n, root: proposal.batch?.root });
    expect(Buffer.from(rootOf(rows.map(hashing.hashLeaf))).toString('hex')).toBe(batch?.root);
    expect(store.batches.lines(batch?.id ?? 0)).toMatchObject([
      { account: 'GA', amount: 79n, carriedReceivable: 70n },
      { account: 'GB', amount: 6n, carriedReceivable: 0n },
    ]);
  });

  it('cannot be submitted or confirmed, and the lane gets no other', async () => {
    const { store, sealing, open } = halfFiled();
    await expect(store.batches.recordEnvelope(open.id, envelope)).rejects.toThrow(/all its leaves/);
    expect(() => confirm(store, open, [79n, 6n])).toThrow(/all their leaves/);
    expect(seal(store)).toBeUndefined();
    while (sealing.step() === 'more');
    await store.batches.recordEnvelope(open.id, envelope);
    expect(store.batches.byId(open.id)?.state).toBe('submitted');
  });

  it('is taken apart when one of its charges was refunded before its turn', () => {
    const { store, charges, sealing, before } = halfFiled();
    store.db.prepare("INSERT INTO refunds VALUES (?, 1, 5, 'operator')").run(charges[4]);
    expect(sealing.step()).toBe('more');
    expect(sealing.step()).toBe('stale');
    expect(sealing.batch()).toBeUndefined();
    expect(booksText(store)).toBe(before);
  });

  it('is taken apart when the database is opened again, before anybody looks', async () => {
    const { store, file, before } = halfFiled();
    await store.close();
    const again = openTestStore({ path: file }).store;
    expect(again.batches.open()).toEqual([]);
    expect(booksText(again)).toBe(before);
  });

  it('that is whole stays when the database is opened again', async () => {
    const { store, file, sealing, open } = halfFiled();
    while (sealing.step() === 'more');
    await store.close();
    expect(openTestStore({ path: file }).store.batches.open()).toMatchObject([{ id: open.id, root: open.root }]);
  });
});
