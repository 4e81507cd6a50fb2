import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Candidate,
  type Carry,
  type Choice,
  type ChoiceBounds,
  choose,
  type Waiting,
} from '../../src/store/seal-choice.ts';

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
  leavesMax: fc.integer({ min: 2, max: 60 }),
  carriesMax: fc.integer({ min: 1, max: 10 }),
}) satisfies fc.Arbitrary<ChoiceBounds>;

function sum(rows: { price: number; refund: number }[]): bigint {
  return rows.reduce((total, row) => total + BigInt(row.price - row.refund), 0n);
}

/** What waits, as the database hands it out. */
function queueOf(rows: Candidate[], onRead: () => void = () => undefined): Waiting {
  return function* (afterId, accountIds) {
    for (const row of rows) {
      if (row.id <= afterId || (accountIds && !accountIds.includes(row.accountId))) continue;
      onRead();
      yield row;
    }
  };
}

const carry = fc
  .record({
    accountId: fc.nat({ max: 30 }),
    payee: fc.constantFrom('GX', 'GY', 'GZ'),
    amount: fc.integer({ min: 1, max: 1_000 }),
    kind: fc.constantFrom('account' as const, 'payee' as const),
    balance: fc.integer({ min: 1, max: 1_500 }),
    limitLeft: fc.integer({ min: 1, max: 1_500 }),
  })
  .map((row): Omit<Carry, 'id'> => ({ ...row, account: `G${row.accountId}`, fromLane: 0, fromBatch: 1 }));

/**
 * The rule in words, row by row over all that waits: debts first, then charges, oldest first. A row is in when its line is
 * there or fits, a free one when its account is in or could be. Half of the leaves at the most are free ones.
 */
function ruleOf(limits: ChoiceBounds, carries: Carry[], rows: Candidate[]): Pick<Choice, 'carries' | 'charges'> {
  const taken: Pick<Choice, 'carries' | 'charges'> = { carries: [], charges: [] };
  const lines = new Set<string>();
  const leaves = () => taken.carries.length + taken.charges.length;
  const distinct = (part: 0 | 1, ...more: string[]) =>
    new Set([...lines, ...more].map((line) => line.split(' ')[part])).size;
  const fits = (line: string) =>
    lines.has(line) || (lines.size < limits.linesMax && distinct(0, line) + distinct(1, line) <= limits.entriesMax);
  for (const row of carries) {
    const line = `${row.account} ${row.payee}`;
    if (leaves() >= Math.min(limits.leavesMax, limits.carriesMax) || !fits(line)) continue;
    lines.add(line);
    taken.carries.push(row);
  }
  for (const row of rows) {
    if (leaves() >= limits.leavesMax) break;
    const isIn = [...lines].some((line) => line.startsWith(`${row.account} `));
    const closed = lines.size >= limits.linesMax || distinct(0) + distinct(1) >= limits.entriesMax;
    if (row.price === row.refund) {
      const free = taken.charges.filter((other) => other.price === other.refund).length;
      if ((isIn || !closed) && free < Math.floor(limits.leavesMax / 2)) taken.charges.push(row);
      continue;
    }
    const line = `${row.account} ${row.payee}`;
    if (!fits(line)) continue;
    lines.add(line);
    taken.charges.push(row);
  }
  return taken;
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
          const choice = choose(limits, [], queueOf(waiting));
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

  it('takes what the rule says, though it reads only charges that may fit', () => {
    fc.assert(
      fc.property(
        fc.array(candidate, { maxLength: 200, size: 'max' }),
        fc.array(carry, { maxLength: 8 }),
        bounds,
        (rows, debts, limits) => {
          const all = rows.map((row, index) => ({ ...row, id: index }));
          const carries = debts.map((row, index) => ({ ...row, id: index }));
          const choice = choose(limits, carries, queueOf(all));
          const { charges, carries: carried } = ruleOf(limits, carries, all);
          expect(choice.charges.map((row) => row.id)).toEqual(charges.map((row) => row.id));
          expect(choice.carries).toEqual(carried);
          expect(choice.total).toBe(sum(charges) + carried.reduce((total, row) => total + BigInt(row.amount), 0n));
          expect(choice.due).toBe(charges.some((row) => row.price > row.refund && row.atMs <= 500));
          const left = all.filter((row) => row.price > row.refund && !charges.includes(row));
          if (left.length > 0) expect(choice.full).toBe(true);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('reads nothing of accounts that have no place, however much they have waiting', () => {
    const row = (id: number, accountId: number): Candidate => ({
      ...{ id, atMs: 0, accountId, account: `G${accountId}`, tokenId: null, routeId: 1, api: 'a', payee: 'GX' },
      ...{ template: '/a', method: 'GET', status: 200, price: 5, refund: 0, finished: 1 },
    });
    const limits = { nowMs: 0, ageMaxMs: 1, entriesMax: 11, linesMax: 400, leavesMax: 5_000, carriesMax: 10 };
    const reads = [1, 100].map((rounds) => {
      let read = 0;
      // Ten accounts come in with the first ten rows; after that two of them and thousands of others go on.
      const first = Array.from({ length: 10 }, (_, id) => row(id, id));
      const later = Array.from({ length: 1_000 * rounds }, (_, at) => row(10 + at, at < 20 ? at % 2 : 10 + at));
      const choice = choose(
        limits,
        [],
        queueOf([...first, ...later], () => read++),
      );
      expect(choice.charges).toHaveLength(30);
      return read;
    });
    expect(reads).toEqual([30, 30]);
  });
});
