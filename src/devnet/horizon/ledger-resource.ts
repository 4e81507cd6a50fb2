/** A ledger as Horizon shows it. */
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
