/** The closed ledgers that are still kept, and where each transaction is in them. */
import type { LedgerRecord } from './records.ts';
import type { TransactionRecord } from './transaction-record.ts';

/** What RPC servers keep by default: about seven days of five-second ledgers. */
export const RETENTION_LEDGERS = 120_960;

export type History = {
  add(record: LedgerRecord): void;
  latest(): LedgerRecord;
  oldest(): LedgerRecord;
  ledger(sequence: number): LedgerRecord | undefined;
  /** By its own hash, or by the hash of the transaction inside a fee bump. */
  transaction(hash: string): TransactionRecord | undefined;
  /** Ledgers in order, ends included, as far as they are kept. */
  ledgers(from: number, to: number): Iterable<LedgerRecord>;
  /** Forgets all ledgers before this one; the latest always stays. */
  prune(to: number): void;
  /** Tells the oldest ledger that is kept, whenever older ones were forgotten: what is made of ledgers goes with them. */
  onForgotten(listener: (oldest: number) => void): void;
};

export function createHistory(retentionLedgers = RETENTION_LEDGERS): History {
  const ledgers = new Map<number, LedgerRecord>();
  const byHash = new Map<string, TransactionRecord>();
  const listeners = new Set<(oldest: number) => void>();
  let first = 0;
  let last = 0;

  function existing(sequence: number): LedgerRecord {
    const record = ledgers.get(sequence);
    if (!record) throw new Error('the history has no ledger yet');
    return record;
  }

  function forget(sequence: number): void {
    for (const transaction of existing(sequence).transactions) {
      // Once a sequence number was set back, the same transaction may have been in a later ledger too.
      for (const hash of [transaction.hash, transaction.innerHash]) {
        if (hash !== undefined && byHash.get(hash) === transaction) byHash.delete(hash);
      }
    }
    ledgers.delete(sequence);
  }

  function prune(to: number): void {
    const oldest = Math.min(to, last);
    if (first >= oldest) return;
    while (first < oldest) forget(first++);
    for (const listener of listeners) listener(first);
  }

  return {
    add(record) {
      if (ledgers.size === 0) first = record.sequence;
      else if (record.sequence !== last + 1) throw new RangeError('ledgers come one after another');
      ledgers.set(record.sequence, record);
      last = record.sequence;
      for (const transaction of record.transactions) {
        byHash.set(transaction.hash, transaction);
        if (transaction.innerHash !== undefined) byHash.set(transaction.innerHash, transaction);
      }
      prune(last - retentionLedgers + 1);
    },
    latest: () => existing(last),
    oldest: () => existing(first),
    ledger: (sequence) => ledgers.get(sequence),
    transaction: (hash) => byHash.get(hash),
    *ledgers(from, to) {
      for (let sequence = Math.max(from, first); sequence <= Math.min(to, last); sequence++) yield existing(sequence);
    },
    prune,
    onForgotten: (listener) => void listeners.add(listener),
  };
}
