import { formatUsdc } from '../money.ts';
import type { ExitRow } from '../store/exits.ts';

/** A co-signed exit as its owner and the operator see it; never its envelope. */
export type ExitView = {
  id: string;
  to: string;
  amount: string;
  state: ExitRow['state'];
  created_at: string;
  /** The last ledger in which it can land. */
  expires_ledger: number;
  ended_at: string | null;
  tx_hash: string | null;
};

export function exitView(row: ExitRow): ExitView {
  const time = (ms: number) => new Date(ms).toISOString();
  return {
    id: String(row.id),
    to: row.to,
    amount: formatUsdc(row.amount),
    state: row.state,
    created_at: time(row.createdAtMs),
    expires_ledger: row.expiresLedger,
    ended_at: row.endedAtMs === undefined ? null : time(row.endedAtMs),
    tx_hash: row.txHash ?? null,
  };
}
