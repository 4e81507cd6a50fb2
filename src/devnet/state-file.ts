/**
 * A network kept in a file: one line for its name, then one line for each closed ledger, appended as it closes. A
 * process that is killed loses at most the line it was writing; what it had answered before is there.
 */
import { appendFileSync, existsSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { xdr } from '@stellar/stellar-sdk';
import type { ChainJournal } from './ledger/chain.ts';
import type { TimeRule } from './ledger/chain-time.ts';
import type { ClosedLedger } from './ledger/close.ts';
import { type EntryStore, keyBytes, keyText } from './ledger/entries.ts';
import { readEnvelope } from './ledger/envelope.ts';
import { closedHeader, nextHeader } from './ledger/header.ts';
import type { History } from './ledger/history.ts';
import { type BaseFees, transactionSet, usualBaseFees } from './ledger/meta.ts';
import type { Network } from './ledger/network.ts';
import { ledgerRecord, type TransactionRecord } from './ledger/records.ts';
import type { LedgerMoment } from './ledger/sequence.ts';
import type { Upgrade } from './ledger/upgrades.ts';

/** Another form of the file gets another number; a file of another form is refused, not guessed at. */
const FORMAT = 2;

type NameLine = {
  callora_devnet: typeof FORMAT;
  passphrase: string;
  seed: string;
  /** Time of genesis and seconds between ledgers, of a network that no clock moves. */
  steps?: [genesisTimeS: number, ledgerSeconds: number];
};
/** A ledger in which nothing happened: everything but its time follows from the ledger before. */
type EmptyLine = { at: number };
/** XDR in base64. */
type LedgerLine = {
  header: string;
  txs: SavedTransaction[];
  /** LedgerKey; LedgerEntry or null where it was removed; last ledger it lives in. */
  changes: [key: string, entry: string | null, liveUntil: number][];
  /** What an operation was charged, stroops, classic and Soroban; absent where it is the base fee. */
  fees?: [classic: string, soroban: string];
  /** LedgerUpgrade and the LedgerEntryChanges it made; absent without any. */
  upgrades?: [upgrade: string, changes: string[]][];
  /** Keys of the temporary entries that ended; absent without any. */
  evicted?: string[];
};
type PositionLine = { ahead: number; seeds: number };

type SavedTransaction = {
  envelope: string;
  result: string;
  meta: string;
  successful: boolean;
  feeCharged: string;
  feeChanges: string[];
  refundChanges: string[];
};

/** Throws when there is a file that is not of this network. */
export function createStateFile(file: string, network: Network, time: TimeRule = { kind: 'clock' }): ChainJournal {
  const name: NameLine = {
    callora_devnet: FORMAT,
    passphrase: network.passphrase,
    seed: to64(network.seed),
    ...(time.kind === 'steps' ? { steps: [time.genesisTimeS, time.ledgerSeconds] } : {}),
  };
  const lines = readLines(file);
  if (lines.length === 0) writeFileSync(file, line(name), { mode: 0o600 });
  else checkName(file, lines[0] ?? '', name);
  return {
    load({ store, history }) {
      if (lines.length < 2) return undefined;
      let position = { aheadS: 0, seedsGiven: 0 };
      for (const text of lines.splice(0).slice(1)) {
        const saved: EmptyLine | LedgerLine | PositionLine = JSON.parse(text);
        if ('ahead' in saved) {
          position = { aheadS: saved.ahead, seedsGiven: saved.seeds };
          continue;
        }
        position = { ...position, seedsGiven: 0 };
        if ('at' in saved) addEmptyLedger(history, saved.at);
        else addLedger(history, store, saved, network);
        // Their removal is among the ledger's changes.
        store.takeExpiring(history.latest().sequence);
      }
      return position;
    },
    append: (closed) => appendFileSync(file, line(ledgerLine(closed))),
    position: ({ aheadS, seedsGiven }) => appendFileSync(file, line({ ahead: aheadS, seeds: seedsGiven })),
  };
}

/** The complete lines; a last one without an end was being written when the process died, and is taken off. */
function readLines(file: string): string[] {
  if (!existsSync(file)) return [];
  const text = readFileSync(file, 'utf8');
  const end = text.lastIndexOf('\n') + 1;
  if (end < text.length) truncateSync(file, Buffer.byteLength(text.slice(0, end)));
  return text.slice(0, end).split('\n').slice(0, -1);
}

function checkName(file: string, first: string, expected: NameLine): void {
  let name: Partial<NameLine>;
  try {
    name = JSON.parse(first);
  } catch (cause) {
    throw new Error(`${file} is no devnet state`, { cause });
  }
  if (name.callora_devnet !== FORMAT) throw new Error(`${file} is no devnet state of format ${FORMAT}`);
  if (name.passphrase !== expected.passphrase) {
    throw new Error(`${file} holds another network: "${name.passphrase}"`);
  }
  if (name.seed !== expected.seed) throw new Error(`${file} holds a network that grew from another seed`);
  if (String(name.steps) !== String(expected.steps)) {
    const own = name.steps
      ? `--genesis-time ${name.steps[0]} --ledger-seconds ${name.steps[1]}`
      : 'no --ledger-seconds';
    throw new Error(`${file} holds a network whose time goes otherwise: start it with ${own}`);
  }
}

function ledgerLine({ record, changes }: ClosedLedger): EmptyLine | LedgerLine {
  if (record.transactions.length === 0 && changes.length === 0) return { at: record.closeTimeS };
  return {
    header: record.closed.header.toXdr('base64'),
    txs: record.transactions.map(savedTransaction),
    changes: changes.map(({ key, after }) => [
      to64(keyBytes(key)),
      after ? to64(after.entry) : null,
      after?.liveUntil ?? 0,
    ]),
    ...(sameFees(record.baseFees, usualBaseFees) ? {} : { fees: feesText(record.baseFees) }),
    ...(record.upgrades.length > 0 ? { upgrades: record.upgrades.map(savedUpgrade) } : {}),
    ...(record.evicted.length > 0 ? { evicted: record.evicted.map((key) => to64(keyBytes(key))) } : {}),
  };
}

function savedTransaction(record: TransactionRecord): SavedTransaction {
  return {
    envelope: to64(record.signed.envelope),
    result: to64(record.result),
    meta: to64(record.meta),
    successful: record.successful,
    feeCharged: record.feeChargedStroops.toString(),
    feeChanges: record.feeChanges.map((change) => change.toXdr('base64')),
    refundChanges: record.refundChanges.map((change) => change.toXdr('base64')),
  };
}

function savedUpgrade({ upgrade, changes }: Upgrade): [string, string[]] {
  return [upgrade.toXdr('base64'), changes.map((change) => change.toXdr('base64'))];
}

function restoredUpgrade([upgrade, changes]: [string, string[]]): Upgrade {
  return {
    upgrade: xdr.LedgerUpgrade.fromXdr(upgrade, 'base64'),
    changes: changes.map((change) => xdr.LedgerEntryChange.fromXdr(change, 'base64')),
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

function addEmptyLedger(history: History, closeTimeS: number): void {
  const previous = history.latest().closed;
  const txSet = transactionSet(previous.hash, [], [], usualBaseFees);
  const closed = nextHeader({ previous, txSet, results: [], changes: [], upgrades: [], closeTimeS, feesStroops: 0n });
  const sequence = closed.header.ledgerSeq;
  history.add(
    ledgerRecord({
      sequence,
      closeTimeS,
      closed,
      transactions: [],
      baseFees: usualBaseFees,
      upgrades: [],
      evicted: [],
    }),
  );
}

function addLedger(history: History, store: EntryStore, saved: LedgerLine, network: Network): void {
  const closed = closedHeader(from64(saved.header));
  const { header } = closed;
  const moment = { sequence: header.ledgerSeq, closeTimeS: Number(header.scpValue.closeTime) };
  for (const [key, entry, liveUntil] of saved.changes) {
    if (entry === null) store.delete(keyText(from64(key)));
    else store.set(keyText(from64(key)), { entry: from64(entry), liveUntil });
  }
  history.add(
    ledgerRecord({
      ...moment,
      closed,
      baseFees: saved.fees ? savedFees(saved.fees) : usualBaseFees,
      upgrades: (saved.upgrades ?? []).map(restoredUpgrade),
      evicted: (saved.evicted ?? []).map((key) => keyText(from64(key))),
      transactions: saved.txs.map((tx, index) => restoredTransaction(tx, index + 1, moment, network)),
    }),
  );
}

function restoredTransaction(
  saved: SavedTransaction,
  order: number,
  moment: LedgerMoment,
  network: Network,
): TransactionRecord {
  const changes = (list: string[]) => list.map((change) => xdr.LedgerEntryChange.fromXdr(change, 'base64'));
  return {
    signed: readEnvelope(from64(saved.envelope), network),
    ledger: moment.sequence,
    closeTimeS: moment.closeTimeS,
    order,
    successful: saved.successful,
    feeChargedStroops: BigInt(saved.feeCharged),
    result: from64(saved.result),
    meta: from64(saved.meta),
    feeChanges: changes(saved.feeChanges),
    refundChanges: changes(saved.refundChanges),
  };
}

function line(value: NameLine | EmptyLine | LedgerLine | PositionLine): string {
  return `${JSON.stringify(value)}\n`;
}

function to64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}

function from64(text: string): Uint8Array {
  return Buffer.from(text, 'base64');
}
