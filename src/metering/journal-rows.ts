import assert from 'node:assert/strict';
import { storedUnitsMax, type Units } from '../money.ts';
import type { RawDb } from '../store/raw-db.ts';
import type { ChargeRow, FinishRow, RefundOutcome, RefundRow } from './journal.ts';

/** The journal's statements: raw and prepared, because they run for every call. They run inside its transaction. */
export type JournalRows = {
  charge(row: ChargeRow): void;
  finish(row: FinishRow): void;
  refund(row: RefundRow): RefundOutcome;
};

export function createJournalRows(db: RawDb): JournalRows {
  const charge = db.prepare(
    `INSERT INTO charges (id, at_ms, account_id, token_id, route_id, method, status, price)
     VALUES (?, ?, ?, (SELECT id FROM tokens WHERE jti = ?), ?, ?, ?, ?)`,
  );
  const finish = db.prepare(
    `INSERT INTO finishes (charge_id, at_ms, outcome, bytes_in, bytes_out, duration_ms)
     SELECT id, $atMs, $outcome, $bytesIn, $bytesOut, $durationMs FROM charges WHERE id = $chargeId ON CONFLICT DO NOTHING`,
  );
  const isUnsealed = db.prepare('SELECT 1 FROM unsealed WHERE charge_id = ?').pluck();
  const refund = db.prepare(
    `INSERT INTO refunds (charge_id, at_ms, amount, reason)
     SELECT id, $atMs, $amount, $reason FROM charges WHERE id = $chargeId AND price >= $amount ON CONFLICT DO NOTHING`,
  );
  const isRefunded = db.prepare('SELECT 1 FROM refunds WHERE charge_id = ?').pluck();

  return {
    charge(row) {
      const { id, atMs, accountId, tokenJti, routeId, method, status, priceUnits } = row;
      charge.run(id, atMs, accountId, tokenJti ?? null, routeId, method, status, stored(priceUnits));
    },
    finish({ chargeId, atMs, outcome, bytesIn, bytesOut, durationMs }) {
      finish.run({ chargeId, atMs, outcome, bytesIn, bytesOut, durationMs: Math.round(durationMs) });
    },
    refund({ chargeId, atMs, amount, reason }) {
      if (isRefunded.get(chargeId)) return 'already';
      if (!isUnsealed.get(chargeId)) return 'sealed';
      const written = refund.run({ chargeId, atMs, amount: stored(amount), reason }).changes;
      assert(written === 1, 'a refund is at most the price of its charge');
      return 'refunded';
    },
  };
}

function stored(amount: Units): number {
  assert(amount >= 0n && amount <= storedUnitsMax, 'a price outside 0 to 2^53 − 1 cannot be stored');
  return Number(amount);
}
