import { describe, expect, it } from 'vitest';
import { confirm, openTestStore, seal, writeCharge } from './rig.ts';

const account = 'GA';

describe('the oldest unsettled charges', () => {
  it('are that of the queue and that of each batch under way, free and refunded ones aside', () => {
    const { store } = openTestStore();
    const heads = () => store.charges.unsettledHeads(store.runId);
    writeCharge(store, { account, price: 0, atMs: 1_000 });
    writeCharge(store, { account, price: 5, refund: 5, atMs: 2_000 });
    expect(heads()).toEqual([]);
    const first = writeCharge(store, { account, price: 5, atMs: 3_000 });
    writeCharge(store, { account, price: 5, atMs: 4_000 });
    expect(heads()).toEqual([{ id: first, atMs: 3_000 }]);
    const batch = seal(store);
    const second = writeCharge(store, { account, price: 5, atMs: 5_000 });
    expect(heads()).toEqual([
      { id: second, atMs: 5_000 },
      { id: first, atMs: 3_000 },
    ]);
    if (batch) confirm(store, batch, [10n]);
    expect(heads()).toEqual([{ id: second, atMs: 5_000 }]);
  });

  it('are not dated by a call that broke off with an earlier run, in the queue or in a batch', () => {
    const { store } = openTestStore();
    const broken = writeCharge(store, { account, price: 5, atMs: 1_000, finished: false });
    const next = store.runId + 1;
    expect(store.charges.unsettledHeads(store.runId)).toEqual([{ id: broken, atMs: 1_000 }]);
    expect(store.charges.unsettledHeads(next)).toEqual([{ id: broken, atMs: undefined }]);
    writeCharge(store, { account, price: 5, atMs: 2_000 });
    expect(store.charges.unsettledHeads(next)).toEqual([{ id: broken, atMs: 2_000 }]);
    seal(store, { unfinishedUpTo: broken });
    expect(store.charges.unsettledHeads(next)).toEqual([{ id: broken, atMs: 2_000 }]);
  });

  it('leave a batch undated in which every call broke off', () => {
    const { store } = openTestStore();
    const broken = writeCharge(store, { account, price: 5, atMs: 1_000, finished: false });
    seal(store, { unfinishedUpTo: broken });
    expect(store.charges.unsettledHeads(store.runId + 1)).toEqual([{ id: broken, atMs: undefined }]);
  });
});
