import { lastSeenMs } from '../deposits/vault-state.ts';
import { createExitDesk, type ExitDesk, type ExitStop } from '../settlement/exits.ts';
import { createExitSigner } from '../stellar/exit-signer.ts';
import type { Core } from './core.ts';
import { salesStop } from './sales.ts';

/** Co-signed exits. */
export function createExits(core: Core): ExitDesk {
  const { config, rpc, facts, store, ledger, clock, log } = core;
  const { vault, operatorSecret, feeMaxStroops } = config().stellar;
  const signer = createExitSigner({ rpc, operatorSecret, feeMaxStroops, token: facts.token });
  return createExitDesk({
    stop: () => exitStop(core),
    vault,
    signer,
    exits: store.exits,
    ledger,
    seenLedger: () => core.watcher.state().lastLedger,
    sync: store.sync,
    clock,
    log,
  });
}

/**
 * A signature over money takes books that agree with the chain and a watcher that sees it. Nothing else stops an exit:
 * neither a pause of the vault nor what is late in settlement, since what is owed does not leave anyway.
 */
function exitStop(core: Core): ExitStop | undefined {
  const { clock, facts, watcher } = core;
  if (core.stopping) return { code: 'shutting_down', detail: 'the gateway is stopping' };
  const stopped = salesStop(core);
  if (stopped !== undefined) return { code: 'sales_stopped', detail: stopped };
  const seenMs = lastSeenMs(watcher.state(), clock) ?? 0;
  const blindMaxMs = (facts.withdrawDelayS * 1000) / 4;
  if (watcher.health().caughtUp && clock.nowMs() - seenMs <= blindMaxMs) return undefined;
  return { code: 'watcher_stale', detail: 'the newest ledger seen is too old' };
}
