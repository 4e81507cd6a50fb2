import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { units } from '../../src/money.ts';
import { type BareMove, spreadSweeps } from '../../src/store/bare-transfers.ts';

const sent = (id: string, amount: bigint, party = 'anyone'): BareMove => ({
  id,
  kind: 'transfer',
  amount: units(amount),
  party,
  txHash: `in ${id}`,
});
const swept = (txHash: string, amount: bigint, party = 'treasury'): BareMove => ({
  id: txHash,
  kind: 'swept',
  amount: units(amount),
  party,
  txHash,
});
const told = (moves: BareMove[]) =>
  spreadSweeps(moves).transfers.map(({ id, left, sweptBy }) => [id, left, sweptBy.join(' ')]);

describe('a sweep of tokens that nobody owns', () => {
  it('took the transfer that it gives back to its sender to the unit, wherever that stands', () => {
    const moves = [sent('a', 30n), sent('b', 20n, 'bob'), sent('c', 20n), swept('x', 20n, 'bob')];
    expect(told(moves)).toEqual([
      ['c', 20n, ''],
      ['a', 30n, ''],
      ['b', 0n, 'x'],
    ]);
  });

  it('took the oldest otherwise, the last of them in part', () => {
    expect(told([sent('a', 30n), sent('b', 20n), swept('x', 10n), swept('y', 25n)])).toEqual([
      ['b', 15n, 'y'],
      ['a', 0n, 'x y'],
    ]);
  });

  it('took nothing of what came in after it', () => {
    expect(told([sent('a', 5n), swept('x', 9n), sent('b', 7n)])).toEqual([
      ['b', 7n, ''],
      ['a', 0n, 'x'],
    ]);
  });

  it('takes from the sum what it took from the transfers, and never more than was there', () => {
    const move = fc.record({ sweep: fc.boolean(), amount: fc.bigInt(1n, 9n), party: fc.constantFrom('a', 'b') });
    fc.assert(
      fc.property(fc.array(move, { maxLength: 30 }), (list) => {
        const moves = list.map(({ sweep, amount, party }, index) =>
          sweep ? swept(`s${index}`, amount, party) : sent(`t${index}`, amount, party),
        );
        let left = 0n;
        for (const { kind, amount } of moves) {
          left = kind === 'transfer' ? left + amount : left > amount ? left - amount : 0n;
        }
        const spread = spreadSweeps(moves);
        expect(spread.left).toBe(left);
        expect(spread.leftCount).toBe(spread.transfers.filter((each) => each.left > 0n).length);
        expect(spread.transfers.every((each) => each.left >= 0n)).toBe(true);
      }),
    );
  });
});
