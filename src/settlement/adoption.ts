import type { Vault } from '../stellar/vault-client.ts';
import type { Store } from '../store/store.ts';

/**
 * A database that begins on a vault with history (its own was lost, or another gateway settled before) takes its lanes over:
 * what was settled until then is never billed again, and the numbers go on from there. What the process before it signed may
 * still land for `signLifeMaxS`; until the chain has passed that, nothing is sealed and nothing may be sold.
 */
export type AdoptionMeta = Pick<Store['meta'], 'get' | 'set'>;

/** The longest life of any envelope or signature the gateway makes, s. */
export const signLifeMaxS = 600;

/**
 * Notes which lanes were settled before this database; once, before anything else is read from the chain. A database that
 * was restored from a copy notes it anew, also for a lane without batches: the first may be on its way.
 */
export async function beginAdoption(
  deps: {
    vault: Pick<Vault, 'lastBatch'>;
    meta: AdoptionMeta;
    chainTimeS: (signal?: AbortSignal) => Promise<number>;
    restored?: boolean;
  },
  lanes: number,
  signal?: AbortSignal,
): Promise<void> {
  for (let lane = 0; lane < lanes; lane++) {
    const { batch, chain } = await deps.vault.lastBatch(lane, signal);
    if (!deps.restored && (batch === 0 || deps.meta.get(sinceKey(lane)) !== undefined)) continue;
    adoptBatch(deps.meta, lane, batch, chain);
    deps.meta.set(sinceKey(lane), String(await deps.chainTimeS(signal)));
    deps.meta.set(doneKey(lane), '0');
  }
}

export type Adoption = {
  /** Last batch that was settled before this database; 0 when it began with the lane. */
  batch: number;
  /** The vault's chain value after that batch, hex; undefined when only its number is known. */
  chain: string | undefined;
  /** Chain time at which the lane was first seen, s, while it is still being taken over. */
  sinceS: number | undefined;
};

export function adoptionOf(meta: Pick<AdoptionMeta, 'get'>, lane: number): Adoption {
  const since = meta.get(sinceKey(lane));
  const done = meta.get(doneKey(lane)) === '1';
  const batch = Number(meta.get(batchKey(lane)) ?? '0');
  const [of, chain] = (meta.get(chainKey(lane)) ?? '').split(' ');
  return {
    batch,
    chain: of === String(batch) ? chain : undefined,
    sinceS: since === undefined || done ? undefined : Number(since),
  };
}

/**
 * A batch that landed before the lane was taken over: signed by the process before this one. The chain value is kept with
 * the number it belongs to, so that it is never taken for that of a later batch.
 */
export function adoptBatch(meta: AdoptionMeta, lane: number, batch: number, chain?: string): void {
  const { batch: known } = adoptionOf(meta, lane);
  if (batch < known) return;
  if (batch > known) meta.set(batchKey(lane), String(batch));
  if (chain !== undefined) meta.set(chainKey(lane), `${batch} ${chain}`);
}

export function endAdoption(meta: AdoptionMeta, lane: number): void {
  meta.set(doneKey(lane), '1');
}

const batchKey = (lane: number) => `adopted_batch_${lane}`;
const chainKey = (lane: number) => `adopted_chain_${lane}`;
const sinceKey = (lane: number) => `adopted_since_s_${lane}`;
const doneKey = (lane: number) => `adopted_done_${lane}`;
