import { requireNotOlder, type Vault } from '../stellar/vault-client.ts';
import type { Store } from '../store/store.ts';

/**
 * A database that begins on a vault with history (its own was lost, or another gateway served before) takes its lanes over:
 * what was settled until then is never billed again, and the numbers go on from there. What the process before it signed may
 * still land for `signLifeMaxS` and `signLifeMaxLedgers`; until the chain has passed both, nothing is sealed and nothing may
 * be sold. Deposits are history enough: before its first batch lands, a process may have signed that batch, and exits.
 */
export type AdoptionMeta = Pick<Store['meta'], 'get' | 'set'>;

/** The longest life of any envelope or signature the gateway makes, s. */
export const signLifeMaxS = 600;

/**
 * A co-signature ends by its ledger, 90 after the newest its signer saw, however slowly they close. The rest is room for a
 * source that was behind when the wait began.
 */
export const signLifeMaxLedgers = 120;

/**
 * Notes which lanes were settled before this database; once, before anything else is read from the chain. Where any was, the
 * vault owes anything, or a copy was restored, every lane of the vault is noted: the process before may have used more of
 * them than this one, and its first batch in one may be on its way.
 */
export async function beginAdoption(
  deps: {
    vault: Pick<Vault, 'lastBatch' | 'usedLanes' | 'liabilities'>;
    meta: AdoptionMeta;
    newest: (signal?: AbortSignal) => Promise<{ ledger: number; closedAtS: number }>;
    restored?: boolean;
    /** The operator says that no gateway has served on this vault before; what was settled there says otherwise. */
    firstStart?: boolean;
    /**
     * The chain has come that far already: an older answer would let the wait end before what it is for, or show no lane
     * that was used since.
     */
    seenLedger?: number;
  },
  lanesOfVault: number,
  signal?: AbortSignal,
): Promise<void> {
  const { vault, meta, restored, firstStart, seenLedger = 0 } = deps;
  const used = await vault.usedLanes(lanesOfVault, signal, seenLedger);
  const untouched = async () => firstStart || (await vault.liabilities(signal, seenLedger)) === 0n;
  if (used.length === 0 && !restored && (await untouched())) return;
  // One moment for all lanes, so that all their waits end together.
  const { ledger, closedAtS } = await deps.newest(signal);
  requireNotOlder(ledger, seenLedger);
  for (const lane of used) {
    const { batch, chain, seenLedger: ofLedger } = await vault.lastBatch(lane, signal);
    requireNotOlder(ofLedger, seenLedger);
    adoptBatch(meta, lane, batch, chain);
  }
  for (let lane = 0; lane < lanesOfVault; lane++) {
    if (!restored && meta.get(sinceKey(lane)) !== undefined) continue;
    meta.set(sinceKey(lane), `${closedAtS} ${ledger}`);
    meta.set(doneKey(lane), '0');
  }
}

export type Adoption = {
  /** Last batch that was settled before this database; 0 when it began with the lane. */
  batch: number;
  /** The vault's chain value after that batch, hex; undefined when only its number is known. */
  chain: string | undefined;
  /** Newest ledger when the lane was first seen, and its close time, while it is still being taken over. */
  since: { closedAtS: number; ledger: number } | undefined;
};

export function adoptionOf(meta: Pick<AdoptionMeta, 'get'>, lane: number): Adoption {
  const [closedAtS, ledger] = (meta.get(sinceKey(lane)) ?? '').split(' ').map(Number);
  const done = meta.get(doneKey(lane)) === '1';
  const batch = Number(meta.get(batchKey(lane)) ?? '0');
  return {
    batch,
    chain: adoptedChain(meta, lane, batch),
    // Noted by its time alone by a gateway before this version.
    since: !closedAtS || done ? undefined : { closedAtS, ledger: ledger ?? 0 },
  };
}

/** Whether something that landed there and then may have been signed by the process before this one. */
export function mayBeOfBefore(since: Adoption['since'], at: { ledger: number; closedAtS: number }): boolean {
  if (!since) return false;
  return at.ledger <= since.ledger + signLifeMaxLedgers || at.closedAtS <= since.closedAtS + signLifeMaxS;
}

/**
 * A batch that landed before the lane was taken over: signed by the process before this one. The chain value is kept with
 * the number it belongs to, so that it is never taken for that of a later batch.
 */
export function adoptBatch(meta: AdoptionMeta, lane: number, batch: number, chain?: string): void {
  const { batch: known } = adoptionOf(meta, lane);
  if (batch < known) return;
  if (batch > known) meta.set(batchKey(lane), String(batch));
  if (chain === undefined) return;
  const others = adoptedChains(meta, lane).filter(([of]) => of !== String(batch));
  meta.set(chainKey(lane), [...others, [batch, chain]].map((pair) => pair.join(' ')).join(','));
}

/**
 * The vault's chain value after a batch with which the lane was taken over, hex. All of them are kept: a database that was
 * restored twice has roots behind each, and its receipts lead from there.
 */
export function adoptedChain(meta: Pick<AdoptionMeta, 'get'>, lane: number, batch: number): string | undefined {
  return adoptedChains(meta, lane).find(([of]) => of === String(batch))?.[1];
}

function adoptedChains(meta: Pick<AdoptionMeta, 'get'>, lane: number): string[][] {
  const text = meta.get(chainKey(lane));
  return text ? text.split(',').map((pair) => pair.split(' ')) : [];
}

/** Whether the vault may have settled something that these books do not hold. */
export function beganLate(meta: Pick<AdoptionMeta, 'get'>, lanesOfVault: number): boolean {
  return Array.from({ length: lanesOfVault }, (_, lane) => adoptionOf(meta, lane)).some(
    ({ batch, since }) => batch > 0 || since !== undefined,
  );
}

export function endAdoption(meta: AdoptionMeta, lane: number): void {
  meta.set(doneKey(lane), '1');
}

const batchKey = (lane: number) => `adopted_batch_${lane}`;
const chainKey = (lane: number) => `adopted_chain_${lane}`;
const sinceKey = (lane: number) => `adopted_since_s_${lane}`;
const doneKey = (lane: number) => `adopted_done_${lane}`;
