import type { Meta } from './meta.ts';

/**
 * Ledgers whose events no source could show any more when they were to be read. `fromLedger` 0: all that there were before
 * these books began.
 */
export type Gap = { fromLedger: number; toLedger: number };

type GapMeta = Pick<Meta, 'get' | 'set'>;

const vaultKey = 'watcher_gap';
const transfersKey = 'transfer_gaps';

/** Older gaps than these are told as one. */
const gapsMax = 20;

/** The newest gap in the vault's own events. */
export function vaultGap(meta: Pick<Meta, 'get'>): Gap | undefined {
  const text = meta.get(vaultKey);
  return text === undefined ? undefined : readGap(JSON.parse(text));
}

export function noteVaultGap(meta: GapMeta, gap: Gap): void {
  meta.set(vaultKey, JSON.stringify(gap));
}

/** Gaps in the token's transfers to the vault, oldest first. */
export function transferGaps(meta: Pick<Meta, 'get'>): Gap[] {
  const list: unknown = JSON.parse(meta.get(transfersKey) ?? '[]');
  return Array.isArray(list) ? list.flatMap((entry: unknown) => readGap(entry) ?? []) : [];
}

/** One that began at the same ledger is replaced: it was noted before, and the page behind it never came. */
export function noteTransferGap(meta: GapMeta, gap: Gap): void {
  const gaps = transferGaps(meta).filter(({ fromLedger }) => fromLedger !== gap.fromLedger);
  gaps.push(gap);
  const [first, second] = gaps;
  if (gaps.length > gapsMax && first && second) {
    gaps.splice(0, 2, { fromLedger: first.fromLedger, toLedger: second.toLedger });
  }
  meta.set(transfersKey, JSON.stringify(gaps));
}

function readGap(gap: unknown): Gap | undefined {
  if (typeof gap !== 'object' || gap === null || !('fromLedger' in gap) || !('toLedger' in gap)) return undefined;
  return { fromLedger: Number(gap.fromLedger), toLedger: Number(gap.toLedger) };
}
