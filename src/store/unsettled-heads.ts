import { firstCallId } from './call-ids.ts';
import type { RawDb } from './raw-db.ts';

/** The oldest charge of those that wait, or of one batch under way; free and refunded ones do not count. */
export type UnsettledHead = {
  /** Call id of the oldest. */
  id: number;
  /**
   * Wall time of the oldest whose age is told by its date, ms: not of one whose call broke off with an earlier process, for
   * it waits from the start of this one on (age-marks.ts). Undefined without one.
   */
  atMs: number | undefined;
};

const isDue = `c.price > 0
  AND NOT EXISTS (SELECT 1 FROM refunds f WHERE f.charge_id = c.id AND f.amount = c.price)`;

/** What the chain has not confirmed, as far as its age is concerned. `runId`: the run of this process. */
export function createUnsettledHeads(db: RawDb): (runId: number) => UnsettledHead[] {
  const waiting = (more: string) =>
    `SELECT c.id, c.at_ms AS atMs FROM unsealed u CROSS JOIN charges c ON c.id = u.charge_id
     WHERE ${isDue} ${more} ORDER BY u.charge_id LIMIT 1`;
  // Leaves are in the order of call ids.
  const sealed = (more: string) =>
    `SELECT c.id, c.at_ms AS atMs FROM sealed_charges s CROSS JOIN charges c ON c.id = s.charge_id
     WHERE s.batch_id = $batchId AND ${isDue} ${more} ORDER BY s.leaf LIMIT 1`;
  type Row = { id: number; atMs: number };
  const oldestWaiting = db.prepare<[], Row>(waiting(''));
  const datedWaiting = db.prepare<{ ours: number }, Row>(
    waiting('AND (u.charge_id >= $ours OR EXISTS (SELECT 1 FROM finishes e WHERE e.charge_id = u.charge_id))'),
  );
  const oldestSealed = db.prepare<{ batchId: number }, Row>(sealed(''));
  const datedSealed = db.prepare<{ batchId: number; ours: number }, Row>(
    sealed('AND (s.charge_id >= $ours OR s.finished = 1)'),
  );
  const underWay = db.prepare<[], number>("SELECT id FROM batches WHERE state <> 'confirmed'").pluck();

  return (runId) => {
    const ours = firstCallId(runId);
    const heads: UnsettledHead[] = [];
    const take = (oldest: Row | undefined, dated: () => Row | undefined) => {
      if (oldest) heads.push({ id: oldest.id, atMs: dated()?.atMs });
    };
    take(oldestWaiting.get(), () => datedWaiting.get({ ours }));
    for (const batchId of underWay.all()) {
      take(oldestSealed.get({ batchId }), () => datedSealed.get({ batchId, ours }));
    }
    return heads;
  };
}
