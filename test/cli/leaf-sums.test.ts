import { describe, expect, it } from 'vitest';
import { billedTwice, faultsOfLeaves, type PlacedReceipt, sumLeaves } from '../../src/cli/leaf-sums.ts';

const place = { lane: 0, batch: 2, root: 'r' };
const call = (index: number, price: string, refund = '0', account = 'me'): PlacedReceipt => ({
  ...place,
  index,
  leaf: { kind: 'call', call: String(100 + index), account, payee: 'P', price, refund },
});
const line = { payee: 'P', amount: '0.05', taken: '0.04', payee_listed: true };

describe('the leaves of a batch', () => {
  it('explain what was asked when their net comes to it, debts and refunds included', () => {
    const debt: PlacedReceipt = {
      ...place,
      index: 0,
      leaf: { kind: 'carry', account: 'me', payee: 'P', amount: '0.02', from_lane: 0, from_batch: 1 },
    };
    const receipts = [debt, call(1, '0.03'), call(2, '0.5', '0.5')];
    const sums = sumLeaves(receipts, [line]);
    expect(sums).toEqual([{ payee: 'P', leaves: 3, net: '0.05', asked: '0.05', taken: '0.04' }]);
    expect(faultsOfLeaves('me', receipts, sums)).toEqual([]);
  });

  it('do not when the sum is another, a payee has no line, or a line no leaf', () => {
    const faults = (receipts: PlacedReceipt[], lines = [line]) =>
      faultsOfLeaves('me', receipts, sumLeaves(receipts, lines));
    expect(faults([call(0, '0.0499999')])).toEqual(['0.05 USDC were asked for P, the leaves come to 0.0499999']);
    expect(faults([], [line])).toHaveLength(1);
    expect(faults([call(0, '0.05')], [])).toHaveLength(1);
  });

  it('explain nothing with a leaf of another account, or with one twice', () => {
    for (const receipts of [
      [call(0, '0.02'), call(1, '0.03', '0', 'other')],
      [call(0, '0.025'), { ...call(1, '0.025'), index: 0 }],
      [call(0, '0.025'), { ...call(0, '0.025'), index: 1 }],
    ]) {
      expect(faultsOfLeaves('me', receipts, sumLeaves(receipts, [line]))).toHaveLength(1);
    }
  });

  it('bill no call that another batch has billed, whose leaves were kept', () => {
    const leaves = [call(0, '0.02'), call(1, '0.03')];
    const before = { ...call(1, '0.01'), batch: 1 };
    const inOtherLane = { ...call(0, '0.01'), lane: 1 };
    expect(billedTwice(leaves, new Map([['own.json', leaves]]))).toEqual([]);
    const kept = new Map([
      ['one.json', [before]],
      ['other.json', [inOtherLane, { ...call(7, '1'), batch: 1 }]],
    ]);
    expect(billedTwice(leaves, kept)).toEqual([
      'call 101 is billed in one.json too',
      'call 100 is billed in other.json too',
    ]);
  });
});
