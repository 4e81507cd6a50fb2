/**
 * Ledger entries by key. A key is the hex text of the LedgerKey's XDR, so that all trustlines of an account
 * share a prefix; an entry is the XDR of a LedgerEntry, as the host and RPC want it.
 */
import { hash, xdr } from '@stellar/stellar-sdk';

export type KeyText = string;

export type StoredEntry = {
  /** LedgerEntry. */
  readonly entry: Uint8Array;
  /** The last ledger the entry lives in; 0 where entries do not expire. */
  readonly liveUntil: number;
};

export type EntryView = { get(key: KeyText): StoredEntry | undefined };

/** Entries that belong to an account and have its id in their key. */
export type OwnedType = 'trustline' | 'data';

/** The entries of the last closed ledger. Only a ledger close writes to it, in one synchronous step. */
export type EntryStore = EntryView & {
  set(key: KeyText, entry: StoredEntry): void;
  delete(key: KeyText): void;
  keys(): Iterable<KeyText>;
  /** The keys of an account's entries of one type, without a walk over all others. */
  ownedKeys(owner: xdr.PublicKey, type: OwnedType): Iterable<KeyText>;
  /**
   * Takes from the store's list the temporary entries that were to live until this ledger; those that still are to be are
   * for the caller to delete. Persistent entries are never among them: they stay, archived.
   */
  takeExpiring(sequence: number): readonly KeyText[];
};

export function createEntryStore(): EntryStore {
  const entries = new Map<KeyText, StoredEntry>();
  const temporaries = new Map<number, KeyText[]>();
  const owned = new Map<string, Set<KeyText>>();
  return {
    get: (key) => entries.get(key),
    set: (key, entry) => {
      entries.set(key, entry);
      if (isOwned(key)) addTo(owned, key);
      if (!isTemporary(key)) return;
      const sameEnd = temporaries.get(entry.liveUntil);
      if (sameEnd) sameEnd.push(key);
      else temporaries.set(entry.liveUntil, [key]);
    },
    delete: (key) => {
      entries.delete(key);
      if (isOwned(key)) removeFrom(owned, key);
    },
    keys: () => entries.keys(),
    ownedKeys: (owner, type) => owned.get(ownedPrefix(owner, type)) ?? [],
    takeExpiring: (sequence) => {
      const keys = temporaries.get(sequence) ?? [];
      temporaries.delete(sequence);
      return keys;
    },
  };
}

/** Trustlines (1) and data entries (3). */
function isOwned(key: KeyText): boolean {
  return key.startsWith('00000001') || key.startsWith('00000003');
}

function addTo(owned: Map<string, Set<KeyText>>, key: KeyText): void {
  const prefix = key.slice(0, OWNED_PREFIX_HEX);
  const keys = owned.get(prefix);
  if (keys) keys.add(key);
  else owned.set(prefix, new Set([key]));
}

function removeFrom(owned: Map<string, Set<KeyText>>, key: KeyText): void {
  const prefix = key.slice(0, OWNED_PREFIX_HEX);
  const keys = owned.get(prefix);
  keys?.delete(key);
  if (keys?.size === 0) owned.delete(prefix);
}

/** Contract data, whose key ends in its durability: 0 for temporary. */
function isTemporary(key: KeyText): boolean {
  return key.startsWith('00000006') && key.endsWith('00000000');
}

export function keyText(key: Uint8Array | xdr.LedgerKey): KeyText {
  return Buffer.from(key instanceof Uint8Array ? key : key.toXdr()).toString('hex');
}

/** The key of the entry that tells until when another one lives. */
export function ttlKeyOf(key: KeyText): xdr.LedgerKey {
  return xdr.LedgerKey.ttl(new xdr.LedgerKeyTtl({ keyHash: new xdr.Hash(hash(keyBytes(key))) }));
}

export function keyBytes(key: KeyText): Uint8Array {
  return Buffer.from(key, 'hex');
}

export function accountKey(id: xdr.PublicKey): KeyText {
  return keyText(xdr.LedgerKey.account(new xdr.LedgerKeyAccount({ accountId: id })));
}

