/** The root document: which network this is, how far it reaches, and where everything is. */
import { timeText } from './amounts.ts';
import type { HalRecord, Site } from './route.ts';

const PAGE = 'cursor,limit,order';

function assetOf(prefix: string): string {
  return ['type', 'code', 'issuer'].map((field) => `${prefix}asset_${field}`).join(',');
}

/** Where templates (RFC 6570) or plain addresses lead; templates are those with braces. */
const LINKS: Readonly<Record<string, string>> = {
  account: '/accounts/{account_id}',
  accounts: `/accounts{?signer,sponsor,asset,liquidity_pool,${PAGE}}`,
  account_transactions: `/accounts/{account_id}/transactions{?${PAGE}}`,
  assets: `/assets{?asset_code,asset_issuer,${PAGE}}`,
  claimable_balances: `/claimable_balances{?asset,sponsor,claimant,${PAGE}}`,
  effects: `/effects{?${PAGE}}`,
  fee_stats: '/fee_stats',
  friendbot: '/friendbot{?addr}',
  ledger: '/ledgers/{sequence}',
  ledgers: `/ledgers{?${PAGE}}`,
  liquidity_pools: `/liquidity_pools{?reserves,account,${PAGE}}`,
  offer: '/offers/{offer_id}',
  offers: `/offers{?selling,buying,seller,sponsor,${PAGE}}`,
  operation: '/operations/{id}',
  operations: `/operations{?${PAGE},include_failed}`,
  order_book: `/order_book{?${assetOf('selling_')},${assetOf('buying_')},limit}`,
  payments: `/payments{?${PAGE},include_failed}`,
  self: '/',
  strict_receive_paths: `/paths/strict-receive{?source_assets,source_account,${assetOf('destination_')},destination_amount}`,
  strict_send_paths: `/paths/strict-send{?destination_account,destination_assets,${assetOf('source_')},source_amount}`,
  trade_aggregations: `/trade_aggregations{?${assetOf('base_')},${assetOf('counter_')},start_time,end_time,resolution}`,
  trades: `/trades{?${assetOf('base_')},${assetOf('counter_')},offer_id,trade_type,${PAGE}}`,
  transaction: '/transactions/{hash}',
  transactions: `/transactions{?${PAGE}}`,
};

export function rootResource({ chain, view, base }: Site): HalRecord {
  const { protocolVersion } = chain.host;
  return {
    _links: Object.fromEntries(Object.entries(LINKS).map(([name, path]) => [name, link(base, path)])),
    horizon_version: 'callora-devnet',
    core_version: 'callora-devnet',
    ingest_latest_ledger: view.latest,
    history_latest_ledger: view.latest,
    history_latest_ledger_closed_at: timeText(chain.history.latest().closeTimeS),
    history_elder_ledger: view.oldest,
    core_latest_ledger: view.latest,
    network_passphrase: view.passphrase,
    current_protocol_version: protocolVersion,
    supported_protocol_version: protocolVersion,
    core_supported_protocol_version: protocolVersion,
  };
}

function link(base: string, path: string) {
  return { href: `${base}${path}`, ...(path.includes('{') ? { templated: true } : {}) };
}
