import { describe, expect, it } from 'vitest';
import { confirm, openTestStore, seal, writeCharge } from './rig.ts';

describe('usage of an account', () => {
  it('is one list over sealed and unsealed calls, newest first, page by page', () => {
    const { store } = openTestStore();
    const ids: number[] = [];
    for (let index = 0; index < 6; index++) {
      ids.push(writeCharge(store, { account: 'GA', price: index + 1 }));
      writeCharge(store, { account: 'GB', price: 9 });
      if (index === 3) {
        const batch = seal(store);
        if (batch) confirm(store, batch, [10n, 36n]);
      }
    }
    const accountId = store.accounts.ensure('GA');
    const first = store.charges.byAccount(accountId, { limit: 4 });
    const rest = store.charges.byAccount(accountId, { before: first.at(-1)?.id ?? 0, limit: 4 });
    expect([...first, ...rest].map((row) => row.id)).toEqual([...ids].reverse());
    expect(rest.map((row) => row.batch?.state)).toEqual(['confirmed', 'confirmed']);
    expect(first[0]?.batch).toBeUndefined();
  });

  it('says how each call ended and what it cost', () => {
    const { store } = openTestStore();
    const id = writeCharge(store, { account: 'GA', price: 5, refund: 5, atMs: 77 });
    expect(store.charges.byId(id)).toEqual({
      id,
      atMs: 77,
      accountId: 1,
      account: 'GA',
      tokenJti: undefined,
      api: 'weather',
      payee: 'GPAYEE',
      template: '/weather/*',
      method: 'GET',
      status: 200,
      price: 5n,
      refund: 5n,
      refundReason: 'upstream_broke',
      outcome: 'completed',
      bytesIn: 1,
      bytesOut: 2,
      durationMs: 3,
      batch: undefined,
    });
    expect(store.charges.byId(id + 1)).toBeUndefined();
  });
});

describe('doubtful calls', () => {
  it('are those of earlier runs that have no finish row', () => {
    const { store } = openTestStore();
    const running = writeCharge(store, { account: 'GA', price: 5, finished: false });
    writeCharge(store, { account: 'GA', price: 6 });
    expect(store.charges.doubtful(store.runId, 10)).toEqual([]);
    expect(store.charges.doubtful(store.runId + 1, 10).map((row) => row.id)).toEqual([running]);
  });
});

describe('the age of the oldest unsettled charge', () => {
  it('does not count free and refunded calls, and ends with the confirmation', () => {
    const { store } = openTestStore();
    writeCharge(store, { account: 'GA', price: 0, atMs: 1_000 });
    writeCharge(store, { account: 'GA', price: 5, refund: 5, atMs: 2_000 });
    expect(store.charges.oldestUnsettledAtMs()).toBeUndefined();
    writeCharge(store, { account: 'GA', price: 5, atMs: 3_000 });
    writeCharge(store, { account: 'GA', price: 5, atMs: 4_000 });
    expect(store.charges.oldestUnsettledAtMs()).toBe(3_000);
    const batch = seal(store);
    writeCharge(store, { account: 'GA', price: 5, atMs: 5_000 });
    expect(store.charges.oldestUnsettledAtMs()).toBe(3_000);
    if (batch) confirm(store, batch, [4n]);
    expect(store.charges.oldestUnsettledAtMs()).toBe(5_000);
  });
});
