import type { Units } from '../money.ts';
import { fromStored } from './columns.ts';
import type { RawDb } from './raw-db.ts';

/** What statements read of one payee. Times are those of the chain, ms, from the first to before the second. */
export type Statements = {
  /** Whether any route was ever sold for this payee, or anything was settled or paid to it. */
  isPayee(payee: string): boolean;
  /** What confirmed batches took for the payee, oldest first. */
  settled(payee: string, fromMs: number, endMs: number, limit: number): SettledLine[];
  /** The same, only summed by lane. */
  settledSums(payee: string, fromMs: number, endMs: number): LaneSum[];
  /** All that confirmed batches ever took for the payee, by lane. */
  gross(payee: string): LaneSum[];
  /** Claims of the payee, and fees on its earnings, oldest first. */
  paid(payee: string, fromMs: number, endMs: number, limit: number): PaidLine[];
  claimedBefore(payee: string, endMs: number): Units;
  /** What was charged for the payee and has not been taken on chain, as of now. */
  open(payee: string): OpenSums;
  /** True when the vault settled something before this database began, or after a copy it was restored from. */
  beganLater(): boolean;
};

export type LaneSum = { lane: number; amount: Units };

export type SettledLine = {
  lane: number;
  batch: number;
  confirmedAtMs: number;
  ledger: number;
  txHash: string;
  amount: Units;
};

export type PaidLine = {
  kind: 'claimed' | 'fee_collected';
  lane: number;
  to: string;
  atMs: number;
  ledger: number;
  txHash: string;
  amount: Units;
};

/** `inBatches` is on its way to the chain for the first time; what is carried again counts as receivable or held. */
export type OpenSums = { unsealed: Units; inBatches: Units; receivable: Units; held: Units; writtenOff: Units };

type Stored<Row> = Omit<Row, 'amount'> & { amount: number };
type Range = { payee: string; fromMs: number; endMs: number; limit: number };

export function createStatements(db: RawDb): Statements {
  const known = db
    .prepare<[string, string, string], number>(
      `SELECT 1 WHERE EXISTS (SELECT 1 FROM routes WHERE payee = ?) OR EXISTS (SELECT 1 FROM earnings WHERE payee = ?)
         OR EXISTS (SELECT 1 FROM payees WHERE address = ?)`,
    )
    .pluck();
  // The index of confirmation times leads, and SQLite refuses a plan without it; a batch shows the payee's lines alone.
  const confirmed = `batches b INDEXED BY batches_confirmed_at CROSS JOIN batch_lines l
    ON l.batch_id = b.id AND l.payee = $payee AND l.taken > 0
    WHERE b.confirmed_at_ms >= $fromMs AND b.confirmed_at_ms < $endMs`;
  const settled = db.prepare<Range, Stored<SettledLine>>(
    `SELECT b.lane, b.batch, b.confirmed_at_ms AS confirmedAtMs, b.ledger, COALESCE(b.tx_hash, '') AS txHash,
       SUM(l.taken) AS amount
     FROM ${confirmed} GROUP BY b.id ORDER BY b.confirmed_at_ms, b.id LIMIT $limit`,
  );
  const settledSums = db.prepare<Omit<Range, 'limit'>, Stored<LaneSum>>(
    `SELECT b.lane, SUM(l.taken) AS amount FROM ${confirmed} GROUP BY b.lane`,
  );
  const gross = db.prepare<[string], Stored<LaneSum>>(
    'SELECT lane, gross AS amount FROM earnings WHERE payee = ? ORDER BY lane',
  );
  const ofPayee = `vault_events INDEXED BY vault_events_claims
    WHERE kind IN ('claimed', 'fee_collected') AND json_extract(data, '$.payee') = $payee`;
  const paid = db.prepare<Range, Stored<PaidLine>>(
    `SELECT kind, json_extract(data, '$.lane') AS lane, json_extract(data, '$.to') AS "to", closed_at_ms AS atMs,
       ledger, tx_hash AS txHash, amount
     FROM ${ofPayee} AND closed_at_ms >= $fromMs AND closed_at_ms < $endMs ORDER BY closed_at_ms, id LIMIT $limit`,
  );
  const claimedBefore = db
    .prepare<{ payee: string; endMs: number }, number>(
      `SELECT COALESCE(SUM(amount), 0) FROM ${ofPayee} AND kind = 'claimed' AND closed_at_ms < $endMs`,
    )
    .pluck();
  const open = prepareOpen(db);
  // A restored copy lacks batches even when all that they took could be explained by its own charges.
  const incomplete = db
    .prepare<[], number>(
      `SELECT EXISTS (SELECT 1 FROM accounts WHERE settled_elsewhere > 0)
         OR EXISTS (SELECT 1 FROM meta WHERE key = 'restore_state')`,
    )
    .pluck();

  return {
    isPayee: (payee) => known.get(payee, payee, payee) === 1,
    settled: (payee, fromMs, endMs, limit) => settled.all({ payee, fromMs, endMs, limit }).map(withUnits),
    settledSums: (payee, fromMs, endMs) => settledSums.all({ payee, fromMs, endMs }).map(withUnits),
    gross: (payee) => gross.all(payee).map(withUnits),
    paid: (payee, fromMs, endMs, limit) => paid.all({ payee, fromMs, endMs, limit }).map(withUnits),
    claimedBefore: (payee, endMs) => fromStored(claimedBefore.get({ payee, endMs }) ?? 0),
    open,
    beganLater: () => incomplete.get() === 1,
  };
}

function prepareOpen(db: RawDb): Statements['open'] {
  const sum = (text: string) => db.prepare<{ payee: string }, number>(text).pluck();
  const unsealed = sum(
    `SELECT COALESCE(SUM(c.price - COALESCE(f.amount, 0)), 0)
     FROM unsealed u CROSS JOIN charges c ON c.id = u.charge_id CROSS JOIN routes r ON r.id = c.route_id
     LEFT JOIN refunds f ON f.charge_id = c.id WHERE r.payee = $payee`,
  );
  const inBatches = sum(
    `SELECT COALESCE(SUM(l.amount - l.carried_receivable - l.carried_held), 0)
     FROM batches b CROSS JOIN batch_lines l ON l.batch_id = b.id AND l.payee = $payee WHERE b.state <> 'confirmed'`,
  );
  const debt = (kind: string) =>
    sum(
      `SELECT COALESCE(SUM(amount), 0) FROM receivables
       WHERE state IN ('open', 'batched') AND kind = '${kind}' AND payee = $payee`,
    );
  const [receivable, held] = [debt('account'), debt('payee')];
  const writtenOff = sum(
    "SELECT COALESCE(SUM(amount), 0) FROM receivables WHERE state = 'written_off' AND payee = $payee",
  );
  return (payee) => {
    const read = (statement: typeof unsealed) => fromStored(statement.get({ payee }) ?? 0);
    return {
      unsealed: read(unsealed),
      inBatches: read(inBatches),
      receivable: read(receivable),
      held: read(held),
      writtenOff: read(writtenOff),
    };
  };
}

function withUnits<Row extends { amount: number }>(row: Row): Omit<Row, 'amount'> & { amount: Units } {
  return { ...row, amount: fromStored(row.amount) };
}
