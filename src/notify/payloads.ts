import { formatUsdc, subtract, type Units, units, zero } from '../money.ts';
import type { BatchLineRow, BatchRow } from '../store/batches.ts';

/** What each kind of event says; docs/webhooks.md shows one of each. Amounts as decimal USDC, times as ISO 8601. */

export type LowBalance = { account: string; available: Units; bound: Units };
export type WatcherLag = {
  ageMs: number;
  lastClosedAtMs: number;
  lastLedger: number;
  behindLedgers: number | undefined;
};
export type HaltedLane = { lane: number; batch: number | undefined; reason: string };
export type BrokenInvariant = { identity: string; detail: string };

export function balanceLow({ account, available, bound }: LowBalance) {
  return { account, available: formatUsdc(available), bound: formatUsdc(bound) };
}

export function watcherLag({ ageMs, lastClosedAtMs, lastLedger, behindLedgers }: WatcherLag) {
  return {
    age_s: Math.round(ageMs / 1000),
    last_ledger: lastLedger,
    last_closed_at: time(lastClosedAtMs),
    behind_ledgers: behindLedgers ?? null,
  };
}

export function invariantBroken({ identity, detail }: BrokenInvariant) {
  return { identity, detail };
}

export function settlementConfirmed(row: BatchRow) {
  return {
    lane: row.lane,
    batch: row.batch,
    calls: row.leaves,
    total: formatUsdc(row.total),
    root: row.root,
    ledger: row.ledger ?? null,
    tx_hash: row.txHash ?? null,
    confirmed_at: row.confirmedAtMs === undefined ? null : time(row.confirmedAtMs),
  };
}

/** A body stays small whatever a batch holds. */
const linesMax = 50;

/** Undefined when the chain took everything. */
export function settlementShortfall(row: BatchRow, lines: BatchLineRow[]) {
  const short = lines.filter(({ amount, taken }) => taken !== undefined && taken < amount);
  if (short.length === 0) return undefined;
  const missing = short.reduce((sum, line) => units(sum + missingOf(line)), zero);
  return {
    lane: row.lane,
    batch: row.batch,
    ledger: row.ledger ?? null,
    tx_hash: row.txHash ?? null,
    missing: formatUsdc(missing),
    lines_short: short.length,
    lines: short.slice(0, linesMax).map((line) => ({
      account: line.account,
      payee: line.payee,
      amount: formatUsdc(line.amount),
      missing: formatUsdc(missingOf(line)),
      reason: line.taken === -1n ? 'payee_not_listed' : 'balance_or_limit',
    })),
  };
}

export function settlementHalted({ lane, batch, reason }: HaltedLane) {
  return { lane, batch: batch ?? null, reason };
}

/** −1 is the vault's mark for a payee that is not listed: nothing was taken. */
function missingOf({ amount, taken }: BatchLineRow): Units {
  return subtract(amount, taken === undefined || taken < 0n ? zero : units(taken));
}

function time(atMs: number): string {
  return new Date(atMs).toISOString();
}
