import { mayServe, type Owed, type ServeVerdict } from '../billing/exposure.ts';
import { lastSeenMs } from '../deposits/vault-state.ts';
import type { ErrorCode } from '../errors.ts';
import type { GatewayDeps, SalesStop } from '../gateway/deps.ts';
import { createLoop, type Loop } from '../loop.ts';
import { type Units, units, zero } from '../money.ts';
import type { Core } from './core.ts';

/** How often the age of the oldest unsettled charge is read for the decision whether to sell. */
const exposureReadMs = 1_000;

/** Whether a call may be served on what is known, decided per call from values in memory. */
export function createSalesGate(core: Core): Pick<GatewayDeps, 'mayServe' | 'isPaused'> & { loop: Loop } {
  const { clock, log, watcher } = core;
  const loop = createLoop({
    name: 'exposure',
    intervalMs: exposureReadMs,
    clock,
    log,
    async turn() {
      core.unsettledAge.look();
      return false;
    },
  });
  return {
    loop,
    isPaused: (api) => core.pausedApis.has(api),
    mayServe(account, route): SalesStop | undefined {
      const payeeListed = !watcher.state().removedPayees.has(route.api.payee);
      const verdict = judge(core, account, route.priceUnits, payeeListed);
      return verdict.ok ? undefined : verdict;
    },
  };
}

function judge(core: Core, account: Owed, price: Units, payeeListed: boolean): ServeVerdict {
  const { clock, ledger, watcher, facts } = core;
  const seen = watcher.state();
  const { settlement } = core.config();
  return mayServe({
    nowMs: clock.nowMs(),
    lastLedgerClosedAtMs: lastSeenMs(seen, clock),
    oldestUnsettledAtMs: core.unsettledAge.oldestAtMs(),
    withdrawDelayS: facts.withdrawDelayS,
    paused: (seen.paused & 2) !== 0,
    stopped: salesStop(core),
    totals: ledger.totals(),
    account,
    price,
    exposureMaxUnits: settlement.exposureMaxUnits,
    exposureAccountMaxUnits: settlement.exposureAccountMaxUnits,
    payeeListed,
  });
}

/** Calls that cost nothing are asked for nothing. */
const leastPrice = units(1n);

/** The codes that every paid call is refused with now; none while calls are sold. */
export function openStops(core: Core): ErrorCode[] {
  const verdict = judge(core, { unsettled: zero, held: zero }, leastPrice, true);
  return [...(verdict.ok ? [] : [verdict.code]), ...(core.journal.health().ok ? [] : ['journal_unavailable' as const])];
}

/** Why nothing may be sold whatever the exposure: books that are broken, foreign to the vault or not yet compared with it. */
export function salesStop({
  broken,
  restoring,
  settler,
  watcher,
}: Pick<Core, 'broken' | 'restoring' | 'settler' | 'watcher'>): string | undefined {
  if (broken !== undefined) return broken;
  const { strange } = watcher.state();
  if (strange !== undefined) return strange;
  const { foreign, synced } = settler.standing();
  if (foreign) return 'the vault holds a settlement that is not in these books';
  if (restoring) return 'the database was restored from a copy, and what was signed after it may still land';
  return synced ? undefined : 'the books are being compared with the vault';
}
