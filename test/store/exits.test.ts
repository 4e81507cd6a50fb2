import { describe, expect, it } from 'vitest';
import { units } from '../../src/money.ts';
import { openStore, type Store } from '../../src/store/store.ts';
import { openTestStore } from './rig.ts';

function open(store: Store, account: string, amount = 5, madeLedger = 10) {
  return store.exits.open({
    accountId: store.accounts.ensure(account),
    to: 'GTO',
    amount: units(amount),
    envelopeXdr: 'AAAA',
    madeLedger,
    expiresLedger: madeLedger + 90,
    createdAtMs: 1_000,
  });
}

const withdrawal = { to: 'GTO', amount: units(5), ledger: 11, closedAtMs: 2_000, txHash: 'aa' };

describe('an exit', () => {
  it('is the only open one of its account', () => {
    const { store } = openTestStore();
    const first = open(store, 'GA');
    expect(() => open(store, 'GA')).toThrow();
    open(store, 'GB');
    expect(store.exits.openOf(first.accountId)).toEqual(first);
    store.exits.expire({ ledger: 100, closedAtMs: 1, ledgerMs: 0 });
    expect(open(store, 'GA', 7, 100).state).toBe('open');
  });

  it('counts on its account from the moment it is written, also after the process is gone', async () => {
    const { store, clock, file } = openTestStore();
    open(store, 'GA', 7);
    await store.sync();
    await store.close();
    const log = { info: () => undefined } as never;
    const again = openStore({ path: file, clock, log });
    expect(again.accounts.loadAll()).toMatchObject([{ address: 'GA', exits: 7n }]);
    expect(again.accounts.byAddress('GA')).toMatchObject({ exits: 7n });
    await again.close();
  });

  it('ends once: an event after its end finds nothing', () => {
    const { store } = openTestStore();
    const { accountId } = open(store, 'GA');
    expect(store.exits.land({ accountId, ...withdrawal })).toBe(5n);
    expect(store.exits.land({ accountId, ...withdrawal })).toBeUndefined();
    expect(store.exits.expire({ ledger: 1_000, closedAtMs: 1, ledgerMs: 0 })).toEqual([]);
    expect(store.exits.list({ limit: 5 })).toMatchObject([{ state: 'landed', txHash: 'aa', endedAtMs: 2_000 }]);
    expect(store.accounts.byAddress('GA')).toMatchObject({ exits: 0n });
  });

  it.each([
    ['account', { accountId: 99 }],
    ['receiver', { to: 'GX' }],
    ['amount', { amount: units(6) }],
    ['amount that no row can hold', { amount: units(2n ** 62n) }],
    ['ledger before it was made', { ledger: 10 }],
    ['ledger after it ended', { ledger: 101 }],
  ])('is not taken for one of another %s', (_, other) => {
    const { store } = openTestStore();
    const { accountId } = open(store, 'GA');
    expect(store.exits.land({ accountId, ...withdrawal, ...other })).toBeUndefined();
    expect(store.exits.openOf(accountId)?.state).toBe('open');
  });

  it('expires with the last ledger of its signature and not before', () => {
    const { store } = openTestStore();
    open(store, 'GA');
    expect(store.exits.expire({ ledger: 99, closedAtMs: 1, ledgerMs: 0 })).toEqual([]);
    expect(store.exits.expire({ ledger: 100, closedAtMs: 3_000, ledgerMs: 0 })).toEqual([
      { account: 'GA', amount: 5n },
    ]);
    expect(store.exits.list({ limit: 5 })).toMatchObject([{ state: 'expired', endedAtMs: 3_000, txHash: undefined }]);
  });

  it('does not expire before so many ledgers can have closed, whatever number they have', () => {
    const { store, clock } = openTestStore();
    const { createdAtMs, madeLedger, expiresLedger } = open(store, 'GA');
    expect(createdAtMs).toBeLessThanOrEqual(clock.nowMs());
    const endMs = createdAtMs + (expiresLedger - madeLedger) * 6_000;
    const passed = { ledger: 1_000_000, ledgerMs: 6_000 };
    expect(store.exits.expire({ ...passed, closedAtMs: endMs - 1 })).toEqual([]);
    expect(store.exits.expire({ ...passed, closedAtMs: endMs, ledger: expiresLedger - 1 })).toEqual([]);
    expect(store.exits.expire({ ...passed, closedAtMs: endMs })).toMatchObject([{ account: 'GA' }]);
  });

  it.each(['0', '-5', '0.5'])('of %s is refused by the table itself', (amount) => {
    const { store } = openTestStore();
    store.accounts.ensure('GA');
    expect(() =>
      store.db.exec(`INSERT INTO exits VALUES (1, 1, 'GTO', ${amount}, 'AA', 10, 100, 1, 'open', NULL, NULL)`),
    ).toThrow();
  });
});

describe('the list of exits', () => {
  it('comes newest first, in pages, of all or of one account, open ones alone if asked', () => {
    const { store } = openTestStore();
    const first = open(store, 'GA');
    const second = open(store, 'GB');
    store.exits.land({ accountId: first.accountId, ...withdrawal });
    const third = open(store, 'GA', 5, 11);
    const ids = (query: Parameters<typeof store.exits.list>[0]) => store.exits.list(query).map((row) => row.id);
    expect(ids({ limit: 2 })).toEqual([third.id, second.id]);
    expect(ids({ limit: 2, before: second.id })).toEqual([first.id]);
    expect(ids({ limit: 9, accountId: first.accountId })).toEqual([third.id, first.id]);
    expect(ids({ limit: 9, open: true })).toEqual([third.id, second.id]);
    expect(ids({ limit: 9, open: true, accountId: first.accountId })).toEqual([third.id]);
  });
});
