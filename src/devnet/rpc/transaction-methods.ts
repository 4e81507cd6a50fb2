/** Sending transactions and finding what became of them. */
import { xdr } from '@stellar/stellar-sdk';
import type { Chain } from '../ledger/chain.ts';
import type { SignedTransaction } from '../ledger/envelope.ts';
import type { QueueAnswer } from '../ledger/queue.ts';
import { toid } from '../ledger/records.ts';
import type { TransactionRecord } from '../ledger/transaction-record.ts';
import { type Params, RpcError, type RpcMethods } from './json-rpc.ts';
import { base64, page, requireBase64Format, text, uint32 } from './params.ts';

const TRANSACTIONS_DEFAULT = 50;
const TRANSACTIONS_MAX = 200;

export const transactionMethods: RpcMethods = {
  sendTransaction: (params, chain) => sendTransaction(chain, params),
  getTransaction: (params, chain) => getTransaction(chain, params),
  getTransactions: (params, chain) => getTransactions(chain, params),
};

function sendTransaction(chain: Chain, params: Params): unknown {
  requireBase64Format(params);
  const signed = readTransaction(chain, text(params, 'transaction'));
  const { sequence, closeTimeS } = chain.history.latest();
  const answer = chain.submit(signed);
  return {
    status: answer.status,
    hash: signed.hash,
    latestLedger: sequence,
    latestLedgerCloseTime: String(closeTimeS),
    ...(answer.status === 'ERROR' ? errorFields(answer) : {}),
  };
}

function errorFields({ result, diagnostics }: Extract<QueueAnswer, { status: 'ERROR' }>) {
  return {
    errorResultXdr: result.toXdr('base64'),
    ...(diagnostics.length > 0 ? { diagnosticEventsXdr: diagnostics.map((event) => event.toXdr('base64')) } : {}),
  };
}

export function readTransaction(chain: Chain, envelope: string): SignedTransaction {
  const bytes = base64(envelope, 'transaction');
  try {
    return chain.read(bytes);
  } catch {
    throw new RpcError('invalidParams', 'invalid_xdr');
  }
}

function getTransaction({ history }: Chain, params: Params): unknown {
  requireBase64Format(params);
  const hash = text(params, 'hash');
  if (!/^[0-9a-f]{64}$/.test(hash)) throw new RpcError('invalidParams', `unexpected hash: 64 hex digits expected`);
  const latest = history.latest();
  const oldest = history.oldest();
  const record = history.transaction(hash);
  return {
    ...(record ? transactionAnswer(record, hash) : { status: 'NOT_FOUND', txHash: hash }),
    latestLedger: latest.sequence,
    latestLedgerCloseTime: String(latest.closeTimeS),
    oldestLedger: oldest.sequence,
    oldestLedgerCloseTime: String(oldest.closeTimeS),
    ...(record ? { createdAt: String(record.closeTimeS) } : {}),
  };
}

function transactionAnswer(record: TransactionRecord, txHash: string) {
  const meta = xdr.TransactionMeta.fromXdr(record.meta);
  const v4 = meta.type === 'v4' ? meta.v4 : undefined;
  return {
    status: record.successful ? 'SUCCESS' : 'FAILED',
    txHash,
    applicationOrder: record.order,
    feeBump: record.innerHash !== undefined,
    envelopeXdr: toBase64(record.envelope),
    resultXdr: toBase64(record.result),
    resultMetaXdr: toBase64(record.meta),
    ledger: record.ledger,
    diagnosticEventsXdr: v4?.diagnosticEvents.map((event) => event.toXdr('base64')) ?? [],
    events: {
      transactionEventsXdr: v4?.events.map((event) => event.toXdr('base64')) ?? [],
      contractEventsXdr: v4?.operations.map(({ events }) => events.map((event) => event.toXdr('base64'))) ?? [],
    },
  };
}

function getTransactions({ history }: Chain, params: Params): unknown {
  requireBase64Format(params);
  const { cursor, limit } = page(params, TRANSACTIONS_DEFAULT, TRANSACTIONS_MAX);
  const start = uint32(params, 'startLedger');
  if (cursor !== undefined && start !== 0) {
    throw new RpcError('invalidParams', 'startLedger and cursor cannot both be set');
  }
  const after = cursor === undefined ? toid(start, 0, 0) : positionCursor(cursor);
  const from = cursor === undefined ? start : Number(after >> 32n);
  const latest = history.latest();
  const oldest = history.oldest();
  if (from < oldest.sequence || from > latest.sequence) {
    const range = `[${oldest.sequence}, ${latest.sequence}]`;
    throw new RpcError(
      'invalidParams',
      `start ledger must be between the oldest ledger and the latest ledger for this rpc instance: ${range}`,
    );
  }
  const found = pageOfTransactions(history.ledgers(from, latest.sequence), after, limit);
  const last = found.at(-1);
  return {
    transactions: found.map((record) => ({
      ...transactionAnswer(record, record.hash),
      createdAt: record.closeTimeS,
    })),
    latestLedger: latest.sequence,
    latestLedgerCloseTimestamp: latest.closeTimeS,
    oldestLedger: oldest.sequence,
    oldestLedgerCloseTimestamp: oldest.closeTimeS,
    cursor: String(last ? positionOf(last) : after),
  };
}

function pageOfTransactions(
  ledgers: Iterable<{ transactions: readonly TransactionRecord[] }>,
  after: bigint,
  limit: number,
): TransactionRecord[] {
  const found: TransactionRecord[] = [];
  for (const { transactions } of ledgers) {
    for (const record of transactions) {
      if (positionOf(record) <= after) continue;
      found.push(record);
      if (found.length === limit) return found;
    }
  }
  return found;
}

/** The real server counts a transaction's position with its first operation. */
function positionOf(record: TransactionRecord): bigint {
  return toid(record.ledger, record.order, 1);
}

function positionCursor(cursor: string): bigint {
  if (!/^\d{1,19}$/.test(cursor)) throw new RpcError('invalidParams', 'the cursor is not one of this method');
  return BigInt(cursor);
}

function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}
