import { subtract, type Units, units } from '../money.ts';
import { firstCallId } from './call-ids.ts';
import { fromStored } from './columns.ts';
import type { RawDb } from './raw-db.ts';
import { createUnsettledHeads, type UnsettledHead } from './unsettled-heads.ts';

/** Reads of the usage rows; the journal alone writes them. */
export type Charges = {
  /** Charges that are in no batch yet: their number and their sum net of refunds. */
  unsealed(): { count: number; net: Units };
  /** Their number alone, without a look at their rows. */
  unsealedCount(): number;
  /** Charges without a finish row from runs before this one: their calls broke off with the process. */
  doubtful(beforeRunId: number, limit: number): UsageRow[];
  /** Newest first; `before` is the id of the last row of the page before. */
  byAccount(accountId: number, query: { before?: number; limit: number }): UsageRow[];
  byId(id: number): UsageRow | undefined;
  /** Wall time of about the oldest charge that the chain has not confirmed, ms; free and refunded ones do not count. */
  oldestUnsettledAtMs(): number | undefined;
  /** The oldest of those that wait and of each batch under way, in the run of this number. */
  unsettledHeads(runId: number): UnsettledHead[];
};

/** One call as its account sees it. */
export type UsageRow = {
  id: number;
  atMs: number;
  accountId: number;
  account: string;
  tokenJti: string | undefined;
  api: string;
  payee: string;
  template: string;
  method: string;
  status: number;
  price: Units;
  refund: Units;
  refundReason: string | undefined;
  /** Undefined while the call runs, or for good when the process died during it. */
  outcome: 'completed' | 'client_gone' | 'upstream_broke' | 'gateway_failed' | undefined;
  bytesIn: number | undefined;
  bytesOut: number | undefined;
  durationMs: number | undefined;
  /** Where it was settled; undefined while unsealed, or for good when nothing was due. */
  batch:
    | { id: number; lane: number; batch: number; leaf: number; state: 'sealed' | 'submitted' | 'confirmed' }
    | undefined;
};

type Stored = {
  id: number;
  atMs: number;
  accountId: number;
  account: string;
  tokenJti: string | null;
  api: string;
  payee: string;
  template: string;
  method: string;
  status: number;
  price: number;
  refund: number | null;
  refundReason: string | null;
  outcome: 'completed' | 'client_gone' | 'upstream_broke' | 'gateway_failed' | null;
  bytesIn: number | null;
  bytesOut: number | null;
  durationMs: number | null;
  batchId: number | null;
  lane: number | null;
  batch: number | null;
  leaf: number | null;
  batchState: 'sealed' | 'submitted' | 'confirmed' | null;
};

const select = `SELECT c.id, c.at_ms AS atMs, c.account_id AS accountId, a.address AS account, t.jti AS tokenJti,
  r.api, r.payee, r.template, c.method, c.status, c.price, f.amount AS refund, f.reason AS refundReason,
  e.outcome, e.bytes_in AS bytesIn, e.bytes_out AS bytesOut, e.duration_ms AS durationMs,
  b.id AS batchId, b.lane, b.batch, s.leaf, b.state AS batchState
  FROM charges c JOIN accounts a ON a.id = c.account_id JOIN routes r ON r.id = c.route_id
  LEFT JOIN tokens t ON t.id = c.token_id LEFT JOIN refunds f ON f.charge_id = c.id
  LEFT JOIN finishes e ON e.charge_id = c.id LEFT JOIN sealed_charges s ON s.charge_id = c.id
  LEFT JOIN batches b ON b.id = s.batch_id WHERE c.id = ?`;

