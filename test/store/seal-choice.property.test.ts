import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Candidate, type ChoiceBounds, choose } from '../../src/store/seal-choice.ts';

const candidate = fc
  .record({
    accountId: fc.nat({ max: 30 }),
    payee: fc.constantFrom('GX', 'GY', 'GZ'),
    price: fc.nat({ max: 1_000 }),
    refunded: fc.boolean(),
    atMs: fc.nat({ max: 1_000 }),
  })
  .map(
    ({ accountId, payee, price, refunded, atMs }): Omit<Candidate, 'id'> => ({
      atMs,
      accountId,
      account: `G${accountId}`,
      tokenId: null,
      routeId: 1,
      api: 'a',
      payee,
      template: '/a',
      method: 'GET',
      status: 200,
      price,
      refund: refunded ? price : 0,
      finished: 1,
    }),
  );

const bounds = fc.record({
  nowMs: fc.constant(2_000),
  ageMaxMs: fc.constant(1_500),
  entriesMax: fc.integer({ min: 2, max: 40 }),
  linesMax: fc.integer({ min: 1, max: 40 }),
  leavesMax: fc.integer({ min: 1, max: 60 }),
}) satisfies fc.Arbitrary<ChoiceBounds>;

function sum(rows: { price: number; refund: number }[]): bigint {
  return rows.reduce((total, row) => total + BigInt(row.price - row.refund), 0n);
}

describe('cutting charges into batches', () => {
  it('takes each row exactly once, keeps the sum and stays within the bounds', () => {
    fc.assert(
      fc.property(fc.array(candidate, { maxLength: 200, size: 'max' }), bounds, (rows, limits) => {
        const all = rows.map((row, index) => ({ ...row, id: index }));
        let waiting = all;
        const taken: number[] = [];
        let total = 0n;
        while (waiting.length > 0) {
          const choice = choose(limits, [], waiting);
          const accounts = new Set(choice.lines.map((line) => line.account));
          const payees = new Set(choice.lines.map((line) => line.payee));
          expect(choice.charges.length).toBeGreaterThan(0);
          expect(accounts.size + payees.size).toBeLessThanOrEqual(limits.entriesMax);
          expect(choice.lines.length).toBeLessThanOrEqual(limits.linesMax);
          expect(choice.charges.filter((row) => row.price > row.refund).length).toBeLessThanOrEqual(limits.leavesMax);
          expect(choice.lines.reduce((lines, line) => lines + line.fresh, 0n)).toBe(choice.total);
          expect(choice.total).toBe(sum(choice.charges));
          expect(choice.lines.every((line) => line.fresh > 0n)).toBe(true);
          taken.push(...choice.charges.map((row) => row.id));
          total += choice.total;
          const gone = new Set(choice.charges.map((row) => row.id));
          waiting = waiting.filter((row) => !gone.has(row.id));
        }
        expect([...taken].sort((a, b) => a - b)).toEqual(all.map((row) => row.id));
        expect(total).toBe(sum(all));
      }),
      { numRuns: 300 },
    );
  });
});
