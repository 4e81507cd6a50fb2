/** The changes of a stage as ledger meta tells them: entries and, separately, the ledgers they live until. */
import { hash, xdr } from '@stellar/stellar-sdk';
import { type KeyText, keyBytes, type StoredEntry } from './entries.ts';
import type { StagedChange } from './stage.ts';

export function entryChanges(changes: readonly StagedChange[], sequence: number): xdr.LedgerEntryChange[] {
  return changes.flatMap((change) => [...contentChange(change, sequence), ...ttlChange(change, sequence)]);
}

function contentChange({ key, before, after }: StagedChange, sequence: number): xdr.LedgerEntryChange[] {
  const Change = xdr.LedgerEntryChange;
  if (!after) {
    if (!before) return [];
    const removed = Change.ledgerEntryRemoved(xdr.LedgerKey.fromXdr(keyBytes(key)));
    return [Change.ledgerEntryState(decode(before)), removed];
  }
  if (!before) return [Change.ledgerEntryCreated(decode(after))];
  const updated = sameBytes(before, after) ? [] : [Change.ledgerEntryUpdated(decode(after))];
  if (isRestored(before, after, sequence)) return [Change.ledgerEntryRestored(decode(before)), ...updated];
  return updated.length > 0 ? [Change.ledgerEntryState(decode(before)), ...updated] : [];
}

function ttlChange({ key, before, after }: StagedChange, sequence: number): xdr.LedgerEntryChange[] {
  const Change = xdr.LedgerEntryChange;
  const old = before?.liveUntil ?? 0;
  const now = after?.liveUntil ?? 0;
  if (old === now) return [];
  const state = ttlEntry(key, old, modifiedIn(before));
  if (now === 0) {
    const ttlKey = xdr.LedgerKey.ttl(new xdr.LedgerKeyTtl({ keyHash: new xdr.Hash(hash(keyBytes(key))) }));
    return [Change.ledgerEntryState(state), Change.ledgerEntryRemoved(ttlKey)];
  }
  const entry = ttlEntry(key, now, sequence);
  if (old === 0) return [Change.ledgerEntryCreated(entry)];
  if (isRestored(before, after, sequence)) return [Change.ledgerEntryRestored(entry)];
  return [Change.ledgerEntryState(state), Change.ledgerEntryUpdated(entry)];
}

function isRestored(before: StoredEntry | undefined, after: StoredEntry | undefined, sequence: number): boolean {
  if (!before || !after) return false;
  return before.liveUntil !== 0 && before.liveUntil < sequence && after.liveUntil >= sequence;
}

function sameBytes(before: StoredEntry, after: StoredEntry): boolean {
  return before.entry === after.entry || Buffer.from(before.entry).equals(after.entry);
}

function ttlEntry(key: KeyText, liveUntilLedgerSeq: number, modified: number): xdr.LedgerEntry {
  const ttl = new xdr.TtlEntry({ keyHash: new xdr.Hash(hash(keyBytes(key))), liveUntilLedgerSeq });
  return new xdr.LedgerEntry({
    lastModifiedLedgerSeq: modified,
    data: xdr.LedgerEntryData.ttl(ttl),
    ext: xdr.LedgerEntryExt.v0(),
  });
}

/** The first field of a LedgerEntry. */
function modifiedIn(stored: StoredEntry | undefined): number {
  return stored ? Buffer.from(stored.entry).readUInt32BE(0) : 0;
}

function decode(stored: StoredEntry): xdr.LedgerEntry {
  return xdr.LedgerEntry.fromXdr(stored.entry);
}
