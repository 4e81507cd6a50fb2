/** Every path that Horizon answers here. A path that is not in the table is 404, a method that is not is 405. */
import { accountData, accountDataBytes } from './account-data.ts';
import { accountResource } from './account-resource.ts';
import { accountsBy } from './accounts-by.ts';
import { assets } from './asset-list.ts';
import { claimableBalance, claimableBalances } from './claimable-balances.ts';
import { feeStatsResource } from './fee-stats.ts';
import { effects, operations, payments, transactions } from './history-lists.ts';
import { operationAt, transactionAt } from './history-objects.ts';
import { ledgerAt, ledgers } from './ledgers.ts';
import { strictReceivePaths, strictSendPaths } from './payment-paths.ts';
import { rootResource } from './root.ts';
import type { Asked, HalRecord, Route, Site } from './route.ts';
import { submitAndWait } from './submit.ts';
import { submitAsync } from './submit-async.ts';
import { emptyOrderBook, noAccountOffers, noAggregations, noOffer, noPool, noRecords, noTrades } from './trading.ts';

const HEALTH_TYPE = 'application/health+json; charset=utf-8';

const history = { kind: 'history', tokens: 'toid' } as const;
const pairs = { kind: 'history', tokens: 'pair' } as const;

export const routes: readonly Route[] = [
  { path: '/', fault: 'root', kind: 'object', answer: rootResource },
  { path: '/health', fault: 'health', kind: 'object', type: HEALTH_TYPE, answer: health },
  { path: '/fee_stats', fault: 'fee_stats', kind: 'object', answer: ({ chain }) => feeStatsResource(chain) },

  { path: '/ledgers', fault: 'ledgers', ...history, answer: ledgers },
  { path: '/ledgers/{ledger_id}', fault: 'ledgers', kind: 'object', answer: ledgerAt },
  { path: '/ledgers/{ledger_id}/transactions', fault: 'transactions', ...history, answer: transactions },
  { path: '/ledgers/{ledger_id}/operations', fault: 'operations', ...history, answer: operations },
  { path: '/ledgers/{ledger_id}/payments', fault: 'payments', ...history, answer: payments },
  { path: '/ledgers/{ledger_id}/effects', fault: 'effects', ...pairs, answer: effects },

  { path: '/accounts', fault: 'accounts', kind: 'state', answer: accountsBy },
  { path: '/accounts/{account_id}', fault: 'accounts', kind: 'object', state: true, streams: true, answer: account },
  {
    path: '/accounts/{account_id}/data/{key}',
    fault: 'accounts',
    kind: 'object',
    state: true,
    streams: true,
    answer: accountData,
    octets: accountDataBytes,
  },
  { path: '/accounts/{account_id}/transactions', fault: 'transactions', ...history, answer: transactions },
  { path: '/accounts/{account_id}/operations', fault: 'operations', ...history, answer: operations },
  { path: '/accounts/{account_id}/payments', fault: 'payments', ...history, answer: payments },
  { path: '/accounts/{account_id}/effects', fault: 'effects', ...pairs, answer: effects },

  { path: '/transactions', fault: 'transactions', ...history, answer: transactions },
  { path: '/transactions/{tx_id}', fault: 'transactions', kind: 'object', answer: transactionAt },
  { path: '/transactions/{tx_id}/operations', fault: 'operations', ...history, answer: operations },
  { path: '/transactions/{tx_id}/payments', fault: 'payments', ...history, answer: payments },
  { path: '/transactions/{tx_id}/effects', fault: 'effects', ...pairs, answer: effects },

  { path: '/operations', fault: 'operations', ...history, answer: operations },
  { path: '/operations/{id}', fault: 'operations', kind: 'object', answer: operationAt },
  { path: '/operations/{id}/effects', fault: 'effects', ...pairs, answer: effects },

  { path: '/payments', fault: 'payments', ...history, answer: payments },

  { path: '/effects', fault: 'effects', ...pairs, answer: effects },

  { path: '/assets', fault: 'assets', kind: 'state', answer: assets },

  { path: '/claimable_balances', fault: 'claimable_balances', kind: 'state', answer: claimableBalances },
  {
    path: '/claimable_balances/{id}',
    fault: 'claimable_balances',
    kind: 'object',
    state: true,
    answer: claimableBalance,
  },
  { path: '/claimable_balances/{balance_id}/transactions', fault: 'transactions', ...history, answer: transactions },
  { path: '/claimable_balances/{balance_id}/operations', fault: 'operations', ...history, answer: operations },

  { path: '/offers', fault: 'offers', kind: 'state', answer: noRecords },
  { path: '/offers/{offer_id}', fault: 'offers', kind: 'object', state: true, answer: noOffer },
  { path: '/offers/{offer_id}/trades', fault: 'trades', kind: 'history', tokens: 'pair', answer: noTrades },
  { path: '/accounts/{account_id}/offers', fault: 'offers', kind: 'state', streams: true, answer: noAccountOffers },
  { path: '/accounts/{account_id}/trades', fault: 'trades', kind: 'history', tokens: 'pair', answer: noTrades },
  { path: '/trades', fault: 'trades', kind: 'history', tokens: 'pair', answer: noTrades },
  { path: '/trade_aggregations', fault: 'trades', kind: 'object', answer: noAggregations },
  { path: '/liquidity_pools', fault: 'liquidity_pools', kind: 'state', answer: noRecords },
  { path: '/liquidity_pools/{liquidity_pool_id}', fault: 'liquidity_pools', kind: 'object', answer: noPool },
  { path: '/order_book', fault: 'order_book', kind: 'object', state: true, streams: true, answer: emptyOrderBook },
  { path: '/paths', fault: 'paths', kind: 'object', state: true, answer: strictReceivePaths },
  { path: '/paths/strict-receive', fault: 'paths', kind: 'object', state: true, answer: strictReceivePaths },
  { path: '/paths/strict-send', fault: 'paths', kind: 'object', state: true, answer: strictSendPaths },

  { path: '/transactions', fault: 'submit', kind: 'submit', answer: submitAndWait },
  { path: '/transactions_async', fault: 'submit', kind: 'submit', answer: submitAsync },
];

/** What Horizon stands on is this process: while it answers, all of it is there. */
function health(): HalRecord {
  return { database_connected: true, core_up: true, core_synced: true };
}

function account({ chain, base }: Site, asked: Asked): HalRecord {
  return accountResource(chain, asked.param('account_id'), base);
}
