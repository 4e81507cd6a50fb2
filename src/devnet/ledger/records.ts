/** What is kept of a closed ledger, as XDR, and the events in it. */
import { StrKey, xdr } from '@stellar/stellar-sdk';
import type { Decoded } from './decoded.ts';
import type { KeyText } from './entries.ts';
import type { ClosedHeader } from './header.ts';
import { type BaseFees, transactionSet } from './meta.ts';
import type { TransactionRecord } from './transaction-record.ts';
import type { Upgrade } from './upgrades.ts';

export type LedgerRecord = {
  readonly sequence: number;
  readonly closeTimeS: number;
  readonly closed: ClosedHeader;
  readonly txSet: xdr.GeneralizedTransactionSet;
  readonly transactions: readonly TransactionRecord[];
  readonly baseFees: BaseFees;
  readonly upgrades: readonly Upgrade[];
  /** Keys of the temporary entries that ended with this ledger. */
  readonly evicted: readonly KeyText[];
  /** Nothing happened in it: everything but its time follows from the ledger before. */
  readonly idle: boolean;
  /** In the order of their ids. */
  readonly events: readonly EventRecord[];
};

export type EventRecord = {
  /** `<TOID>-<index>`: its text order is the order of events. */
  readonly id: string;
  readonly type: 'contract' | 'system';
  readonly ledger: number;
  readonly closeTimeS: number;
  /** C..., or empty for events of no contract. */
  readonly contractId: string;
  readonly transactionIndex: number;
  readonly operationIndex: number;
  readonly txHash: string;
  /** Whether its transaction succeeded. */
  readonly successful: boolean;
  /** ScVal, base64. */
  readonly topics: readonly string[];
  readonly value: string;
};

/** A record that makes its transaction set and its events when somebody asks for them. */
export function ledgerRecord(fields: LedgerFields, decoded: Pick<Decoded, 'list'>): LedgerRecord {
  return new KeptLedger(fields, decoded);
}

export type LedgerFields = Omit<LedgerRecord, 'events' | 'txSet'>;

const NONE: readonly never[] = [];

class KeptLedger implements LedgerRecord {
  readonly sequence: number;
  readonly closeTimeS: number;
  readonly closed: ClosedHeader;
  readonly transactions: readonly TransactionRecord[];
  readonly baseFees: BaseFees;
  readonly upgrades: readonly Upgrade[];
  readonly evicted: readonly KeyText[];
  readonly idle: boolean;

  readonly #decoded: Pick<Decoded, 'list'>;

  constructor(fields: LedgerFields, decoded: Pick<Decoded, 'list'>) {
    this.sequence = fields.sequence;
    this.closeTimeS = fields.closeTimeS;
    this.closed = fields.closed;
    // Most ledgers of a network that is left alone have none of these: they share one list.
    this.transactions = shared(fields.transactions);
    this.baseFees = fields.baseFees;
    this.upgrades = shared(fields.upgrades);
    this.evicted = shared(fields.evicted);
    this.idle = fields.idle;
    this.#decoded = decoded;
  }

  get txSet(): xdr.GeneralizedTransactionSet {
    const envelopes = (soroban: boolean) =>
      this.transactions
        .filter((transaction) => transaction.soroban === soroban)
        .map(({ envelope }) => xdr.TransactionEnvelope.fromXdr(envelope));
    const { previousLedgerHash } = this.closed.header;
    return transactionSet(previousLedgerHash.value, envelopes(false), envelopes(true), this.baseFees);
  }

  get events(): readonly EventRecord[] {
    return this.transactions.length === 0 ? NONE : this.#decoded.list(this, () => eventsOf(this.transactions));
  }
}

function shared<Item>(list: readonly Item[]): readonly Item[] {
  return list.length === 0 ? NONE : list;
}

/** Ledger, transaction and operation in one number that sorts: 32, 20 and 12 bits. */
export function toid(ledger: number, transaction: number, operation: number): bigint {
  return (BigInt(ledger) << 32n) | (BigInt(transaction) << 12n) | BigInt(operation);
}

export function eventId(position: bigint, index: number): string {
  return `${position.toString().padStart(19, '0')}-${index.toString().padStart(10, '0')}`;
}

const LAST_TRANSACTION = 0xfffff;
const LAST_OPERATION = 0xfff;

/** Fees come before all transactions, an operation's events with the operation, refunds after all. */
function eventsOf(transactions: readonly TransactionRecord[]): EventRecord[] {
  const records: EventRecord[] = [];
  const counts = new Map<string, number>();
  for (const record of transactions) {
    const meta = xdr.TransactionMeta.fromXdr(record.meta);
    if (meta.type !== 'v4') continue;
    for (const { stage, event } of meta.v4.events) {
      const place = placeOf(stage, record.order);
      const index = counts.get(place.join()) ?? 0;
      counts.set(place.join(), index + 1);
      records.push(eventRecord(record, event, place, index));
    }
    for (const [operation, { events }] of meta.v4.operations.entries()) {
      for (const [index, event] of events.entries()) {
        records.push(eventRecord(record, event, [record.order, operation], index));
      }
    }
  }
  return records.sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** Transaction and operation under which events of no operation are counted. */
function placeOf(stage: xdr.TransactionEventStage, order: number): readonly [number, number] {
  const Stage = xdr.TransactionEventStage;
  if (stage.equals(Stage.transactionEventStageBeforeAllTxs)) return [0, 0];
  return stage.equals(Stage.transactionEventStageAfterTx) ? [order, LAST_OPERATION] : [LAST_TRANSACTION, 0];
}

function eventRecord(
  record: TransactionRecord,
  event: xdr.ContractEvent,
  [transactionIndex, operationIndex]: readonly [number, number],
  index: number,
): EventRecord {
  const { topics, data } = event.body.v0;
  return {
    id: eventId(toid(record.ledger, transactionIndex, operationIndex), index),
    type: event.type.equals(xdr.ContractEventType.system) ? 'system' : 'contract',
    ledger: record.ledger,
    closeTimeS: record.closeTimeS,
    contractId: event.contractId ? StrKey.encodeContract(event.contractId.toBytes()) : '',
    transactionIndex,
    operationIndex,
    txHash: record.hash,
    successful: record.successful,
    topics: topics.map((topic) => topic.toXdr('base64')),
    value: data.toXdr('base64'),
  };
}
