import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import type { Units } from '../money.ts';
import type { RawDb, Write } from './raw-db.ts';
import type { Candidate, Carry } from './seal-choice.ts';
import { createFile, StaleChoice, toFiling } from './seal-filing.ts';
import type { SealPart } from './seal-parts.ts';
import type { ProposedBatch, SealProposal } from './seal-proposal.ts';
import { createSealReads } from './seal-reads.ts';
import type { Unseal } from './unseal.ts';

export type SealedBatch = {
  id: number;
  lane: number;
  batch: number;
  root: string;
  total: Units;
  leaves: number;
  lines: SealedBatchLine[];
};

/** Sorted by payee, then account, as text. The chain orders addresses by their bytes; settlement sorts again for it. */
export type SealedBatchLine = { position: number; payee: string; account: string; accountId: number; amount: Units };

/** A batch on its way from the queue into its rows, one short transaction at a time. */
export type Sealing = {
  /**
   * Writes the next part. `done`: that was the last. `stale`: the books have moved since the choice, what was written of
   * the batch has been taken apart again, in steps too, and a new choice is needed.
   */
  step(): 'more' | 'done' | 'stale';
  /** What was sealed, once done; undefined when only free calls were filed. */
  batch(): SealedBatch | undefined;
};

export type SealDeps = { write: Write; unsealPart: Unseal['unsealPart'] };

/**
 * Writes what was proposed. A transaction holds the event loop, so each has a bounded number of rows, and reads none but
 * those. It makes sure that every charge still waits with the refunds it had when the root was made over it, that each debt
 * is still open with the same balance and limit, and that no other batch of the lane is under way; a filed charge takes no
 * refund any more. Until its last part is written the batch is not whole, see whole-batch.ts, and is not sent.
 */
export function createSeal(
  db: RawDb,
  { write, unsealPart }: SealDeps,
): (proposal: SealProposal, nowMs: number) => Sealing {
  const statements = prepare(db);
  return (proposal, nowMs) => {
    const { parts, batch: proposed } = proposal;
    let written = 0;
    let leaf = proposed?.carries.length ?? 0;
    let begun: { id: number; batch: number } | undefined;
    let stale = false;

    function writePart(part: SealPart): void {
      if (!proposed) {
        statements.file(part.filing, undefined);
        return;
      }
      if (begun) assert(statements.isSealed.get(begun.id) === 1, 'a batch that is not whole stays where it is');
      else begun = beginBatch(statements, proposal, proposed, nowMs);
      const { id } = begun;
      statements.addLines.run({ id, lines: part.lines });
      statements.addTotal.run(part.total, id);
      statements.file(part.filing, { batchId: id, leaf });
    }

    function takeApart(): 'more' | 'stale' {
      return begun && unsealPart(begun.id) === 'more' ? 'more' : 'stale';
    }

    return {
      step() {
        if (stale) return takeApart();
        const part = parts[written];
        assert(part, 'all parts are written');
        const before = begun;
        try {
          write(() => writePart(part));
        } catch (error) {
          begun = before;
          if (!(error instanceof StaleChoice)) throw error;
          stale = true;
          return takeApart();
        }
        leaf += part.filing.count;
        return ++written === parts.length ? 'done' : 'more';
      },
      batch() {
        if (!proposed || !begun || written < parts.length) return undefined;
        const { root, total, leaves } = proposed;
        const lines = proposed.lines.map((line, position) => ({ position, ...line }));
        return { ...begun, lane: proposal.lane, root, total, leaves, lines };
      },
    };
  };
}

function beginBatch(
  statements: Statements,
  { lane, period }: SealProposal,
  { root, leaves, oldestAtMs, carries }: ProposedBatch,
  nowMs: number,
): { id: number; batch: number } {
  if (statements.openBatch.get(lane) !== undefined) throw new StaleChoice('the lane has a batch under way');
  requireCarries(statements, period, carries);
  const batch = (statements.lastBatch.get(lane) ?? 0) + 1;
  const id = Number(statements.insertBatch.run(lane, batch, root, leaves, oldestAtMs, nowMs).lastInsertRowid);
  statements.moveLane.run(lane, batch);
  statements.carryOver.run({ id, carries: JSON.stringify(carries.map((carry) => carry.id)) });
  return { id, batch };
}

/** Debt that was given up meanwhile is gone, and debt of which the chain can take less may be hopeless. */
function requireCarries(statements: Statements, period: number, carries: Carry[]): void {
  if (carries.length === 0) return;
  const ids = carries.map((carry) => carry.id);
  if (!isDeepStrictEqual(statements.reads.carries(period, ids), carries)) {
    throw new StaleChoice('a debt has changed after it was chosen');
  }
}

/** All charges that wait, oldest first, and the filing of one outside a batch; inside the caller's transaction. */
export function createFiling(db: RawDb): { waiting(): Candidate[]; file(charge: Candidate): void } {
  const reads = createSealReads(db);
  const file = createFile(db);
  return {
    waiting: () => [...reads.waiting(Number.MAX_SAFE_INTEGER, -1, undefined)],
    file: (charge) => file(toFiling([charge]), undefined),
  };
}

type Statements = ReturnType<typeof prepare>;

function prepare(db: RawDb) {
  return {
    openBatch: db.prepare<[number], number>("SELECT id FROM batches WHERE lane = ? AND state <> 'confirmed'").pluck(),
    isSealed: db.prepare<[number], number>("SELECT state = 'sealed' FROM batches WHERE id = ?").pluck(),
    lastBatch: db.prepare<[number], number>('SELECT last_batch FROM lanes WHERE lane = ?').pluck(),
    insertBatch: db.prepare(
      `INSERT INTO batches (lane, batch, root, state, total, leaves, oldest_at_ms, sealed_at_ms)
       VALUES (?, ?, ?, 'sealed', 0, ?, ?, ?)`,
    ),
    moveLane: db.prepare(
      'INSERT INTO lanes (lane, last_batch) VALUES (?, ?) ON CONFLICT (lane) DO UPDATE SET last_batch = excluded.last_batch',
    ),
    addLines: db.prepare(
      `INSERT INTO batch_lines (batch_id, position, payee, account_id, amount, carried_receivable, carried_held)
       SELECT $id, value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5
       FROM json_each($lines) WHERE true
       ON CONFLICT (batch_id, position) DO UPDATE SET amount = amount + excluded.amount`,
    ),
    addTotal: db.prepare('UPDATE batches SET total = total + ? WHERE id = ?'),
    carryOver: db.prepare(
      `UPDATE receivables SET state = 'batched', in_batch_id = $id, leaf = j.key
       FROM json_each($carries) j WHERE receivables.id = j.value`,
    ),
    reads: createSealReads(db),
    file: createFile(db),
  };
}
