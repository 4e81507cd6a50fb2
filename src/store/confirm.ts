import assert from 'node:assert/strict';
import { add, subtract, type Units, units, zero } from '../money.ts';
import { fromStored, toStored } from './columns.ts';
import { createPutPayee } from './payees.ts';
import type { RawDb, Write } from './raw-db.ts';
import { createIsWhole } from './whole-batch.ts';

export type Confirmation = {
  lane: number;
  batch: number;
  /** Hex. */
  root: string;
  /** In line order; −1 for a payee that is not listed. */
  taken: readonly bigint[];
  ledger: number;
  txHash: string;
  closedAtMs: number;
  /** Limit period of that ledger. */
  period: number;
};

/**
 * `applied`: the books moved now. `replayed`: they had moved before. `foreign_root`: the chain holds a batch under this
 * number that is not ours; nothing was changed and nothing may be served until that is understood.
 */
export type ConfirmOutcome =
  | { outcome: 'applied'; lines: ConfirmedLine[] }
  | { outcome: 'replayed' | 'foreign_root'; lines: [] };

/** What one line did, in the words of the ledger's `settle`. Units of 1e-7 USDC. */
export type ConfirmedLine = {
  position: number;
  accountId: number;
  account: string;
  payee: string;
  amount: Units;
  carriedReceivable: Units;
  carriedHeld: Units;
  taken: Units;
  shortfallTo: 'receivable' | 'payee';
  periodNumber: number;
};

type StoredLine = {
  position: number;
  payee: string;
  accountId: number;
  account: string;
  amount: number;
  carriedReceivable: number;
  carriedHeld: number;
};

/** Applies what the chain did with a batch: once, whole, and only if it is our batch. */
export function createConfirm(db: RawDb, write: Write): (confirmation: Confirmation) => ConfirmOutcome {
  const statements = prepare(db);
  const isWhole = createIsWhole(db);
  return (confirmation) =>
    write(() => {
      const batch = statements.find.get(confirmation.lane, confirmation.batch);
      if (!batch || batch.root !== confirmation.root) return { outcome: 'foreign_root', lines: [] };
      if (batch.state === 'confirmed') return { outcome: 'replayed', lines: [] };
      assert(isWhole(batch.id), 'the chain knows only batches that have all their leaves');
      const stored = statements.lines.all(batch.id);
      assert(stored.length === confirmation.taken.length, 'the chain answers every line of a batch, and no other');
      const { ledger, txHash, closedAtMs } = confirmation;
      statements.closeCarried.run(batch.id);
      const lines = stored.map((line, index) => {
        const taken = confirmation.taken[index];
        assert(taken !== undefined);
        return applyLine(statements, batch.id, line, taken, confirmation);
      });
      statements.markConfirmed.run(closedAtMs, ledger, txHash, batch.id);
      statements.markLanded.run(batch.id, txHash, txHash);
      statements.markOthers.run(batch.id);
      return { outcome: 'applied', lines };
    });
}

function applyLine(
  statements: Statements,
  batchId: number,
  stored: StoredLine,
  takenOnChain: bigint,
  { lane, period, ledger }: Confirmation,
): ConfirmedLine {
  const amount = fromStored(stored.amount);
  assert(takenOnChain >= -1n && takenOnChain <= amount, 'the chain takes at most what a line asks');
  const notListed = takenOnChain === -1n;
  const taken = notListed ? zero : units(takenOnChain);
  const shortfall = subtract(amount, taken);
  const kind = notListed ? 'payee' : 'account';
  const { position, payee, accountId, account } = stored;
  const carriedReceivable = fromStored(stored.carriedReceivable);
  const carriedHeld = fromStored(stored.carriedHeld);
  statements.answer.run(Number(takenOnChain), batchId, position);
  statements.moveAccount.run({
    id: accountId,
    taken: toStored(taken),
    period,
    receivable: Number((notListed ? zero : shortfall) - carriedReceivable),
    held: Number((notListed ? shortfall : zero) - carriedHeld),
  });
  // Otherwise what is held for it would be asked for in the next batch, and in each one after that.
  if (notListed) statements.putPayee(payee, false, ledger);
  if (shortfall > 0n) statements.owe.run(batchId, position, accountId, payee, toStored(shortfall), kind);
  if (taken > 0n) statements.earn.run(payee, lane, toStored(taken));
  const shortfallTo = notListed ? 'payee' : 'receivable';
  return {
    position,
    accountId,
    account,
    payee,
    amount: add(taken, shortfall),
    carriedReceivable,
    carriedHeld,
    taken,
    shortfallTo,
    periodNumber: period,
  };
}

type Statements = ReturnType<typeof prepare>;

function prepare(db: RawDb) {
  return {
    find: db.prepare<[number, number], { id: number; root: string; state: string }>(
      'SELECT id, root, state FROM batches WHERE lane = ? AND batch = ?',
    ),
    lines: db.prepare<[number], StoredLine>(
      `SELECT l.position, l.payee, l.account_id AS accountId, a.address AS account, l.amount,
         l.carried_receivable AS carriedReceivable, l.carried_held AS carriedHeld
       FROM batch_lines l JOIN accounts a ON a.id = l.account_id WHERE l.batch_id = ? ORDER BY l.position`,
    ),
    putPayee: createPutPayee(db),
    answer: db.prepare('UPDATE batch_lines SET taken = ? WHERE batch_id = ? AND position = ?'),
    // The use of a limit belongs to one period: a later one starts at 0, an earlier one no longer matters.
    moveAccount: db.prepare(
      `UPDATE accounts SET settled = settled + $taken, receivable = receivable + $receivable,
         held_for_payee = held_for_payee + $held,
         used = CASE WHEN $period > period THEN $taken WHEN $period = period THEN used + $taken ELSE used END,
         period = MAX(period, $period) WHERE id = $id`,
    ),
    closeCarried: db.prepare("UPDATE receivables SET state = 'closed' WHERE in_batch_id = ? AND state = 'batched'"),
    owe: db.prepare(
      `INSERT INTO receivables (batch_id, position, account_id, payee, amount, kind, state) VALUES (?, ?, ?, ?, ?, ?, 'open')`,
    ),
    earn: db.prepare(
      `INSERT INTO earnings (payee, lane, gross) VALUES (?, ?, ?)
       ON CONFLICT (payee, lane) DO UPDATE SET gross = gross + excluded.gross`,
    ),
    markConfirmed: db.prepare(
      "UPDATE batches SET state = 'confirmed', confirmed_at_ms = ?, ledger = ?, tx_hash = ? WHERE id = ?",
    ),
    markLanded: db.prepare(
      "UPDATE batch_envelopes SET state = 'landed' WHERE batch_id = ? AND (hash = ? OR inner_hash = ?)",
    ),
    markOthers: db.prepare("UPDATE batch_envelopes SET state = 'expired' WHERE batch_id = ? AND state = 'live'"),
  };
}