export function createCharges(db: RawDb): Charges {
  const sums = db.prepare<[], { count: number; charged: number; refunded: number }>(
    `SELECT COUNT(*) AS count, COALESCE(SUM(c.price), 0) AS charged, COALESCE(SUM(f.amount), 0) AS refunded
     FROM unsealed u CROSS JOIN charges c ON c.id = u.charge_id LEFT JOIN refunds f ON f.charge_id = u.charge_id`,
  );
  const countWaiting = db.prepare<[], number>('SELECT COUNT(*) FROM unsealed').pluck();
  const one = db.prepare<[number], Stored>(select);
  // The queue holds what is not sealed, the index of sealed rows the rest: neither costs the journal an index.
  const waiting = db
    .prepare<[number, number, number], number>(
      'SELECT charge_id FROM unsealed WHERE account_id = ? AND charge_id < ? ORDER BY charge_id DESC LIMIT ?',
    )
    .pluck();
  const sealed = db
    .prepare<[number, number, number], number>(
      'SELECT charge_id FROM sealed_charges WHERE account_id = ? AND charge_id < ? ORDER BY charge_id DESC LIMIT ?',
    )
    .pluck();
  const unfinished = db
    .prepare<[number, number, number], number>(
      `SELECT charge_id FROM unsealed u WHERE charge_id < ?
         AND NOT EXISTS (SELECT 1 FROM finishes e WHERE e.charge_id = u.charge_id)
       UNION ALL
       SELECT charge_id FROM sealed_charges s WHERE finished = 0 AND charge_id < ?
         AND NOT EXISTS (SELECT 1 FROM finishes e WHERE e.charge_id = s.charge_id)
       ORDER BY charge_id LIMIT ?`,
    )
    .pluck();
  const oldestUnsealed = db
    .prepare<[], number>(
      `SELECT c.at_ms FROM unsealed u CROSS JOIN charges c ON c.id = u.charge_id
       WHERE c.price > 0 AND NOT EXISTS (SELECT 1 FROM refunds f WHERE f.charge_id = c.id AND f.amount = c.price)
       ORDER BY u.charge_id LIMIT 1`,
    )
    .pluck();
  const oldestInFlight = db
    .prepare<[], number | null>("SELECT MIN(oldest_at_ms) FROM batches WHERE state <> 'confirmed'")
    .pluck();

  function rowsOf(ids: number[]): UsageRow[] {
    return ids.map((id) => toRow(one.get(id))).filter((row) => row !== undefined);
  }

  return {
    unsealed() {
      const sum = sums.get();
      if (!sum) return { count: 0, net: units(0n) };
      return { count: sum.count, net: subtract(fromStored(sum.charged), fromStored(sum.refunded)) };
    },
    unsealedCount: () => countWaiting.get() ?? 0,
    doubtful(beforeRunId, limit) {
      const end = firstCallId(beforeRunId);
      return rowsOf(unfinished.all(end, end, limit));
    },
    byAccount(accountId, { before = Number.MAX_SAFE_INTEGER, limit }) {
      const ids = [...waiting.all(accountId, before, limit), ...sealed.all(accountId, before, limit)];
      return rowsOf(ids.sort((a, b) => b - a).slice(0, limit));
    },
    byId: (id) => toRow(one.get(id)),
    unsettledHeads: createUnsettledHeads(db),
    oldestUnsettledAtMs() {
      const times = [oldestUnsealed.get(), oldestInFlight.get()].filter((time) => typeof time === 'number');
      return times.length > 0 ? Math.min(...times) : undefined;
    },
  };
}

function toRow(stored: Stored | undefined): UsageRow | undefined {
  if (!stored) return undefined;
  const { batchId, lane, batch, leaf, batchState, ...row } = stored;
  const inBatch = batchId !== null && lane !== null && batch !== null && leaf !== null && batchState !== null;
  return {
    ...row,
    tokenJti: row.tokenJti ?? undefined,
    price: fromStored(row.price),
    refund: fromStored(row.refund ?? 0),
    refundReason: row.refundReason ?? undefined,
    outcome: row.outcome ?? undefined,
    bytesIn: row.bytesIn ?? undefined,
    bytesOut: row.bytesOut ?? undefined,
    durationMs: row.durationMs ?? undefined,
    batch: inBatch ? { id: batchId, lane, batch, leaf, state: batchState } : undefined,
  };
}
