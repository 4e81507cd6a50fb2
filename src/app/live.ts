import type { LiveDeskDeps } from '../admin/live-desk.ts';
import { createLoop, type Loop } from '../loop.ts';
import { formatUsdc } from '../money.ts';
import { readSolvency } from '../settlement/solvency.ts';
import type { Core } from './core.ts';
import { gaugesOf } from './gauges.ts';

/** How often the chain is asked whether the vault covers what it owes: two views of one RPC, a minute apart. */
const solvencyMs = 60_000;

/** The vault's own code lets no shortfall happen; one that shows stops sales, like any broken identity. */
export function solvencyLoop(core: Core): Loop {
  const { witness, facts, clock, log, metrics } = core;
  return createLoop({
    name: 'solvency',
    intervalMs: solvencyMs,
    clock,
    log,
    async turn(signal) {
      await witness.verifyNetwork(signal);
      const seen = await readSolvency({ vault: witness, token: facts.token, clock }, signal);
      core.solvency = seen;
      const { tokens, liabilities } = seen;
      if (tokens >= liabilities) return false;
      log.error(
        { tokens: formatUsdc(tokens), liabilities: formatUsdc(liabilities) },
        'the vault holds less than it owes',
      );
      metrics.violated('vault covers liabilities');
      core.broken = 'the vault holds less than it owes';
      return false;
    },
  });
}

/** What the live desk asks of the running program. */
export function liveParts(
  core: Core,
  version: string,
): Omit<LiveDeskDeps, 'config' | 'ledger' | 'batches' | 'charges'> {
  return {
    recorder: core.recorder,
    gauges: () => gaugesOf(core),
    solvency: () => core.solvency,
    booksCheck: () => core.booksCheck,
    health: () => core.health(),
    version,
    clock: core.clock,
  };
}
