/** What recent transactions bid for inclusion, per operation. */

import { BASE_FEE_STROOPS } from './balances.ts';
import type { History } from './history.ts';

export type FeeStatistics = {
  /** Stroops; the base fee when nobody bid. */
  percentiles: Record<Percentile, bigint>;
  max: bigint;
  min: bigint;
  mode: bigint;
  transactionCount: number;
  ledgerCount: number;
};

const PERCENTILES = [10, 20, 30, 40, 50, 60, 70, 80, 90, 95, 99] as const;
export type Percentile = (typeof PERCENTILES)[number];

/** Over the last `ledgers` ledgers; Soroban transactions and others do not compete. */
export function feeStatistics(history: History, ledgers: number, soroban: boolean): FeeStatistics {
  const last = history.latest().sequence;
  const records = [...history.ledgers(last - ledgers + 1, last)];
  const bids = records
    .flatMap(({ transactions }) => transactions.filter((transaction) => transaction.soroban === soroban))
    .map(({ bidStroops }) => bidStroops)
    .sort((a, b) => (a < b ? -1 : 1));
  const at = (percent: number) => bids[Math.max(0, Math.ceil((percent / 100) * bids.length) - 1)] ?? BASE_FEE_STROOPS;
  const percentiles = Object.fromEntries(PERCENTILES.map((percent) => [percent, at(percent)]));
  return {
    percentiles: percentiles as Record<Percentile, bigint>,
    max: at(100),
    min: at(0),
    mode: mostFrequent(bids),
    transactionCount: bids.length,
    ledgerCount: records.length,
  };
}

function mostFrequent(bids: readonly bigint[]): bigint {
  const counts = new Map<bigint, number>();
  for (const bid of bids) counts.set(bid, (counts.get(bid) ?? 0) + 1);
  const [first] = [...counts].sort(([, a], [, b]) => b - a);
  return first?.[0] ?? BASE_FEE_STROOPS;
}
