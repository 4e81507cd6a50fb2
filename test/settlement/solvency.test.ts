import { expect, it } from 'vitest';
import { fakeClock } from '../../src/clock.ts';
import { units } from '../../src/money.ts';
import { readSolvency } from '../../src/settlement/solvency.ts';

type Look = [tokens: bigint, tokensLedger: number, liabilities: bigint, liabilitiesLedger: number];

/** A vault whose figures change from one look to the next; the last stays. */
async function read(...looks: Look[]) {
  const clock = fakeClock();
  let asked = 0;
  const vault = {
    async coverage() {
      const [tokens = 0n, tokensLedger = 0, liabilities = 0n, liabilitiesLedger = 0] =
        looks[asked] ?? looks.at(-1) ?? [];
      asked++;
      return { tokens: units(tokens), tokensLedger, liabilities: units(liabilities), liabilitiesLedger };
    },
  };
  const result = readSolvency({ vault, token: 'C', clock: { ...clock, sleep: async () => undefined } });
  return { asked: () => asked, result };
}

it('a vault that holds at least what it owes is asked once', async () => {
  const { asked, result } = await read([10n, 7, 10n, 6]);
  expect(await result).toMatchObject({ tokens: 10n, liabilities: 10n });
  expect(asked()).toBe(1);
});

it('a withdrawal between the two questions raises no alarm', async () => {
  const { result } = await read([7n, 8, 10n, 7], [7n, 8, 7n, 8]);
  expect(await result).toMatchObject({ tokens: 7n, liabilities: 7n });
});

it('a vault that owes more than it holds in one ledger is not solvent', async () => {
  const { result } = await read([9n, 7, 10n, 7]);
  expect(await result).toMatchObject({ tokens: 9n, liabilities: 10n });
});

it('two servers a ledger apart, look after look, prove nothing', async () => {
  const { asked, result } = await read([100n, 100, 105n, 101]);
  await expect(result).rejects.toMatchObject({ failure: 'lagging' });
  expect(asked()).toBe(5);
});
