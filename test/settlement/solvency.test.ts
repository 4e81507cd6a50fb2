import { expect, it } from 'vitest';
import { fakeClock } from '../../src/clock.ts';
import { units } from '../../src/money.ts';
import { readSolvency } from '../../src/settlement/solvency.ts';

/** A vault whose figures change from one look to the next; the last stays. */
function vault(looks: [tokens: bigint, liabilities: bigint][]) {
  let look = -1;
  return {
    async liabilities() {
      look = Math.min(look + 1, looks.length - 1);
      return units(looks[look]?.[1] ?? 0n);
    },
    tokenBalance: async () => units(looks[look]?.[0] ?? 0n),
  };
}

const read = (looks: [bigint, bigint][]) => readSolvency({ vault: vault(looks), token: 'C', clock: fakeClock() });

it('a vault that holds at least what it owes is asked once', async () => {
  expect(await read([[10n, 10n]])).toMatchObject({ tokens: 10n, liabilities: 10n });
});

it('a withdrawal between the two questions raises no alarm', async () => {
  expect(
    await read([
      [7n, 10n],
      [7n, 7n],
    ]),
  ).toMatchObject({ tokens: 7n, liabilities: 7n });
});

it('a vault that owes more than it holds, look after look, is not solvent', async () => {
  expect(await read([[9n, 10n]])).toMatchObject({ tokens: 9n, liabilities: 10n });
});
