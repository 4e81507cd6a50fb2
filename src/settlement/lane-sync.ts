import { counted } from '../counted.ts';
import type { Log } from '../log.ts';
import { RpcError } from '../stellar/json-rpc.ts';
import { requireNotOlder, type Vault } from '../stellar/vault-client.ts';
import type { Store } from '../store/store.ts';
import { type Adoption, adoptBatch, adoptionOf, endAdoption, signLifeMaxLedgers, signLifeMaxS } from './adoption.ts';

export type LaneSyncDeps = {
  vault: Pick<Vault, 'lastBatch'>;
  batches: Pick<Store['batches'], 'open' | 'lastNumber' | 'raiseNumber'>;
  meta: Pick<Store['meta'], 'get' | 'set'>;
  /** Close time of the newest ledger that was watched, s. */
  chainTimeS: () => number;
  /** Its number. */
  seenLedger: () => number;
  /** Whether the vault was looked at once, by the watcher, since this database began or was restored. */
  begun?: () => boolean;
  /** Lanes of the vault in which this gateway settles nothing. */
  unusedLanes?: () => number[];
  /** Runs when the wait is over, before the lane goes on: a restored database is brought up to the vault. */
  onTakenOver?: (signal?: AbortSignal) => Promise<void>;
  log: Log;
};

export type LaneSync =
  | { next: 'ready' }
  /** Settled before this database began; being taken over. */
  | { next: 'adopting'; waitingFor: string }
  | { next: 'halt'; reason: string; foreign: boolean };

/** Before the first batch of a run: our number of the lane must be the chain's, or one ahead with that batch still open. */
export async function syncLane(deps: LaneSyncDeps, lane: number, signal?: AbortSignal): Promise<LaneSync> {
  const { batches, meta, log } = deps;
  // The watcher is about to note what was there before this database.
  if (deps.begun?.() === false) return { next: 'adopting', waitingFor: firstLook };
  const chain = await deps.vault.lastBatch(lane, signal);
  const { since } = adoptionOf(meta, lane);
  if (since) {
    const left = stillGood(deps, since);
    if (left !== undefined) return { next: 'adopting', waitingFor: `${left}, to take over lane ${lane}` };
    // A server that still shows what was there before our look would have the next batch numbered as one that is settled.
    requireNotOlder(chain.seenLedger, deps.seenLedger());
    await deps.onTakenOver?.(signal);
    adoptBatch(meta, lane, chain.batch, chain.chain);
    batches.raiseNumber(lane, chain.batch);
    // All began to wait together, and what landed meanwhile was noted: nobody else ends it for lanes that are not used.
    for (const over of [lane, ...(deps.unusedLanes?.() ?? [])]) endAdoption(meta, over);
    log.warn({ lane, batch: chain.batch }, 'nothing from before this database can land any more; the lane goes on');
    return { next: 'ready' };
  }
  const ours = batches.lastNumber(lane);
  const open = batches.open().some((batch) => batch.lane === lane);
  if (chain.batch === ours || (open && chain.batch === ours - 1)) return { next: 'ready' };
  if (chain.batch < ours) {
    throw new RpcError('lagging', `the vault shows batch ${chain.batch} of lane ${lane}, but ${ours} is settled`);
  }
  const known = adoptionOf(meta, lane).batch;
  if (chain.batch <= known) {
    // Settled before this database, in a lane that is in use only now.
    batches.raiseNumber(lane, known);
    return { next: 'ready' };
  }
  const reason = `the vault holds batch ${chain.batch} of lane ${lane}, this database knows only ${ours}`;
  return { next: 'halt', reason, foreign: true };
}

/** How long something that was signed until `since` may still land; undefined when nothing can. */
function stillGood(
  { chainTimeS, seenLedger }: Pick<LaneSyncDeps, 'chainTimeS' | 'seenLedger'>,
  since: NonNullable<Adoption['since']>,
): string | undefined {
  const leftS = signLifeMaxS - (chainTimeS() - since.closedAtS);
  if (leftS >= 0) return `${leftS + 1} s of chain time`;
  const left = signLifeMaxLedgers - (seenLedger() - since.ledger);
  return left > 0 ? counted(left, 'ledger') : undefined;
}

const firstLook = 'the first look at the vault';
