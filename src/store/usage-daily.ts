import type { RawDb } from './raw-db.ts';
import type { Candidate } from './seal-choice.ts';

/**
 * The sums of sealed usage by account, UTC day and route. They move in the transaction that seals a charge or takes a
 * batch apart, so they always equal a GROUP BY over the sealed rows.
 */
export const dayMs = 86_400_000;

/** [day, account, route, calls, refunded calls, gross, refunded] of each group, as a JSON list. */
export function usageDailyOf(charges: readonly Candidate[]): string {
  const sums = new Map<string, number[]>();
  for (const { atMs, accountId, routeId, price, refund } of charges) {
    const day = Math.floor(atMs / dayMs);
    const key = `${accountId} ${routeId} ${day}`;
    const [, , , calls = 0, refundedCalls = 0, gross = 0, refunded = 0] = sums.get(key) ?? [];
    const counts = [calls + 1, refundedCalls + Number(refund > 0)];
    sums.set(key, [day, accountId, routeId, ...counts, gross + price, refunded + refund]);
  }
  return JSON.stringify([...sums.values()]);
}

/** Adds such sums with one statement. */
export function createUsageDailyMove(db: RawDb): (sums: string) => void {
  const move = db.prepare<[string]>(
    `INSERT INTO usage_daily (day, account_id, route_id, calls, refunded_calls, gross, refunded)
     SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6
     FROM json_each(?) WHERE true
     ON CONFLICT (account_id, day, route_id) DO UPDATE SET calls = calls + excluded.calls,
       refunded_calls = refunded_calls + excluded.refunded_calls, gross = gross + excluded.gross, refunded = refunded + excluded.refunded`,
  );
  return (sums) => void move.run(sums);
}

const ofBatch = `SELECT c.account_id AS account, c.at_ms / ${dayMs} AS day, c.route_id AS route, COUNT(*) AS calls,
    COUNT(f.amount) AS refunded_calls, SUM(c.price) AS gross, SUM(COALESCE(f.amount, 0)) AS refunded
  FROM sealed_charges l JOIN charges c ON c.id = l.charge_id LEFT JOIN refunds f ON f.charge_id = c.id
  WHERE l.batch_id = ?1 AND l.leaf >= $from GROUP BY 1, 2, 3`;

/** Statements that take the leaves of batch ?1 from $from on out of the sums again, to run while the charges still lie in it. */
export const takeBackUsageDaily = [
  `UPDATE usage_daily SET calls = usage_daily.calls - s.calls,
     refunded_calls = usage_daily.refunded_calls - s.refunded_calls, gross = usage_daily.gross - s.gross,
     refunded = usage_daily.refunded - s.refunded
   FROM (${ofBatch}) s
   WHERE usage_daily.account_id = s.account AND usage_daily.day = s.day AND usage_daily.route_id = s.route`,
  `DELETE FROM usage_daily WHERE calls = 0
     AND (account_id, day, route_id) IN (SELECT account, day, route FROM (${ofBatch}))`,
];
