/** Finding what became of transactions: one by its hash, or all of them page by page. */
import { xdr } from '@stellar/stellar-sdk';
import type { Chain } from '../ledger/chain.ts';
import type { History } from '../ledger/history.ts';
import { type LedgerRecord, toid } from '../ledger/records.ts';
import type { TransactionRecord } from '../ledger/transaction-record.ts';
import { byPosition, method, struct, text } from './decode-params.ts';
import { RpcError, type RpcMethods } from './json-rpc.ts';
import { parseInteger, rangeFields, readRange } from './ledger-range.ts';
import { type Output, outputOf } from './xdr-output.ts';

const one = struct('GetTransactionRequest', { hash: text, xdrFormat: text });
const many = byPosition(['startLedger', 'pagination', 'xdrFormat'], struct('GetTransactionsRequest', rangeFields));

export const transactionMethods: RpcMethods = {
  getTransaction: method(one, getTransaction),
  getTransactions: method(many, getTransactions),
};

function getTransaction({ hash, xdrFormat }: ReturnType<typeof one>, { history }: Chain): unknown {
  const output = outputOf(xdrFormat);
  refuseNoHash(hash);
  const latest = history.latest();
  const oldest = history.oldest();
  const record = history.transaction(hash.toLowerCase());
  return {
    latestLedger: latest.sequence,
    latestLedgerCloseTime: String(latest.closeTimeS),
    oldestLedger: oldest.sequence,
    oldestLedgerCloseTime: String(oldest.closeTimeS),
    ...(record ? transactionAnswer(record, hash, output) : notFound(hash)),
    createdAt: String(record?.closeTimeS ?? 0),
  };
}

function refuseNoHash(hash: string): void {
  const digits = Buffer.byteLength(hash);
  // An odd digit at the end is overlooked where the length is counted in bytes, and found where they are read.
  if (digits >> 1 !== 32) throw new RpcError('invalidParams', `unexpected hash length (${digits})`);
  const wrong = /[^0-9a-f]/i.exec(hash)?.[0];
  const reason = wrong === undefined ? (digits % 2 === 1 ? 'odd length hex string' : undefined) : invalidByte(wrong);
  if (reason) throw new RpcError('invalidParams', `incorrect hash: encoding/hex: ${reason}`);
}

function invalidByte(character: string): string {
  const byte = Buffer.from(character)[0] ?? 0;
  return `invalid byte: U+${byte.toString(16).toUpperCase().padStart(4, '0')} '${String.fromCharCode(byte)}'`;
}

function notFound(txHash: string) {
  return { status: 'NOT_FOUND', txHash, applicationOrder: 0, feeBump: false, events: {}, ledger: 0 };
}

function transactionAnswer(record: TransactionRecord, txHash: string, output: Output) {
  const meta = xdr.TransactionMeta.fromXdr(record.meta);
  const v4 = meta.type === 'v4' ? meta.v4 : undefined;
  const bytesOf = (values: readonly { toXdr(): Uint8Array }[] = []) => values.map((value) => value.toXdr());
  const contractEvents = v4?.operations.map(({ events }) => bytesOf(events)) ?? [];
  return {
    status: record.successful ? 'SUCCESS' : 'FAILED',
    txHash,
    applicationOrder: record.order,
    feeBump: record.innerHash !== undefined,
    ...output.field('envelopeXdr', xdr.TransactionEnvelope, record.envelope),
    ...output.field('resultXdr', xdr.TransactionResult, record.result),
    ...output.field('resultMetaXdr', xdr.TransactionMeta, record.meta),
    ...output.fields('diagnosticEventsXdr', xdr.DiagnosticEvent, bytesOf(v4?.diagnosticEvents)),
    events: {
      ...output.fields('transactionEventsXdr', xdr.TransactionEvent, bytesOf(v4?.events)),
      ...output.nested('contractEventsXdr', xdr.ContractEvent, contractEvents),
    },
    ledger: record.ledger,
  };
}

function getTransactions(params: ReturnType<typeof many>, { history }: Chain): unknown {
  const { cursor, limit } = readRange(params, history);
  const output = outputOf(params.xdrFormat);
  const after = cursor === '' ? { ledger: params.startLedger, order: 0 } : positionOf(cursor, history);
  const latest = history.latest();
  const oldest = history.oldest();
  const found = pageOfTransactions(history.ledgers(after.ledger, latest.sequence), after, limit);
  return {
    transactions: found.map((record) => ({
      ...transactionAnswer(record, record.hash, output),
      createdAt: record.closeTimeS,
    })),
    latestLedger: latest.sequence,
    latestLedgerCloseTimestamp: latest.closeTimeS,
    oldestLedger: oldest.sequence,
    oldestLedgerCloseTimestamp: oldest.closeTimeS,
    cursor: cursorAfter(found.length === limit ? found.at(-1) : undefined, after, latest),
  };
}

/** Where a transaction is: its ledger and its number there, from 1. */
type Position = { ledger: number; order: number };

function pageOfTransactions(ledgers: Iterable<LedgerRecord>, after: Position, limit: number): TransactionRecord[] {
  const found: TransactionRecord[] = [];
  for (const { transactions } of ledgers) {
    for (const record of transactions) {
      if (record.ledger === after.ledger && record.order <= after.order) continue;
      found.push(record);
      if (found.length === limit) return found;
    }
  }
  return found;
}

/** At the end it never goes back, so that following it tells each transaction once. */
function cursorAfter(last: TransactionRecord | undefined, after: Position, latest: LedgerRecord): string {
  const end = last ?? { ledger: latest.sequence, order: latest.transactions.length };
  const isPast = after.ledger > end.ledger || (after.ledger === end.ledger && after.order > end.order);
  const { ledger, order } = isPast ? after : end;
  // A transaction's position is counted with its first operation.
  return toid(ledger, order, 1).toString();
}

function positionOf(cursor: string, history: History): Position {
  const position = parseInteger(cursor, 'ParseInt', 64);
  const ledger = Number(position >> 32n);
  if (ledger < 0) throw new RpcError('invalidParams', 'cursor ledger sequence cannot be negative');
  if (ledger < history.oldest().sequence) {
    throw new RpcError('invalidParams', `database does not contain metadata for ledger: ${ledger}`);
  }
  return { ledger, order: Number((position >> 12n) & 0xfffffn) };
}
