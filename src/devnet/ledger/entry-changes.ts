/**
 * The changes of a stage as ledger meta tells them: entries and, separately, the ledgers they live until. What was archived
 * and came back is told as restored (CAP-62, CAP-66); nothing persistent is ever evicted here, so it is always in the form for entries
 * that are still in the live state.
 */
import { hash, xdr } from '@stellar/stellar-sdk';
import { entryLifetimes } from '../network-profiles.ts';
import { type KeyText, keyBytes, type StoredEntry, ttlKeyOf } from './entries.ts';
import type { StagedChange } from './stage.ts';

export function entryChanges(changes: readonly StagedChange[], sequence: number): xdr.LedgerEntryChange[] {
  return changes.flatMap((change) => [...contentChange(change, sequence), ...ttlChange(change, sequence)]);
}

function contentChange(change: StagedChange, sequence: number): xdr.LedgerEntryChange[] {
  const { key, before, after } = change;
  const Change = xdr.LedgerEntryChange;
  if (!before) return after ? [Change.ledgerEntryCreated(decode(after))] : [];
  const restored = isRestored(change, sequence);
  if (!after) {
    const removed = Change.ledgerEntryRemoved(xdr.LedgerKey.fromXdr(keyBytes(key)));
    const first = restored
      ? Change.ledgerEntryRestored(restamped(before, sequence))
      : Change.ledgerEntryState(decode(before));
    return [first, removed];
  }
  const same = sameBytes(before.entry, after.entry);
  if (!restored) return same ? [] : [Change.ledgerEntryState(decode(before)), Change.ledgerEntryUpdated(decode(after))];
  // The operation that only restores writes nothing: the entry keeps the ledger it was changed in.
  if (same) return [Change.ledgerEntryRestored(decode(before))];
  const old = restamped(before, sequence);
  const onlyRestored = sameBytes(old.toXdr(), after.entry);
  return [Change.ledgerEntryRestored(old), ...(onlyRestored ? [] : [Change.ledgerEntryUpdated(decode(after))])];
}

function ttlChange(change: StagedChange, sequence: number): xdr.LedgerEntryChange[] {
  const { key, before, after } = change;
  const Change = xdr.LedgerEntryChange;
  const old = before?.liveUntil ?? 0;
  const now = after?.liveUntil ?? 0;
  if (old === now) return [];
  const entry = ttlEntry(key, now, sequence);
  if (old === 0) return [Change.ledgerEntryCreated(entry)];
  const restored = isRestored(change, sequence);
  if (restored && now === sequence + entryLifetimes.minPersistentLedgers - 1) {
    return [Change.ledgerEntryRestored(entry)];
  }
  const first = restored
    ? Change.ledgerEntryRestored(ttlEntry(key, old, sequence))
    : Change.ledgerEntryState(ttlEntry(key, old, modifiedIn(before)));
  if (now !== 0) return [first, Change.ledgerEntryUpdated(entry)];
  return [first, Change.ledgerEntryRemoved(ttlKeyOf(key))];
}

/** The entry was archived, so nothing but a restoration could have come before what happened to it. */
function isRestored({ before, after }: StagedChange, sequence: number): boolean {
  if (!before || before.liveUntil === 0 || before.liveUntil >= sequence) return false;
  return !after || after.liveUntil >= sequence;
}

function sameBytes(one: Uint8Array, other: Uint8Array): boolean {
  return one === other || Buffer.from(one).equals(other);
}

/** As it was, but changed in this ledger. */
function restamped(stored: StoredEntry, sequence: number): xdr.LedgerEntry {
  return new xdr.LedgerEntry({ ...decode(stored), lastModifiedLedgerSeq: sequence });
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
