import { mayServe } from '../billing/exposure.ts';
import type { GatewayDeps, SalesStop } from '../gateway/deps.ts';
import { createLoop, type Loop } from '../loop.ts';
import type { Settler } from '../settlement/settler.ts';

import type { Core } from './core.ts';

/** How often the age of the oldest unsettled charge is read for the decision whether to sell. */
const exposureReadMs = 1_000;

/** Whether a paid call may be served on what is known, decided per call from values in memory. */
export function createSalesGate(core: Core): { mayServe: GatewayDeps['mayServe']; loop: Loop } {
  const { clock, log, ledger, watcher, settler, store, facts } = core;
  let state = settler.status();
  const loop = createLoop({
    name: 'exposure',
    intervalMs: exposureReadMs,
    clock,
    log,
    async turn() {
      core.oldestUnsettledAtMs = store.charges.oldestUnsettledAtMs();
      state = settler.status();
      return false;
    },
  });
  return {
    loop,
    mayServe(account, route): SalesStop | undefined {
      const seen = watcher.state();
      const { settlement } = core.config();
      const verdict = mayServe({
        nowMs: clock.nowMs(),
        lastLedgerClosedAtMs: seen.lastClosedAtMs || undefined,
        oldestUnsettledAtMs: core.oldestUnsettledAtMs,
        withdrawDelayS: facts.withdrawDelayS,
        paused: (seen.paused & 2) !== 0,
        stopped: core.broken ?? stopOf(state),
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

function stopOf({ foreign, synced }: ReturnType<Settler['status']>): string | undefined {
  if (foreign) return 'the vault holds a settlement that is not in these books';
  return synced ? undefined : 'the books are being compared with the vault';
}
