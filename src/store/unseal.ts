import assert from 'node:assert/strict';
import type { RawDb, Write } from './raw-db.ts';
import { partLeavesMaxDefault } from './seal-proposal.ts';
import { takeBackUsageDaily } from './usage-daily.ts';
import { createIsWhole } from './whole-batch.ts';

/**
 * Takes a sealed batch apart again because it is not whole, or provably cannot land (too large for the network): its
 * charges and debts wait for another one under the same number. Refused while an envelope of it may still land.
 */
export type Unseal = {
  /** All of it in one transaction. */
  unseal(batchId: number): void;
  /**
   * The newest of its leaves, as many at the most as are filed at once; with the last of them the batch is gone. The books
   * are whole after each step, and a batch of which one was taken is not whole: whatever breaks this off, the rest follows.
   */
  unsealPart(batchId: number, leavesMax?: number): 'more' | 'done';
};

export function createUnseal(db: RawDb, write: Write): Unseal {
  const batch = db.prepare<[number], { lane: number; batch: number; state: string; live: number }>(
    `SELECT lane, batch, state,
       (SELECT COUNT(*) FROM batch_envelopes e WHERE e.batch_id = batches.id AND e.state IN ('live', 'landed')) AS live
     FROM batches WHERE id = ?`,
  );
  const newestLeaves = db
    .prepare<[number, number], number>('SELECT leaf FROM sealed_charges WHERE batch_id = ? ORDER BY leaf DESC LIMIT ?')
    .pluck();
  const prepare = (texts: readonly string[]) => texts.map((text) => db.prepare(text.replaceAll('?1', '$id')));
  const [ofLeaves, lines, rest] = [prepare(takeLeavesBack), prepare(takeFromLines), prepare(takeRestBack)];
  const stepBack = db.prepare('UPDATE lanes SET last_batch = ? WHERE lane = ? AND last_batch = ?');

  function requireDead(id: number): { lane: number; batch: number } {
    const row = batch.get(id);
    assert(row?.state === 'sealed' && row.live === 0, 'only a sealed batch that cannot land is taken apart');
    return row;
  }

  function unseal(id: number): void {
    const row = requireDead(id);
    for (const statement of ofLeaves) statement.run({ id, from: 0 });
    for (const statement of rest) statement.run({ id });
    const moved = stepBack.run(row.batch - 1, row.lane, row.batch).changes;
    assert(moved === 1, 'only the newest batch of a lane is taken apart');
  }

  function unsealPart(id: number, leavesMax = partLeavesMaxDefault): 'more' | 'done' {
    const newest = newestLeaves.all(id, leavesMax + 1);
    const from = newest[leavesMax - 1];
    if (from === undefined || newest.length <= leavesMax) {
      unseal(id);
      return 'done';
    }
    requireDead(id);
    for (const statement of lines) statement.run({ id, from });
    for (const statement of ofLeaves) statement.run({ id, from });
    return 'more';
  }

  return {
    unseal: (id) => write(() => unseal(id)),
    unsealPart: (id, leavesMax) => write(() => unsealPart(id, leavesMax)),
  };
}

/** Of batch ?1, the leaves from $from on. */
const ofBatch = `FROM sealed_charges l JOIN charges c ON c.id = l.charge_id LEFT JOIN refunds f ON f.charge_id = c.id`;
const theLeaves = 'l.batch_id = ?1 AND l.leaf >= $from';

/** What stands in the envelopes of a batch that cannot land is worth nothing as soon as one leaf is taken from it. */
const takeLeavesBack = [
  'DELETE FROM batch_envelopes WHERE batch_id = ?1',
  `INSERT INTO unsealed (charge_id, account_id) SELECT charge_id, account_id FROM sealed_charges l WHERE ${theLeaves}`,
  `UPDATE accounts SET charged_sealed = charged_sealed - s.charged, refunded_sealed = refunded_sealed - s.refunded
   FROM (SELECT c.account_id AS id, SUM(c.price) AS charged, SUM(COALESCE(f.amount, 0)) AS refunded
         ${ofBatch} WHERE ${theLeaves} GROUP BY c.account_id) s
   WHERE accounts.id = s.id`,
  `UPDATE tokens SET spent_sealed = spent_sealed - s.spent
   FROM (SELECT c.token_id AS id, SUM(c.price - COALESCE(f.amount, 0)) AS spent
         ${ofBatch} WHERE ${theLeaves} AND c.token_id IS NOT NULL GROUP BY c.token_id) s
   WHERE tokens.id = s.id`,
  ...takeBackUsageDaily,
  'DELETE FROM sealed_charges AS l WHERE l.batch_id = ?1 AND l.leaf >= $from',
];

const byLine = `SELECT r.payee AS payee, c.account_id AS account, SUM(c.price - COALESCE(f.amount, 0)) AS net
  ${ofBatch} JOIN routes r ON r.id = c.route_id WHERE ${theLeaves} GROUP BY 1, 2`;

/** A batch that goes on to stand is what its leaves come to; a line of nothing is none. */
const takeFromLines = [
  `UPDATE batches SET total = total - (SELECT COALESCE(SUM(net), 0) FROM (${byLine})) WHERE id = ?1`,
  `DELETE FROM batch_lines WHERE batch_id = ?1
     AND (payee, account_id, amount) IN (SELECT payee, account, net FROM (${byLine}))`,
  `UPDATE batch_lines SET amount = batch_lines.amount - s.net FROM (${byLine}) s
   WHERE batch_lines.batch_id = ?1 AND batch_lines.payee = s.payee AND batch_lines.account_id = s.account`,
];

const takeRestBack = [
  "UPDATE receivables SET state = 'open', in_batch_id = NULL, leaf = NULL WHERE in_batch_id = ?1",
  'DELETE FROM batch_lines WHERE batch_id = ?1',
  'DELETE FROM batches WHERE id = ?1',
];

/**
 * For a database that was closed in the middle of filing, or of taking apart, before anybody looks at its batches: half a
 * batch is no batch. In a restored copy the vault may know its number and root by now, and the half of its charges that
 * still waits here would be asked for twice.
 */
export function takeApartUnfinished(db: RawDb, write: Write): void {
  const isWhole = createIsWhole(db);
  const { unseal } = createUnseal(db, write);
  // The first condition finds them by the short index of batches under way, not by a look through all there ever were.
  const sealed = db
    .prepare<[], number>("SELECT id FROM batches WHERE state <> 'confirmed' AND state = 'sealed'")
    .pluck();
  for (const id of sealed.all()) if (!isWhole(id)) unseal(id);
}
