import { describe, expect, it } from 'vitest';
import { units } from '../../src/money.ts';
import { createAccountWalk, type WalkBounds } from '../../src/store/account-walk.ts';
import { openSqlite } from '../../src/store/open-sqlite.ts';
import type { RawDb } from '../../src/store/raw-db.ts';
import type { Store } from '../../src/store/store.ts';
import { accountState, applyEvents, openTestStore, seal, vaultEvent, writeCharge } from './rig.ts';

const addresses = ['GA', 'GB', 'GC', 'GD', 'GE'];
const bounds: WalkBounds = { chargesMax: 4, othersMax: 2, accountsMax: 3 };

/** Five accounts with money, a batch in flight, open exits, and calls that wait, some of them refunded. */
function filledStore() {
  const opened = openTestStore();
  const { store } = opened;
  for (const [at, address] of addresses.entries()) {
    const state = accountState({ deposited: 10_000, settled: 0 });
    applyEvents(store, vaultEvent(`deposit-${address}`, { ledger: 10 + at, account: { address, state } }));
    writeCharge(store, { account: address, price: 100 + at });
  }
  seal(store, { force: true });
  for (const [at, account] of addresses.entries()) {
    for (let call = 0; call < 5; call++)
      writeCharge(store, { account, price: 10 + at, refund: call === 2 ? 10 + at : 0 });
    const accountId = store.accounts.ensure(account);
    const life = { madeLedger: 1, expiresLedger: 90, createdAtMs: 1 };
    if (at > 0) store.exits.open({ accountId, to: 'GT', amount: units(at), envelopeXdr: 'AA', ...life });
  }
  return opened;
}

/** Everything that happens to the books between two steps. */
function disturb(store: Store): void {
  store.accounts.ensure(`G${store.nextCallId()}`);
  writeCharge(store, { account: 'GC', price: 9 });
  const id = writeCharge(store, { account: 'GE', price: 9 });
  store.db.prepare("INSERT INTO refunds VALUES (?, 1, 9, 'x')").run(id);
  store.exits.expire({ ledger: 100, closedAtMs: 1, ledgerMs: 0 });
  for (const batch of store.batches.open()) store.batches.unseal(batch.id);
}

/** How many rows each statement of the walk gave, as one number a step. */
function counted(file: string) {
  const db = openSqlite(file, { readonly: true });
  let rows = 0;
  const of = (given: unknown): number => {
    if (Array.isArray(given)) return given.length;
    const { accounts } = given as { accounts?: string };
    return accounts === undefined ? 1 : (JSON.parse(accounts) as unknown[]).length;
  };
  const counting = (statement: object): object =>
    new Proxy(statement, {
      get(target, name) {
        if (name === 'pluck') return () => counting((target as { pluck(): object }).pluck());
        return (...values: unknown[]) => {
          const given: unknown = Reflect.get(target, name).apply(target, values);
          rows += of(given);
          return given;
        };
      },
    });
  const texts: string[] = [];
  const prepare = (text: string) => {
    texts.push(text);
    return counting(db.prepare(text));
  };
  return {
    db: { prepare } as unknown as RawDb,
    texts,
    plan: (text: string) => {
      const values = [...text.matchAll(/\?/g)].map(() => 1);
      return (db.prepare(`EXPLAIN QUERY PLAN ${text}`).all(...values) as { detail: string }[]).map((row) => row.detail);
    },
    taken() {
      const taken = rows;
      rows = 0;
      return taken;
    },
    close: () => db.close(),
  };
}

describe('a walk over the accounts', () => {
  it('gives every account as it is by itself, whatever the size of its steps', () => {
    const { store } = filledStore();
    const alone = addresses.map((address) => store.accounts.byAddress(address));
    expect(alone.map((row) => row?.exits)).toEqual([0n, 1n, 2n, 3n, 4n]);
    expect(alone.map((row) => row?.unsettled)).toEqual([140n, 145n, 150n, 155n, 160n]);
    for (const size of [1, 2, 3, 5, 25, 1_000]) {
      const walk = store.accounts.walk({ chargesMax: size, othersMax: size, accountsMax: size });
      expect([...walk].flat()).toEqual(alone);
    }
    expect([...store.accounts.walk()].flat()).toEqual(alone);
  });

  it('is of the moment of its first step, whatever is written between the steps', () => {
    const { store } = filledStore();
    const before = store.accounts.loadAll();
    const walked = [];
    let left = 10;
    for (const rows of store.accounts.walk(bounds)) {
      walked.push(...rows);
      if (left-- > 0) disturb(store);
    }
    expect(left).toBeLessThan(0);
    expect(walked).toEqual(before);
    expect([...store.accounts.walk(bounds)].flat()).toEqual(store.accounts.loadAll());
    expect(store.accounts.loadAll().length).toBeGreaterThanOrEqual(before.length + 10);
  });

  it('reads no more rows in a step than it may, and looks each of them up by its key', () => {
    const { store, file } = filledStore();
    for (let call = 0; call < 200; call++) writeCharge(store, { account: `G${call % 40}`, price: 1 });
    const { db, texts, plan, taken, close } = counted(file);
    const steps: number[] = [];
    let rows = 0;
    for (const some of createAccountWalk(db)(bounds)) {
      rows += some.length;
      steps.push(taken());
    }
    expect(rows).toBe(45);
    expect(steps.length).toBeGreaterThan(225 / bounds.chargesMax);
    // A step that begins with the lines of a batch has read the list of batches in flight, one of each lane.
    expect(Math.max(...steps)).toBe(bounds.chargesMax);
    // What is not looked up by its key is the step's own rows, and an index that has one row a lane.
    const whole = texts.flatMap(plan).filter((line) => !/^SEARCH .* USING (INTEGER PRIMARY KEY|INDEX)/.test(line));
    expect(whole).toEqual([
      'CO-ROUTINE (subquery-1)',
      'SCAN (subquery-1)',
      'SCAN batches USING INDEX batches_one_open',
    ]);
    close();
  });

  it('is one at a time, and lets go of its moment when it is given up', () => {
    const { store } = filledStore();
    const walk = store.accounts.walk(bounds);
    walk.next();
    expect(() => store.accounts.walk(bounds).next()).toThrow('one walk over the accounts is under way at a time');
    disturb(store);
    walk.return();
    expect([...store.accounts.walk(bounds)].flat()).toEqual(store.accounts.loadAll());
  });
});
