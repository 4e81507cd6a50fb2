import { describe, expect, it } from 'vitest';
import type { Store } from '../../src/store/store.ts';
import {
  accountState,
  applyEvents,
  booksOf,
  confirm,
  openTestStore,
  seal,
  sealedByDay,
  usageDaily,
  vaultEvent,
  writeCharge,
} from './rig.ts';

function deposit(store: Store, address: string, deposited: number) {
  const state = accountState({ deposited });
  applyEvents(store, vaultEvent(`deposit-${address}-${deposited}`, { account: { address, state } }));
}

/** A batch of a debt, and of seven charges of two accounts for two payees: refunds, a free call and a token among them. */
function sealed() {
  const rig = openTestStore();
  const { store } = rig;
  deposit(store, 'GA', 30);
  writeCharge(store, { account: 'GA', price: 100 });
  const first = seal(store);
  if (!first) throw new Error('nothing was sealed');
  confirm(store, first, [30n]);
  deposit(store, 'GA', 500);
  const accountId = store.accounts.ensure('GA');
  const token = { jti: 't', accountId, scope: '*', issuedAtMs: 1, expiresAtMs: 9e12, cap: undefined, label: '' };
  store.tokens.add({ ...token, source: 'operator' });
  writeCharge(store, { account: 'GA', price: 1, tokenJti: 't' });
  writeCharge(store, { account: 'GB', price: 2, refund: 2 });
  writeCharge(store, { account: 'GA', price: 3, payee: 'GPAYEE2' });
  writeCharge(store, { account: 'GB', price: 4 });
  writeCharge(store, { account: 'GA', price: 5, tokenJti: 't', refund: 2 });
  writeCharge(store, { account: 'GB', price: 6, payee: 'GPAYEE2' });
  writeCharge(store, { account: 'GA', price: 7, tokenJti: 't' });
  const before = booksText(store);
  const batch = seal(store);
  if (!batch) throw new Error('nothing was sealed');
  expect(batch.leaves).toBe(8);
  return { ...rig, before, batch };
}

/** Everything that taking apart writes to. */
function booksText(store: Store): string {
  const tables = ['batches', 'batch_lines', 'sealed_charges', 'unsealed', 'receivables', 'lanes', 'accounts', 'tokens'];
  return JSON.stringify([tables.map((table) => store.db.prepare(`SELECT * FROM ${table}`).all()), usageDaily(store)]);
}

const envelope = { hash: 'h1', envelopeXdr: 'AAAA', sequence: 1n, maxTimeS: 100, createdAtMs: 5 };

describe('a batch that is taken apart, two leaves at a time', () => {
  it('has whole books after every step, and leaves those of before it', async () => {
    const { store, batch, before } = sealed();
    await store.batches.recordEnvelope(batch.id, envelope);
    store.batches.endEnvelope('h1', 'failed');
    store.batches.reopen(batch.id);
    const owed = 70n + 1n + 3n + 4n + 3n + 6n + 7n;
    const steps: string[] = [];
    do {
      steps.push(store.batches.unsealPart(batch.id, 2));
      for (const { left, right } of booksOf(store)) expect(left).toBe(right);
      expect(usageDaily(store)).toEqual(sealedByDay(store));
      const [open] = store.batches.open();
      const lines = store.batches.lines(batch.id).reduce((sum, line) => sum + line.amount, 0n);
      expect(open?.total ?? 0n).toBe(lines);
      if (open) {
        expect(lines + store.charges.unsealed().net).toBe(owed);
        expect(store.batches.isWhole(batch.id)).toBe(false);
        await expect(store.batches.recordEnvelope(batch.id, envelope)).rejects.toThrow(/all its leaves/);
      }
      expect(await store.findWrongSums(new AbortController().signal)).toEqual([]);
    } while (steps.at(-1) === 'more');
    expect(steps).toEqual(['more', 'more', 'more', 'done']);
    expect(booksText(store)).toBe(before);
  });

  it('is taken apart to its end when the database is opened again, before anybody looks', async () => {
    const { store, file, batch, before } = sealed();
    expect(store.batches.unsealPart(batch.id, 2)).toBe('more');
    await store.close();
    const again = openTestStore({ path: file }).store;
    expect(again.batches.open()).toEqual([]);
    expect(booksText(again)).toBe(before);
  });

  it('stays as it is while an envelope of it may land', async () => {
    const { store, batch } = sealed();
    await store.batches.recordEnvelope(batch.id, envelope);
    expect(() => store.batches.unsealPart(batch.id, 2)).toThrow(/cannot land/);
    expect(store.batches.isWhole(batch.id)).toBe(true);
  });
});
