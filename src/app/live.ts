import type { LiveDeskDeps } from '../admin/live-desk.ts';
import { createLoop, type Loop } from '../loop.ts';
import type { Core } from './core.ts';
import { gaugesOf } from './observe.ts';

/** How often the chain is asked whether the vault covers what it owes: two views of one RPC, a minute apart. */
const solvencyMs = 60_000;

/** Whether the vault's USDC covers its liabilities. A deposit or an exit between the two views is no shortfall. */
export function solvencyLoop(core: Core): Loop {
  const { vault, facts, clock, log, metrics } = core;
  return createLoop({
    name: 'solvency',
    intervalMs: solvencyMs,
    clock,
    log,
    async turn(signal) {
      for (let look = 0; look < 3; look++) {
        const liabilities = await vault.liabilities(signal);
        const tokens = await vault.tokenBalance(facts.token, signal);
        core.solvency = { atMs: clock.nowMs(), liabilities, tokens };
        if (tokens >= liabilities) return false;
      }
      metrics.violated('vault covers liabilities');
      log.error({ solvency: core.solvency }, 'the vault holds less USDC than it owes');
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
