import { expect, it, onTestFinished } from 'vitest';
import type { Core } from '../../src/app/core.ts';
import { solvencyLoop } from '../../src/app/live.ts';
import { fakeClock } from '../../src/clock.ts';
import { silentLog } from '../../src/log.ts';
import { units } from '../../src/money.ts';

/** The loop over a vault whose figures a test says, until it has looked once. */
async function lookOnce(tokens: bigint, liabilities: bigint) {
  const violated: string[] = [];
  const core = {
    witness: {
      verifyNetwork: async () => undefined,
      coverage: async () => ({
        ...{ liabilities: units(liabilities), liabilitiesLedger: 7 },
        ...{ tokens: units(tokens), tokensLedger: 7 },
      }),
    },
    facts: { token: 'CTOKEN' },
    clock: fakeClock(),
    log: silentLog(),
    metrics: { violated: (identity: string) => void violated.push(identity) },
    broken: undefined,
    solvency: undefined,
  } as unknown as Core;
  const loop = solvencyLoop(core);
  onTestFinished(() => loop.stop());
  loop.start();
  while (loop.health().turns === 0) await new Promise((resolve) => setImmediate(resolve));
  return { core, violated };
}

it('a vault that holds what it owes is shown with its figures, and sales go on', async () => {
  const { core, violated } = await lookOnce(10n, 10n);
  expect(core.solvency).toMatchObject({ tokens: 10n, liabilities: 10n });
  expect([core.broken, violated]).toEqual([undefined, []]);
});

it('a vault that holds less than it owes is a broken identity: it is counted, and sales stop', async () => {
  const { core, violated } = await lookOnce(9n, 10n);
  expect(core.broken).toContain('less than it owes');
  expect(violated).toEqual(['vault covers liabilities']);
});
