import assert from 'node:assert/strict';
import type { RawDb, Write } from './raw-db.ts';
import { takeBackUsageDaily } from './usage-daily.ts';
import { createIsWhole } from './whole-batch.ts';

/**
 * Takes a sealed batch apart again because it is not whole, or provably cannot land (too large for the network): its
 * charges and debts wait for another one under the same number. Refused while an envelope of it may still land.
 */
export function createUnseal(db: RawDb, write: Write): (batchId: number) => void {
  const batch = db.prepare<[number], { lane: number; batch: number; state: string; live: number }>(
    `SELECT lane, batch, state,
       (SELECT COUNT(*) FROM batch_envelopes e WHERE e.batch_id = batches.id AND e.state IN ('live', 'landed')) AS live
     FROM batches WHERE id = ?`,
  );
  const ofBatch = [
    'INSERT INTO unsealed (charge_id, account_id) SELECT charge_id, account_id FROM sealed_charges WHERE batch_id = ?1',
    `UPDATE accounts SET charged_sealed = charged_sealed - s.charged, refunded_sealed = refunded_sealed - s.refunded
     FROM (SELECT c.account_id AS id, SUM(c.price) AS charged, SUM(COALESCE(f.amount, 0)) AS refunded
           FROM sealed_charges l JOIN charges c ON c.id = l.charge_id LEFT JOIN refunds f ON f.charge_id = c.id
           WHERE l.batch_id = ?1 GROUP BY c.account_id) s
     WHERE accounts.id = s.id`,
    `UPDATE tokens SET spent_sealed = spent_sealed - s.spent
     FROM (SELECT c.token_id AS id, SUM(c.price - COALESCE(f.amount, 0)) AS spent
           FROM sealed_charges l JOIN charges c ON c.id = l.charge_id LEFT JOIN refunds f ON f.charge_id = c.id
           WHERE l.batch_id = ?1 AND c.token_id IS NOT NULL GROUP BY c.token_id) s
     WHERE tokens.id = s.id`,
    ...takeBackUsageDaily,
    'DELETE FROM sealed_charges WHERE batch_id = ?1',
    "UPDATE receivables SET state = 'open', in_batch_id = NULL, leaf = NULL WHERE in_batch_id = ?1",
    'DELETE FROM batch_envelopes WHERE batch_id = ?1',
    'DELETE FROM batch_lines WHERE batch_id = ?1',
    'DELETE FROM batches WHERE id = ?1',
  ].map((text) => db.prepare(text.replaceAll('?1', '$id')));
  const stepBack = db.prepare('UPDATE lanes SET last_batch = ? WHERE lane = ? AND last_batch = ?');
  return (id) =>
    write(() => {
      const row = batch.get(id);
      assert(row?.state === 'sealed' && row.live === 0, 'only a sealed batch that cannot land is taken apart');
      for (const statement of ofBatch) statement.run({ id });
      const moved = stepBack.run(row.batch - 1, row.lane, row.batch).changes;
      assert(moved === 1, 'only the newest batch of a lane is taken apart');
    });
}

/**
 * For a database that was closed in the middle of filing, before anybody looks at its batches: half a batch is no batch. In
 * a restored copy the vault may know its number and root by now, and the half of its charges that still waits here would be
 * asked for twice.
 */
export function takeApartUnfinished(db: RawDb, write: Write): void {
  const isWhole = createIsWhole(db);
  const unseal = createUnseal(db, write);
  const sealed = db
    .prepare<[], number>("SELECT id FROM batches WHERE state <> 'confirmed' AND state = 'sealed'")
    .pluck();
  for (const id of sealed.all()) if (!isWhole(id)) unseal(id);
}
