import { describe, expect, it } from 'vitest';
import { faultsOfLeaves, type PlacedReceipt, sumLeaves } from '../../src/cli/leaf-sums.ts';

const call = (index: number, price: string, refund = '0', account = 'me'): PlacedReceipt => ({
  root: 'r',
  index,
  leaf: { kind: 'call', account, payee: 'P', price, refund },
});
const line = { payee: 'P', amount: '0.05', taken: '0.04', payee_listed: true };

describe('the leaves of a batch', () => {
  it('explain what was asked when their net comes to it, debts and refunds included', () => {
    const debt: PlacedReceipt = {
      root: 'r',
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
      [call(0, '0.025'), call(0, '0.025')],
    ]) {
      expect(faultsOfLeaves('me', receipts, sumLeaves(receipts, [line]))).toHaveLength(1);
    }
  });
});
