/** What the lines of a state file say: ledgers, entries, positions. */
import { xdr } from '@stellar/stellar-sdk';
import type { JournalTarget } from './ledger/chain.ts';
import { type KeyText, keyBytes, keyText, type StoredEntry } from './ledger/entries.ts';
import { closedHeader, nextHeader } from './ledger/header.ts';
import { type BaseFees, transactionSet, usualBaseFees } from './ledger/meta.ts';
import { type LedgerRecord, ledgerRecord } from './ledger/records.ts';
import type { StagedChange } from './ledger/stage.ts';
import { changesToXdr, type TransactionRecord, transactionRecord } from './ledger/transaction-record.ts';
import type { Upgrade } from './ledger/upgrades.ts';

/** A ledger in which nothing happened: everything but its time follows from the ledger before. */
export type EmptyLine = { at: number };
/** XDR in base64. */
export type LedgerLine = {
  header: string;
  txs: SavedTransaction[];
  /** Absent where the file holds all entries as they were later. */
  changes?: SavedEntry[];
  /** What an operation was charged, stroops, classic and Soroban; absent where it is the base fee. */
  fees?: [classic: string, soroban: string];
  /** LedgerUpgrade and the array of LedgerEntryChange it made; absent without any. */
  upgrades?: [upgrade: string, changes: string][];
  /** Keys of the temporary entries that ended; absent without any. */
  evicted?: string[];
};
/** Some of all entries as they were after the ledger before this line. */
export type EntriesLine = { entries: SavedEntry[] };
export type PositionLine = { ahead: number; seeds: number; oldest: number };

/** LedgerKey; LedgerEntry or null where it was removed; last ledger it lives in. */
type SavedEntry = [key: string, entry: string | null, liveUntil: number];

type SavedTransaction = {
  hash: string;
  inner?: string;
  soroban: boolean;
  bid: string;
  successful: boolean;
  feeCharged: string;
  envelope: string;
  result: string;
  meta: string;
  /** Arrays of LedgerEntryChange. */
  feeChanges: string;
  refundChanges: string;
};

export function ledgerLine(record: LedgerRecord, changes: readonly StagedChange[] | undefined): LedgerLine {
  return {
    header: record.closed.header.toXdr('base64'),
    txs: record.transactions.map(savedTransaction),
    ...(changes ? { changes: changes.map(({ key, after }) => savedEntry(key, after)) } : {}),
    ...(sameFees(record.baseFees, usualBaseFees) ? {} : { fees: feesText(record.baseFees) }),
    ...(record.upgrades.length > 0 ? { upgrades: record.upgrades.map(savedUpgrade) } : {}),
    ...(record.evicted.length > 0 ? { evicted: record.evicted.map((key) => to64(keyBytes(key))) } : {}),
  };
}

export function savedEntry(key: KeyText, stored: StoredEntry | undefined): SavedEntry {
  return [to64(keyBytes(key)), stored ? to64(stored.entry) : null, stored?.liveUntil ?? 0];
}

export function addEmptyLedger({ history, decoded }: JournalTarget, closeTimeS: number): void {
  const previous = history.latest().closed;
  const txSet = transactionSet(previous.hash, [], [], usualBaseFees);
  const nothing = { results: [], changes: [], upgrades: [], feesStroops: 0n };
  const closed = nextHeader({ previous, txSet, closeTimeS, ...nothing });
  const fields = { sequence: history.latest().sequence + 1, closeTimeS, closed, baseFees: usualBaseFees };
  history.add(ledgerRecord({ ...fields, transactions: [], upgrades: [], evicted: [], idle: true }, decoded));
}

export function addLedger(target: JournalTarget, saved: LedgerLine): void {
  const closed = closedHeader(from64(saved.header));
  const { header } = closed;
  const moment = { sequence: header.ledgerSeq, closeTimeS: Number(header.scpValue.closeTime) };
  addEntries(target, saved.changes ?? []);
  const fields = {
    ...moment,
    closed,
    baseFees: saved.fees ? savedFees(saved.fees) : usualBaseFees,
    upgrades: (saved.upgrades ?? []).map(restoredUpgrade),
    evicted: (saved.evicted ?? []).map((key) => keyText(from64(key))),
    idle: false,
    transactions: saved.txs.map((tx, index) => restoredTransaction(tx, { ...moment, order: index + 1 }, target)),
  };
  target.history.add(ledgerRecord(fields, target.decoded));
}

export function addEntries({ store }: JournalTarget, entries: readonly SavedEntry[]): void {
  for (const [key, entry, liveUntil] of entries) {
    if (entry === null) store.delete(keyText(from64(key)));
    else store.set(keyText(from64(key)), { entry: from64(entry), liveUntil });
  }
}

function savedTransaction(record: TransactionRecord): SavedTransaction {
  return {
    hash: record.hash,
    ...(record.innerHash === undefined ? {} : { inner: record.innerHash }),
    soroban: record.soroban,
    bid: record.bidStroops.toString(),
    successful: record.successful,
    feeCharged: record.feeChargedStroops.toString(),
    envelope: to64(record.envelope),
    result: to64(record.result),
    meta: to64(record.meta),
    feeChanges: to64(changesToXdr(record.feeChanges)),
    refundChanges: to64(changesToXdr(record.refundChanges)),
  };
}

type Place = { sequence: number; closeTimeS: number; order: number };

function restoredTransaction(saved: SavedTransaction, place: Place, { decoded }: JournalTarget): TransactionRecord {
  const fields = {
    hash: saved.hash,
    innerHash: saved.inner,
    soroban: saved.soroban,
    bidStroops: BigInt(saved.bid),
    ledger: place.sequence,
    closeTimeS: place.closeTimeS,
    order: place.order,
    successful: saved.successful,
    feeChargedStroops: BigInt(saved.feeCharged),
  };
  const parts = {
    envelope: from64(saved.envelope),
    result: from64(saved.result),
    meta: from64(saved.meta),
    feeChanges: from64(saved.feeChanges),
    refundChanges: from64(saved.refundChanges),
  };
  return transactionRecord(fields, parts, decoded);
}

function savedUpgrade({ upgrade, changes }: Upgrade): [string, string] {
  return [upgrade.toXdr('base64'), to64(changesToXdr(changes))];
}

function restoredUpgrade([upgrade, changes]: [string, string]): Upgrade {
  return {
    upgrade: xdr.LedgerUpgrade.fromXdr(upgrade, 'base64'),
    changes: xdr.decodeArray(xdr.LedgerEntryChange, from64(changes)),
  };
}

function feesText({ classic, soroban }: BaseFees): [string, string] {
  return [classic.toString(), soroban.toString()];
}

function savedFees([classic, soroban]: [string, string]): BaseFees {
  return { classic: BigInt(classic), soroban: BigInt(soroban) };
}

function sameFees(one: BaseFees, other: BaseFees): boolean {
  return one.classic === other.classic && one.soroban === other.soroban;
}

export function to64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64');
}

/** In memory of its own: a Buffer's is shared, and what is kept would keep all of it. */
function from64(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'base64'));
}
