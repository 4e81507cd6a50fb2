import type { RawDb } from './raw-db.ts';
import type { Candidate } from './seal-choice.ts';

/**
 * The sums of sealed usage by account, UTC day and route. They move in the transaction that seals a charge or takes a
 * batch apart, so they always equal a GROUP BY over the sealed rows.
 */
export const dayMs = 86_400_000;

type Sum = {
  day: number;
  accountId: number;
  routeId: number;
  calls: number;
  refundedCalls: number;
  gross: number;
  refunded: number;
};

/** Adds sealed charges: summed in memory first, so that a batch costs a statement per day, account and route. */
export function createUsageDailyMove(db: RawDb): (charges: Candidate[]) => void {
  const move = db.prepare<Sum>(
    `INSERT INTO usage_daily (day, account_id, route_id, calls, refunded_calls, gross, refunded)
     VALUES ($day, $accountId, $routeId, $calls, $refundedCalls, $gross, $refunded)
     ON CONFLICT (account_id, day, route_id) DO UPDATE SET calls = calls + excluded.calls,
       refunded_calls = refunded_calls + excluded.refunded_calls, gross = gross + excluded.gross, refunded = refunded + excluded.refunded`,
  );
  return (charges) => {
    const sums = new Map<string, Sum>();
    for (const { atMs, accountId, routeId, price, refund } of charges) {
      const day = Math.floor(atMs / dayMs);
      const key = `${accountId} ${routeId} ${day}`;
      let sum = sums.get(key);
      if (!sum) {
        sum = { day, accountId, routeId, calls: 0, refundedCalls: 0, gross: 0, refunded: 0 };
        sums.set(key, sum);
      }
      sum.calls++;
      if (refund > 0) sum.refundedCalls++;
      sum.gross += price;
      sum.refunded += refund;
    }
    for (const sum of sums.values()) move.run(sum);
  };
}

const ofBatch = `SELECT c.account_id AS account, c.at_ms / ${dayMs} AS day, c.route_id AS route, COUNT(*) AS calls,
    COUNT(f.amount) AS refunded_calls, SUM(c.price) AS gross, SUM(COALESCE(f.amount, 0)) AS refunded
  FROM sealed_charges l JOIN charges c ON c.id = l.charge_id LEFT JOIN refunds f ON f.charge_id = c.id
  WHERE l.batch_id = ?1 GROUP BY 1, 2, 3`;

/** Statements that take the charges of batch ?1 out of the sums again, to run while the charges still lie in it. */
export const takeBackUsageDaily = [
  `UPDATE usage_daily SET calls = usage_daily.calls - s.calls,
     refunded_calls = usage_daily.refunded_calls - s.refunded_calls, gross = usage_daily.gross - s.gross,
     refunded = usage_daily.refunded - s.refunded
   FROM (${ofBatch}) s
   WHERE usage_daily.account_id = s.account AND usage_daily.day = s.day AND usage_daily.route_id = s.route`,
  `DELETE FROM usage_daily WHERE calls = 0
     AND (account_id, day, route_id) IN (SELECT account, day, route FROM (${ofBatch}))`,
];
