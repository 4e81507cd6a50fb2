/** One transaction, one operation. */
import { toid } from '../ledger/records.ts';
import type { TransactionRecord } from '../ledger/transaction-record.ts';
import { type HistoryOperation, operationResource } from './operation-resource.ts';
import { pageOf, windowOf } from './page.ts';
import { transactionsJoined } from './params.ts';
import { badRequest, beforeHistory, notFound } from './problem.ts';
import type { Asked, HalRecord, Site } from './route.ts';
import { transactionResource } from './transaction-resource.ts';

export function transactionAt(site: Site, asked: Asked): HalRecord {
  return transactionResource(transactionParam(site, asked), site.base, asked.param('tx_id'));
}

/** By its own hash, or by that of the transaction within a fee bump. Throws 400 or 404. */
export function transactionParam({ chain }: Site, asked: Asked): TransactionRecord {
  const hash = asked.param('tx_id');
  if (!/^[0-9a-f]{64}$/.test(hash)) {
    throw badRequest('tx_id', 'Transaction hash must be a hex-encoded, lowercase SHA-256 hash');
  }
  const record = chain.history.transaction(hash);
  if (!record) throw notFound();
  return record;
}

export function operationAt(site: Site, asked: Asked): HalRecord {
  const joined = transactionsJoined(asked.query);
  const operation = operationParam(site, asked);
  return {
    ...operationResource(operation, site.base),
    ...(joined ? { transaction: transactionResource(operation.record, site.base) } : {}),
  };
}

/** Throws 400, 404, or 410 where its ledger is no longer kept. */
export function operationParam({ archive, view }: Site, asked: Asked): HistoryOperation {
  const text = asked.param('id');
  if (!/^\d{1,19}$/.test(text)) throw badRequest('id', 'Operation ID must be an integer higher than 0');
  const id = BigInt(text);
  if (id < toid(view.oldest, 0, 0)) throw beforeHistory();
  const query = { after: id - 1n, order: 'asc' as const, limit: 1, ...windowOf(view, 'toid') };
  const [operation] = pageOf(archive.operations(), (item) => item.id, query);
  if (operation?.id !== id) throw notFound();
  return operation;
}
