import type { RawDb } from './raw-db.ts';

/**
 * A batch is whole when it has as many leaves as it says. Until then it is being filed, in one short transaction after the
 * other: no envelope of it is kept, so none is sent, and no word of the chain is about it. What the rows say is asked, not a
 * mark beside them that could say something else.
 */
export function createIsWhole(db: RawDb): (batchId: number) => boolean {
  const whole = db
    .prepare<[number], number>(
      `SELECT leaves = (SELECT COUNT(*) FROM sealed_charges s WHERE s.batch_id = batches.id)
         + (SELECT COUNT(*) FROM receivables r WHERE r.in_batch_id = batches.id)
       FROM batches WHERE id = ?`,
    )
    .pluck();
  return (batchId) => whole.get(batchId) === 1;
}
