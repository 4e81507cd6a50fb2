import assert from 'node:assert/strict';
import { storedUnitsMax, type Units } from '../money.ts';
import type { RawDb } from '../store/raw-db.ts';
import { type BulkInsert, createBulkInsert } from './bulk-insert.ts';
import type { ChargeRow, FinishRow, RefundOutcome, RefundRow } from './journal.ts';
import { createKnownRows } from './known-rows.ts';

/** The journal's statements: raw and prepared, because they run for every call. They run inside its transaction. */
export type JournalRows<Entry> = {
  charges: BulkInsert<Entry>;
  finishes: BulkInsert<FinishRow>;
  refund(row: RefundRow): RefundOutcome;
};

/** Charges of one statement: about what one turn of a busy event loop brings. */
const chargesAtOnce = 8;
/** Finish rows of one statement: they wait for each other, so many are at hand. */
export const finishesAtOnce = 32;

export function createJournalRows<Entry extends { row: ChargeRow }>(db: RawDb): JournalRows<Entry> {
  const isAccount = createKnownRows(db, 'accounts');
  const isToken = createKnownRows(db, 'tokens');
  const isRoute = createKnownRows(db, 'routes');
  const charges = createBulkInsert<Entry>({
    db,
    into: 'charges (id, at_ms, account_id, token_id, route_id, method, status, price)',
    columns: 8,
    atOnce: chargesAtOnce,
    values({ row }, params, at) {
      // What foreign keys would check, which the journal's connection does not.
      assert(isAccount(row.accountId), 'a charge is of a known account');
      assert(row.tokenId === undefined || isToken(row.tokenId), 'a charge is paid with a known token');
      assert(isRoute(row.routeId), 'a charge is of a known route');
      params[at] = row.id;
      params[at + 1] = row.atMs;
      params[at + 2] = row.accountId;
      params[at + 3] = row.tokenId ?? null;
      params[at + 4] = row.routeId;
      params[at + 5] = row.method;
      params[at + 6] = row.status;
      params[at + 7] = stored(row.priceUnits);
    },
  });
  const finishes = createBulkInsert<FinishRow>({
    db,
    into: 'finishes (charge_id, at_ms, outcome, bytes_in, bytes_out, duration_ms)',
    columns: 6,
    where: 'EXISTS (SELECT 1 FROM charges WHERE id = column1)',
    end: 'ON CONFLICT DO NOTHING',
    atOnce: finishesAtOnce,
    values(row, params, at) {
      params[at] = row.chargeId;
      params[at + 1] = row.atMs;
      params[at + 2] = row.outcome;
      params[at + 3] = row.bytesIn;
      params[at + 4] = row.bytesOut;
      params[at + 5] = Math.round(row.durationMs);
    },
  });
  const isUnsealed = db.prepare('SELECT 1 FROM unsealed WHERE charge_id = ?').pluck();
  const refund = db.prepare(
    `INSERT INTO refunds (charge_id, at_ms, amount, reason)
     SELECT id, $atMs, $amount, $reason FROM charges WHERE id = $chargeId AND price >= $amount ON CONFLICT DO NOTHING`,
  );
  const isRefunded = db.prepare('SELECT 1 FROM refunds WHERE charge_id = ?').pluck();

  return {
    charges,
    finishes,
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
