/** Lists of history: of the whole network, of an account, of a ledger, of a transaction, of an operation. */
import { toid } from '../ledger/records.ts';
import { accountResource } from './account-resource.ts';
import { balanceHex, claimableBalanceAt } from './claimable-balances.ts';
import { effectPosition, effectResource } from './effect-archive.ts';
import { operationParam, transactionParam } from './history-objects.ts';
import { ledgerParam } from './ledgers.ts';
import { type HistoryOperation, operationResource } from './operation-resource.ts';
import { firstPosition, type PageQuery, pageOf, type Tokens } from './page.ts';
import { failedIncluded, transactionsJoined } from './params.ts';
import { notFound } from './problem.ts';
import type { Asked, Shelf, Site } from './route.ts';
import { transactionResource, transactionToid } from './transaction-resource.ts';

export function transactions(site: Site, asked: Asked): Shelf {
  const { account, part } = scopeOf(site, asked);
  const withFailed = failedIncluded(asked.query);
  return {
    page: (query) =>
      pageOf(
        site.archive.transactions(account),
        transactionToid,
        part(query),
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
  const { account, part } = scopeOf(site, asked);
  // Whoever asks about a transaction that failed asks about what failed in it.
  const withFailed = failedIncluded(asked.query) || asked.has('tx_id');
  const joined = transactionsJoined(asked.query);
  const shown = (operation: HistoryOperation) => (withFailed || operation.record.successful) && wanted(operation);
  return {
    page: (query) =>
      pageOf(site.archive.operations(account), ({ id }) => id, part(query), shown).map((operation) => ({
        ...operationResource(operation, site.base),
        ...(joined ? { transaction: transactionResource(operation.record, site.base) } : {}),
      })),
  };
}

export function effects(site: Site, asked: Asked): Shelf {
  const { account, part } = scopeOf(site, asked, 'pair');
  return {
    page: (query) =>
      pageOf(site.effects.list(account), effectPosition, part(query)).map((effect) =>
        effectResource(effect, site.base),
      ),
  };
}

/** Whose history it is, an account's or a claimable balance's, and which part of it. */
type Scope = { account?: string; part(query: PageQuery): PageQuery };

/** Throws 404 where there never was such an account, balance, ledger, transaction or operation. */
function scopeOf(site: Site, asked: Asked, tokens: Tokens = 'toid'): Scope {
  const between = (from: bigint, end: bigint) =>
    positions(firstPosition(from, tokens), firstPosition(end, tokens) - 1n);
  if (asked.has('account_id')) {
    const account = asked.param('account_id');
    // An account that was merged away keeps its history as long as there is some; one that never was has none.
    if (site.archive.transactions(account).length === 0) accountResource(site.chain, account, site.base);
    return { account, part: (query) => query };
  }
  if (asked.has('balance_id')) {
    const balance = balanceHex(asked.param('balance_id'));
    // One that was claimed keeps its history too, one that waits longer than history is kept has none left.
    if (site.archive.operations(balance).length === 0) claimableBalanceAt(site, balance);
    return { account: balance, part: (query) => query };
  }
  if (asked.has('ledger_id')) {
    const sequence = ledgerParam(asked);
    if (!site.chain.history.ledger(sequence)) throw notFound();
    return { part: between(toid(sequence, 0, 0), toid(sequence + 1, 0, 0)) };
  }
  if (asked.has('tx_id')) {
    const { ledger, order } = transactionParam(site, asked);
    return { part: between(toid(ledger, order, 0), toid(ledger, order + 1, 0)) };
  }
  if (asked.has('id')) {
    const { id } = operationParam(site, asked);
    return { part: between(id, id + 1n) };
  }
  return { part: (query) => query };
}

/** Only positions from `from` to `to`, as far as they can be seen at all. */
function positions(from: bigint, to: bigint): Scope['part'] {
  return (query) => ({
    ...query,
    first: query.first > from ? query.first : from,
    last: query.last < to ? query.last : to,
  });
}
