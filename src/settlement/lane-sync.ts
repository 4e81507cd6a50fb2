import type { Log } from '../log.ts';
import { RpcError } from '../stellar/json-rpc.ts';
import type { Vault } from '../stellar/vault-client.ts';
import type { Store } from '../store/store.ts';

export type LaneSyncDeps = {
  vault: Pick<Vault, 'lastBatch'>;
  batches: Pick<Store['batches'], 'open' | 'lastNumber' | 'raiseNumber'>;
  meta: Pick<Store['meta'], 'get' | 'set'>;
  chainTimeS: () => number;
  log: Log;
};

export type LaneSync =
  | { next: 'ready' }
  | { next: 'wait'; waitingFor: string }
  | { next: 'halt'; reason: string; foreign: boolean };

/** The longest life of any envelope or signature the gateway makes, s. */
export const signLifeMaxS = 600;

/**
 * Before the first batch of a run: our number of the lane must be the chain's, or one ahead with that batch still open.
 * A database that has never settled takes over a lane that was settled before, but only when the chain has passed the
 * longest life of anything the process before it may have signed; what that process sent is then on chain or dead.
 */
export async function syncLane(deps: LaneSyncDeps, lane: number, signal?: AbortSignal): Promise<LaneSync> {
  const { batches, meta, log } = deps;
  const chain = await deps.vault.lastBatch(lane, signal);
  const ours = batches.lastNumber(lane);
  const open = batches.open().some((batch) => batch.lane === lane);
  if (chain.batch === ours || (open && chain.batch === ours - 1)) return { next: 'ready' };
  if (chain.batch < ours) {
    throw new RpcError('lagging', `the vault shows batch ${chain.batch} of lane ${lane}, but ${ours} is settled`);
  }
  if (ours > 0 && meta.get(sinceKey(lane)) === undefined) {
    const reason = `the vault holds batch ${chain.batch} of lane ${lane}, this database knows only ${ours}`;
    return { next: 'halt', reason, foreign: true };
  }
  const since = Number(meta.get(sinceKey(lane)) ?? deps.chainTimeS());
  if (meta.get(sinceKey(lane)) === undefined) meta.set(sinceKey(lane), String(since));
  // The lane's last batch is history already when it is old enough: nothing signed before it can still be alive.
  const passedS = deps.chainTimeS() - since;
  if (passedS <= signLifeMaxS) {
    return { next: 'wait', waitingFor: `${signLifeMaxS - passedS} s of chain time before lane ${lane} is taken over` };
  }
  batches.raiseNumber(lane, chain.batch);
  meta.set(`adopted_batch_${lane}`, String(chain.batch));
  log.warn({ lane, batch: chain.batch }, 'the lane was settled before this database began; it goes on from there');
  return { next: 'ready' };
}

function sinceKey(lane: number): string {
  return `adopting_since_${lane}`;
}
