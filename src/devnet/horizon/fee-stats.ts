/** What was bid and paid lately, as Horizon tells it: for each operation, the fee of resources included. */
import { BASE_FEE_STROOPS } from '../ledger/balances.ts';
import type { Chain } from '../ledger/chain.ts';
import { feeDistribution } from '../ledger/fee-distribution.ts';
import { feeBid } from '../ledger/fees.ts';
import type { LedgerRecord } from '../ledger/records.ts';
import type { TransactionRecord } from '../ledger/transaction-record.ts';

/** Over the last five ledgers, as Horizon does. */
const FEE_LEDGERS = 5;

export function feeStatsResource({ history }: Chain): Record<string, unknown> {
  const latest = history.latest().sequence;
  const ledgers = [...history.ledgers(latest - FEE_LEDGERS + 1, latest)];
  const recent = ledgers.flatMap(({ transactions }) => transactions);
  return {
    last_ledger: String(latest),
    last_ledger_base_fee: String(BASE_FEE_STROOPS),
    ledger_capacity_usage: capacityUsage(ledgers),
    fee_charged: spread(recent.map((record) => perOperation(record, record.feeChargedStroops))),
    max_fee: spread(recent.map((record) => perOperation(record, feeBid(record.signed)))),
  };
}

function spread(fees: readonly bigint[]): Record<string, string> {
  const named = Object.entries(feeDistribution(fees, BASE_FEE_STROOPS));
  return Object.fromEntries(named.map(([name, fee]) => [name, String(fee)]));
}

/** Rounded up. A fee bump counts as one operation more. */
function perOperation({ signed }: TransactionRecord, stroops: bigint): bigint {
  const operations = BigInt(signed.tx.operations.length + (signed.feeBump ? 1 : 0));
  return (stroops + operations - 1n) / operations;
}

/** The part of the room for operations that was used, with two decimals. */
function capacityUsage(ledgers: readonly LedgerRecord[]): string {
  const used = ledgers
    .flatMap(({ transactions }) => transactions)
    .reduce((sum, { signed }) => sum + signed.tx.operations.length, 0);
  const room = ledgers.reduce((sum, { closed }) => sum + closed.header.maxTxSetSize, 0);
  return (Math.round((100 * used) / room) / 100).toFixed(2);
}
