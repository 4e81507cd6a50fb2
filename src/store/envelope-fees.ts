import type { RawDb, Write } from './raw-db.ts';

/** What the network took for the envelopes of batches, landed or failed. */
export type EnvelopeFees = {
  /** Hashes, newest first, of envelopes that took effect since `sinceMs` and whose fee is not known. */
  unknown(sinceMs: number, limit: number): string[];
  note(hash: string, feeStroops: number): void;
  /** The newest confirmed batches, at most so many, among those whose every fee is known. */
  costs(batchesMax: number): SettlementCosts;
};

/** `accounts` counts an account once for each batch it is in. */
export type SettlementCosts = { batches: number; accounts: number; feeStroops: number };

export function createEnvelopeFees(db: RawDb, write: Write): EnvelopeFees {
  const unknown = db
    .prepare<[number, number], string>(
      `SELECT e.hash FROM batch_envelopes e WHERE e.state IN ('landed', 'failed') AND e.fee_stroops IS NULL
         AND e.batch_id > (SELECT COALESCE(MAX(id), 0) - 1000 FROM batches) AND e.created_at_ms >= ?
       ORDER BY e.created_at_ms DESC LIMIT ?`,
    )
    .pluck();
  const note = db.prepare('UPDATE batch_envelopes SET fee_stroops = ? WHERE hash = ?');
  const costs = db.prepare<[number], SettlementCosts>(
    `WITH priced AS (
       SELECT b.id, SUM(e.fee_stroops) AS fee FROM batches b JOIN batch_envelopes e ON e.batch_id = b.id
       WHERE b.state = 'confirmed' AND e.state IN ('landed', 'failed')
       GROUP BY b.id HAVING COUNT(*) = COUNT(e.fee_stroops) ORDER BY b.id DESC LIMIT ?
     )
     SELECT COUNT(*) AS batches, COALESCE(SUM(fee), 0) AS feeStroops,
       COALESCE(SUM((SELECT COUNT(DISTINCT account_id) FROM batch_lines l WHERE l.batch_id = priced.id)), 0) AS accounts
     FROM priced`,
  );
  return {
    unknown: (sinceMs, limit) => unknown.all(sinceMs, limit),
    note(hash, feeStroops) {
      write(() => note.run(feeStroops, hash));
    },
    costs: (batchesMax) => costs.get(batchesMax) ?? { batches: 0, accounts: 0, feeStroops: 0 },
  };
}
