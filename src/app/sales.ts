import { mayServe } from '../billing/exposure.ts';
import type { GatewayDeps, SalesStop } from '../gateway/deps.ts';
import { createLoop, type Loop } from '../loop.ts';
import type { Core } from './core.ts';

/** How often the age of the oldest unsettled charge is read for the decision whether to sell. */
const exposureReadMs = 1_000;

/** Whether a call may be served on what is known, decided per call from values in memory. */
export function createSalesGate(core: Core): Pick<GatewayDeps, 'mayServe' | 'isPaused'> & { loop: Loop } {
  const { clock, log, ledger, watcher, store, facts } = core;
  const loop = createLoop({
    name: 'exposure',
    intervalMs: exposureReadMs,
    clock,
    log,
    async turn() {
      core.oldestUnsettledAtMs = store.charges.oldestUnsettledAtMs();
      return false;
    },
  });
  return {
    loop,
    isPaused: (api) => core.pausedApis.has(api),
    mayServe(account, route): SalesStop | undefined {
      const seen = watcher.state();
      const { settlement } = core.config();
      const verdict = mayServe({
        nowMs: clock.nowMs(),
        lastLedgerClosedAtMs: seen.lastClosedAtMs || undefined,
        oldestUnsettledAtMs: core.oldestUnsettledAtMs,
        withdrawDelayS: facts.withdrawDelayS,
        paused: (seen.paused & 2) !== 0,
        stopped: salesStop(core),
        totals: ledger.totals(),
        accountUnsettled: account.unsettled,
        exposureMaxUnits: settlement.exposureMaxUnits,
        exposureAccountMaxUnits: settlement.exposureAccountMaxUnits,
        payeeListed: !seen.removedPayees.has(route.api.payee),
      });
      return verdict.ok ? undefined : verdict;
    },
  };
}

/** Why nothing may be sold whatever the exposure: books that are broken, foreign to the vault or not yet compared with it. */
export function salesStop({ broken, settler }: Pick<Core, 'broken' | 'settler'>): string | undefined {
  if (broken !== undefined) return broken;
  const { foreign, synced } = settler.standing();
  if (foreign) return 'the vault holds a settlement that is not in these books';
  return synced ? undefined : 'the books are being compared with the vault';
}
