import { type FeeStatistics, feeStatistics } from '../ledger/fee-statistics.ts';
import type { RpcMethods } from './json-rpc.ts';

/** How many ledgers back each kind of transaction is looked at, as the real server does by default. */
const WINDOW_LEDGERS = { soroban: 50, classic: 10 } as const;

export const feeMethods: RpcMethods = {
  getFeeStats: (_params, { history }) => ({
    sorobanInclusionFee: distribution(feeStatistics(history, WINDOW_LEDGERS.soroban, true)),
    inclusionFee: distribution(feeStatistics(history, WINDOW_LEDGERS.classic, false)),
    latestLedger: history.latest().sequence,
  }),
};

function distribution({ percentiles, max, min, mode, transactionCount, ledgerCount }: FeeStatistics) {
  const named = Object.entries(percentiles).map(([percent, fee]) => [`p${percent}`, String(fee)]);
  return {
    max: String(max),
    min: String(min),
    mode: String(mode),
    ...Object.fromEntries(named),
    transactionCount: String(transactionCount),
    ledgerCount,
  };
}
