import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { takenFromCounters } from '../../src/settlement/taken-from-counters.ts';

const payees = ['PA', 'PB', 'PC'];
const accounts = ['A', 'B', 'C', 'D'];

/** A batch with at most one line for each payee and account, and the vault it meets. */
const batch = fc.record({
  amounts: fc.array(fc.option(fc.bigInt({ min: 1n, max: 50n }), { freq: 2 }), { minLength: 12, maxLength: 12 }),
  left: fc.array(fc.bigInt({ min: 0n, max: 60n }), { minLength: 4, maxLength: 4 }),
  listedThen: fc.array(fc.boolean(), { minLength: 3, maxLength: 3 }),
  listedNow: fc.array(fc.boolean(), { minLength: 3, maxLength: 3 }),
});

type Batch = typeof batch extends fc.Arbitrary<infer T> ? T : never;

function play({ amounts, left, listedThen, listedNow }: Batch) {
  const lines = payees.flatMap((payee, p) =>
    accounts.flatMap((account, a) => {
      const amount = amounts[p * accounts.length + a];
      return amount ? [{ payee, account, amount }] : [];
    }),
  );
  const rest = new Map(accounts.map((account, index) => [account, left[index] ?? 0n]));
  const settled = new Map(accounts.map((account) => [account, 0n]));
  const earned = new Map(payees.map((payee) => [payee, 0n]));
  const taken = lines.map(({ payee, account, amount }) => {
    if (!listedThen[payees.indexOf(payee)]) return -1n;
    const available = rest.get(account) ?? 0n;
    const took = amount < available ? amount : available;
    rest.set(account, available - took);
    settled.set(account, (settled.get(account) ?? 0n) + took);
    earned.set(payee, (earned.get(payee) ?? 0n) + took);
    return took;
  });
  const listed = new Map(payees.map((payee, index) => [payee, listedNow[index] ?? false]));
  return { lines, taken, settled, earned, listed };
}

const gave = (taken: readonly bigint[] | undefined) => taken?.map((took) => (took < 0n ? 0n : took));

describe('what a batch took, read from counters alone', () => {
  it('is what each line gave, whichever payees were listed then and are now', () => {
    fc.assert(
      fc.property(batch, (it) => {
        const { lines, taken, ...moves } = play(it);
        expect(gave(takenFromCounters(lines, moves))).toEqual(gave(taken));
      }),
      { numRuns: 2_000 },
    );
  });

  it('also says who was passed over, while the list of payees stands', () => {
    fc.assert(
      fc.property(batch, (it) => {
        const { lines, taken, ...moves } = play({ ...it, listedNow: it.listedThen });
        expect(takenFromCounters(lines, moves)).toEqual(taken);
      }),
      { numRuns: 2_000 },
    );
  });

  it('is known only when all was taken in full, where earnings of before are not', () => {
    let known = 0;
    fc.assert(
      fc.property(batch, (it) => {
        const { lines, taken, settled, listed } = play({ ...it, left: it.left.map((left) => left + 60n) });
        const whole = lines.every((line, index) => line.amount === taken[index]);
        if (whole) known++;
        const found = takenFromCounters(lines, { settled, listed, earned: undefined });
        expect(found).toEqual(whole ? taken : undefined);
      }),
      { numRuns: 2_000 },
    );
    expect(known).toBeGreaterThan(100);
  });

  it('is not guessed when the counters say something no batch of ours can have done', () => {
    const lines = [
      { payee: 'PA', account: 'A', amount: 10n },
      { payee: 'PB', account: 'A', amount: 10n },
    ];
    const listed = new Map([
      ['PA', true],
      ['PB', true],
    ]);
    const earned = new Map([
      ['PA', 10n],
      ['PB', 5n],
    ]);
    expect(takenFromCounters(lines, { settled: new Map([['A', 15n]]), earned, listed })).toEqual([10n, 5n]);
    expect(takenFromCounters(lines, { settled: new Map([['A', 21n]]), earned, listed })).toBeUndefined();
    expect(takenFromCounters(lines, { settled: new Map([['A', -1n]]), earned, listed })).toBeUndefined();
    earned.set('PA', 5n).set('PB', 10n);
    expect(takenFromCounters(lines, { settled: new Map([['A', 15n]]), earned, listed })).toBeUndefined();
  });
});
