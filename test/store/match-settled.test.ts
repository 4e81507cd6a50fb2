import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Units, units } from '../../src/money.ts';
import { type Explained, matchSettled, type Unexplained } from '../../src/store/match-settled.ts';

/** Charges as [payee, price], numbered from `firstId`. */
function account(found: number, charges: [string, number][], firstId: number): Unexplained {
  return {
    found: units(found),
    debts: [],
    charges: charges.map(([payee, net], at) => ({ id: firstId + at, payee, net: units(net), refunded: false })),
  };
}

const sumOf = (amounts: Iterable<Units>) => [...amounts].reduce((sum, amount) => sum + amount, 0n);

/** What of an account's charges is explained, by payee. */
function explainedOf({ charges }: Unexplained, match: Explained) {
  const byPayee = new Map<string, bigint>();
  for (const { id, payee, net } of charges) {
    const amount = match.filed.has(id) ? net : (match.parts.get(id) ?? 0n);
    byPayee.set(payee, (byPayee.get(payee) ?? 0n) + amount);
  }
  return byPayee;
}

describe('what the vault settled beyond a restored copy', () => {
  it('goes to the payee who earned it, although another’s call is older', () => {
    const accounts = new Map([
      [
        1,
        account(
          200,
          [
            ['A', 30],
            ['B', 200],
          ],
          1,
        ),
      ],
    ]);
    const earned = new Map([
      ['A', units(0)],
      ['B', units(200)],
    ]);
    expect(matchSettled(accounts, earned).get(1)?.filed).toEqual(new Set([2]));
    // Without a word about payees the older one comes first, and the other is given back what is left.
    const blind = matchSettled(accounts).get(1);
    expect([blind?.filed, blind?.parts]).toEqual([new Set([1]), new Map([[2, 170n]])]);
  });

  it('is taken off an account whatever the payee when the sums do not fit: nobody pays twice', () => {
    const accounts = new Map([
      [
        1,
        account(
          50,
          [
            ['A', 30],
            ['B', 40],
          ],
          1,
        ),
      ],
    ]);
    const match = matchSettled(accounts, new Map([['A', units(50)]])).get(1);
    expect(match).toMatchObject({ filed: new Set([1]), parts: new Map([[2, 20n]]) });
  });

  it('gives back one part of a charge at the most, also when two sums make it up', () => {
    const accounts = new Map([[1, account(90, [['A', 100]], 1)]]);
    expect(matchSettled(accounts, new Map([['A', units(60)]])).get(1)?.parts).toEqual(new Map([[1, 90n]]));
    const whole = new Map([[1, account(100, [['A', 100]], 1)]]);
    expect(matchSettled(whole, new Map([['A', units(60)]])).get(1)?.filed).toEqual(new Set([1]));
  });

  it('explains of each account exactly what there is to explain', () => {
    const charges = fc.array(fc.tuple(fc.constantFrom('A', 'B'), fc.integer({ min: 1, max: 50 })), { maxLength: 6 });
    const anAccount = fc.record({ charges, found: fc.integer({ min: 0, max: 200 }) });
    fc.assert(
      fc.property(fc.array(anAccount, { maxLength: 4 }), fc.nat(200), fc.nat(200), (list, a, b) => {
        const accounts = new Map(list.map(({ charges, found }, at) => [at, account(found, charges, at * 100)]));
        const earned = new Map([
          ['A', units(a)],
          ['B', units(b)],
        ]);
        const matches = matchSettled(accounts, earned);
        for (const [id, each] of accounts) {
          const match = matches.get(id);
          const waiting = sumOf(each.charges.map(({ net }) => net));
          const explained = match ? [...explainedOf(each, match).values()].reduce((sum, part) => sum + part, 0n) : 0n;
          expect(explained).toBe(waiting < each.found ? waiting : each.found);
        }
      }),
      { numRuns: 200 },
    );
  });
});