export function trustlineKey(id: xdr.PublicKey, asset: xdr.TrustLineAsset): KeyText {
  return keyText(xdr.LedgerKey.trustline(new xdr.LedgerKeyTrustLine({ accountId: id, asset })));
}

export function dataKey(id: xdr.PublicKey, name: xdr.XdrString): KeyText {
  return keyText(xdr.LedgerKey.data(new xdr.LedgerKeyData({ accountId: id, dataName: name })));
}

export function claimableBalanceKey(balanceId: xdr.ClaimableBalanceId): KeyText {
  return keyText(xdr.LedgerKey.claimableBalance(new xdr.LedgerKeyClaimableBalance({ balanceId })));
}

/** What the keys of all entries of one type that an account owns begin with; nothing else does. */
export function ownedPrefix(id: xdr.PublicKey, type: OwnedType): string {
  const someKey =
    type === 'trustline' ? trustlineKey(id, xdr.TrustLineAsset.assetTypeNative()) : dataKey(id, new xdr.XdrString(''));
  return someKey.slice(0, OWNED_PREFIX_HEX);
}

/** Entry type, key type and 32 bytes of public key, in hex digits. */
const OWNED_PREFIX_HEX = 2 * (4 + 4 + 32);

export function entryData(stored: StoredEntry): xdr.LedgerEntryData {
  return xdr.LedgerEntry.fromXdr(stored.entry).data;
}

/** The account that keeps the reserve of an entry for its owner (CAP-33). */
export function sponsorOf(stored: StoredEntry): xdr.PublicKey | undefined {
  const { ext } = xdr.LedgerEntry.fromXdr(stored.entry);
  return (ext.type === 'v1' ? ext.v1.sponsoringId : null) ?? undefined;
}

/** The extension an entry is stored with: the one it has, unless a sponsor, or null for none, takes its place. */
export function entryExtension(
  stored: StoredEntry | undefined,
  sponsor: xdr.PublicKey | null | undefined,
): xdr.LedgerEntryExt {
  const before = stored ? xdr.LedgerEntry.fromXdr(stored.entry).ext : xdr.LedgerEntryExt.v0();
  if (sponsor === undefined || (sponsor === null && before.type === 'v0')) return before;
  const v1 = new xdr.LedgerEntryExtensionV1({ sponsoringId: sponsor, ext: xdr.LedgerEntryExtensionV1Ext.v0() });
  return xdr.LedgerEntryExt.v1(v1);
}

export function readAccount(view: EntryView, id: xdr.PublicKey): xdr.AccountEntry | undefined {
  const data = read(view, accountKey(id));
  return data?.type === 'account' ? data.account : undefined;
}

export function readTrustline(
  view: EntryView,
  id: xdr.PublicKey,
  asset: xdr.TrustLineAsset,
): xdr.TrustLineEntry | undefined {
  const data = read(view, trustlineKey(id, asset));
  return data?.type === 'trustline' ? data.trustLine : undefined;
}

export function readData(view: EntryView, id: xdr.PublicKey, name: xdr.XdrString): xdr.DataEntry | undefined {
  const data = read(view, dataKey(id, name));
  return data?.type === 'data' ? data.data : undefined;
}

export function readClaimableBalance(
  view: EntryView,
  balanceId: xdr.ClaimableBalanceId,
): xdr.ClaimableBalanceEntry | undefined {
  const data = read(view, claimableBalanceKey(balanceId));
  return data?.type === 'claimableBalance' ? data.claimableBalance : undefined;
}

function read(view: EntryView, key: KeyText): xdr.LedgerEntryData | undefined {
  const stored = view.get(key);
  return stored && entryData(stored);
}

/** The key under which a classic entry is stored. Contract entries get theirs from the host. */
export function keyOfEntry(data: xdr.LedgerEntryData): KeyText {
  switch (data.type) {
    case 'account':
      return accountKey(data.account.accountId);
    case 'trustline':
      return trustlineKey(data.trustLine.accountId, data.trustLine.asset);
    case 'data':
      return dataKey(data.data.accountId, data.data.dataName);
    case 'claimableBalance':
      return claimableBalanceKey(data.claimableBalance.balanceId);
    default:
      throw new Error(`entries of type ${data.type} are not written by classic operations`);
  }
}
