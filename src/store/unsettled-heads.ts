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

type Row = { id: number; atMs: number; dated: 0 | 1 };

/** What the chain has not confirmed, as far as its age is concerned. `runId`: the run of this process. */
export function createUnsettledHeads(db: RawDb): (runId: number) => UnsettledHead[] {
  const isDatedWaiting = '(c.id >= $ours OR EXISTS (SELECT 1 FROM finishes e WHERE e.charge_id = c.id))';
  const waiting = (more: string) =>
    db.prepare<{ ours: number }, Row>(
      `SELECT c.id, c.at_ms AS atMs, ${isDatedWaiting} AS dated
       FROM unsealed u CROSS JOIN charges c ON c.id = u.charge_id WHERE ${isDue} ${more} ORDER BY u.charge_id LIMIT 1`,
    );
  const isDatedSealed = '(c.id >= $ours OR s.finished = 1)';
  // Leaves are in the order of call ids.
  const sealed = (more: string) =>
    db.prepare<{ ours: number; batchId: number }, Row>(
      `SELECT c.id, c.at_ms AS atMs, ${isDatedSealed} AS dated
       FROM sealed_charges s CROSS JOIN charges c ON c.id = s.charge_id
       WHERE s.batch_id = $batchId AND ${isDue} ${more} ORDER BY s.leaf LIMIT 1`,
    );
  const [oldestWaiting, datedWaiting] = [waiting(''), waiting(`AND ${isDatedWaiting}`)];
  const [oldestSealed, datedSealed] = [sealed(''), sealed(`AND ${isDatedSealed}`)];
  const underWay = db.prepare<[], number>("SELECT id FROM batches WHERE state <> 'confirmed'").pluck();

  function headOf(oldest: Row | undefined, dated: () => Row | undefined): UnsettledHead[] {
    if (!oldest) return [];
    return [{ id: oldest.id, atMs: (oldest.dated ? oldest : dated())?.atMs }];
  }

  return (runId) => {
    const ours = firstCallId(runId);
    const batches = underWay.all().map((batchId) => ({ batchId, ours }));
    return [
      ...headOf(oldestWaiting.get({ ours }), () => datedWaiting.get({ ours })),
      ...batches.flatMap((of) => headOf(oldestSealed.get(of), () => datedSealed.get(of))),
    ];
  };
}
