/** Ledgers and fee statistics. */
import { BASE_FEE_STROOPS } from '../ledger/balances.ts';
import type { Chain } from '../ledger/chain.ts';
import { feeDistribution } from '../ledger/fee-distribution.ts';
import { type LedgerRecord, toid } from '../ledger/records.ts';
import { amountText, timeText } from './amounts.ts';

const LEDGER_LISTS = ['transactions', 'operations', 'payments', 'effects'];

export function ledgerResource(record: LedgerRecord, base: string): Record<string, unknown> {
  const { header, hash } = record.closed;
  const self = `/ledgers/${record.sequence}`;
  const list = (name: string) => [name, { href: `${base}${self}/${name}{?cursor,limit,order}`, templated: true }];
  const good = record.transactions.filter(({ successful }) => successful);
  const operations = (list: typeof good) => list.reduce((sum, { signed }) => sum + signed.tx.operations.length, 0);
  return {
    _links: { self: { href: `${base}${self}` }, ...Object.fromEntries(LEDGER_LISTS.map(list)) },
    id: Buffer.from(hash).toString('hex'),
    paging_token: toid(record.sequence, 0, 0).toString(),
    hash: Buffer.from(hash).toString('hex'),
    prev_hash: header.previousLedgerHash.toString(),
    sequence: record.sequence,
    successful_transaction_count: good.length,
    failed_transaction_count: record.transactions.length - good.length,
    operation_count: operations(good),
    tx_set_operation_count: operations([...record.transactions]),
    closed_at: timeText(record.closeTimeS),
    total_coins: amountText(header.totalCoins),
    fee_pool: amountText(header.feePool),
    base_fee_in_stroops: header.baseFee,
    base_reserve_in_stroops: header.baseReserve,
    max_tx_set_size: header.maxTxSetSize,
    protocol_version: header.ledgerVersion,
    header_xdr: header.toXdr('base64'),
  };
}

/** Over the last five ledgers, as Horizon does. */
const FEE_LEDGERS = 5;

export function feeStatsResource({ history }: Chain): Record<string, unknown> {
  const latest = history.latest().sequence;
  const recent = [...history.ledgers(latest - FEE_LEDGERS + 1, latest)].flatMap(({ transactions }) => transactions);
  const classic = recent.filter(({ soroban }) => !soroban).map(({ bidStroops }) => bidStroops);
  const spread = Object.entries(feeDistribution(classic, BASE_FEE_STROOPS));
  const base = String(BASE_FEE_STROOPS);
  return {
    last_ledger: String(latest),
    last_ledger_base_fee: base,
    ledger_capacity_usage: '0',
    fee_charged: Object.fromEntries(spread.map(([name]) => [name, base])),
    max_fee: Object.fromEntries(spread.map(([name, bid]) => [name, String(bid)])),
  };
}
