/** Lists of history: of the whole network, of an account, of a transaction. */
import type { TransactionRecord } from '../ledger/transaction-record.ts';
import { accountResource } from './account-resource.ts';
import { type HistoryOperation, operationResource } from './operation-resource.ts';
import { pageOf } from './page.ts';
import { failedIncluded, transactionsJoined } from './params.ts';
import { notFound } from './problem.ts';
import type { Asked, Shelf, Site } from './route.ts';
import { transactionResource, transactionToid } from './transaction-resource.ts';

export function transactions(site: Site, asked: Asked): Shelf {
  const { account } = scopeOf(site, asked);
  const withFailed = failedIncluded(asked.query);
  return {
    page: (query) =>
      pageOf(
        site.archive.transactions(account),
        transactionToid,
        query,
        ({ successful }) => withFailed || successful,
      ).map((record) => transactionResource(record, site.base)),
  };
}

export function operations(site: Site, asked: Asked): Shelf {
  return operationShelf(site, asked, () => true);
}

export function payments(site: Site, asked: Asked): Shelf {
  return operationShelf(site, asked, ({ isPayment }) => isPayment);
}

function operationShelf(site: Site, asked: Asked, wanted: (operation: HistoryOperation) => boolean): Shelf {
  const { account, transaction } = scopeOf(site, asked);
  // Whoever asks about a transaction that failed asks about what failed in it.
  const withFailed = failedIncluded(asked.query) || transaction !== undefined;
  const joined = transactionsJoined(asked.query);
  const shown = (operation: HistoryOperation) =>
    (withFailed || operation.record.successful) &&
    (transaction === undefined || operation.record === transaction) &&
    wanted(operation);
  return {
    page: (query) =>
      pageOf(site.archive.operations(account), ({ id }) => id, query, shown).map((operation) => ({
        ...operationResource(operation, site.base),
        ...(joined ? { transaction: transactionResource(operation.record, site.base) } : {}),
      })),
  };
}

/** Of which account or transaction the list is; throws 404 where there never was such a one. */
function scopeOf({ chain, archive, base }: Site, asked: Asked): { account?: string; transaction?: TransactionRecord } {
  if (asked.has('account_id')) {
    const account = asked.param('account_id');
    // An account that was merged away keeps its history; one that never was has none.
    if (archive.transactions(account).length === 0) accountResource(chain, account, base);
    return { account };
  }
  if (!asked.has('tx_id')) return {};
  const transaction = chain.history.transaction(asked.param('tx_id'));
  if (!transaction) throw notFound();
  return { transaction };
}
