import { add, type Units } from '../money.ts';
import { fromStored, toStored } from './columns.ts';
import type { LeafRow } from './leaf-row.ts';
import type { RawDb, Write } from './raw-db.ts';
import { type Candidate, type Carry, type Choice, choose } from './seal-choice.ts';
import { createUsageDailyMove } from './usage-daily.ts';

export type SealRequest = {
  lane: number;
  nowMs: number;
  /** A charge older than this is sealed even if its call still runs, and whatever the total. */
  ageMaxMs: number;
  /** Below it nothing is sealed, unless a charge is too old or `force` is set. */
  minTotal: Units;
  /** A seen withdrawal request or an operator wants it now. */
  force?: boolean;
  /** Accounts + payees, lines and leaves of one batch, at most. */
  entriesMax: number;
  linesMax: number;
  leavesMax?: number;
  /** Limit period of the chain now: an account that has used its limit is not asked for old debt again. */
  period: number;
  /** Which accounts belong to the lane; all by default. */
  inLane?: (address: string) => boolean;
  hashLeaf: (row: LeafRow) => Uint8Array;
  rootOf: (hashes: Uint8Array[]) => Uint8Array;
};

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

/**
 * How many leaves one batch takes by default. Sealing reads, hashes and writes them on the event loop, some 15 µs each,
 * and no call moves meanwhile: few while settlement keeps up, more when it has fallen behind.
 */
const leavesUsual = 5_000;
const leavesBehind = 20_000;

/** Chooses what goes into the next batch of a lane and writes it, all in one transaction. */
export function createSeal(db: RawDb, write: Write): (request: SealRequest) => SealedBatch | undefined {
  const statements = prepare(db);
  return (request) =>
    write(() => {
      if (statements.openBatch.get(request.lane) !== undefined) return undefined;
      const leavesMax = request.leavesMax ?? leavesFor(statements.waiting.get() ?? 0);
      const choice = choose(
        { ...request, leavesMax },
        statements.carries.all({ period: request.period }),
        statements.candidates.iterate(request.nowMs - request.ageMaxMs),
      );
      if (choice.total === 0n || !(choice.due || request.force || choice.payable >= request.minTotal)) {
        fileAlone(statements, choice.oldAndVoid);
        return undefined;
      }
      return writeBatch(statements, request, choice);
    });
}

function leavesFor(waiting: number): number {
  return Math.min(leavesBehind, Math.max(leavesUsual, Math.ceil(waiting / 4)));
}

function writeBatch(statements: Statements, request: SealRequest, choice: Choice): SealedBatch {
  const { lane, nowMs } = request;
  const batch = (statements.lastBatch.get(lane) ?? 0) + 1;
  const lines = choice.lines.sort((a, b) => order(a.payee, b.payee) || order(a.account, b.account));
  const rows: LeafRow[] = [...choice.carries.map(carryLeaf), ...choice.charges.map(callLeaf)];
  const root = Buffer.from(request.rootOf(rows.map((row) => request.hashLeaf(row)))).toString('hex');
  const oldest = choice.charges.find((charge) => charge.price > charge.refund)?.atMs ?? null;
  const id = Number(
    statements.insertBatch.run(lane, batch, root, toStored(choice.total), rows.length, oldest, nowMs).lastInsertRowid,
  );
  statements.moveLane.run(lane, batch);
  lines.forEach((line, position) => {
    const amount = toStored(add(add(line.fresh, line.receivable), line.held));
    statements.insertLine.run(
      id,
      position,
      line.payee,
      line.accountId,
      amount,
      toStored(line.receivable),
      toStored(line.held),
    );
  });
  choice.carries.forEach((carry, leaf) => {
    statements.carryOver.run(id, leaf, carry.id);
  });
  choice.charges.forEach((charge, index) => {
    statements.fileLeaf.run(charge.id, charge.accountId, id, choice.carries.length + index, charge.finished);
    statements.dequeue.run(charge.id);
  });
  moveSums(statements, choice.charges);
  return {
    id,
    lane,
    batch,
    root,
    total: choice.total,
    leaves: rows.length,
    lines: lines.map(({ payee, account, accountId, fresh, receivable, held }, position) => ({
      position,
      payee,
      account,
      accountId,
      amount: add(add(fresh, receivable), held),
    })),
  };
}

/** Life-time sums move with the rows, so that a start reads only what is not sealed. */
function moveSums(statements: Statements, charges: Candidate[]): void {
  const accounts = new Map<number, { charged: number; refunded: number }>();
  const tokens = new Map<number, number>();
  for (const charge of charges) {
    const sum = accounts.get(charge.accountId) ?? { charged: 0, refunded: 0 };
    sum.charged += charge.price;
    sum.refunded += charge.refund;
    accounts.set(charge.accountId, sum);
    if (charge.tokenId !== null) {
      tokens.set(charge.tokenId, (tokens.get(charge.tokenId) ?? 0) + charge.price - charge.refund);
    }
  }
  for (const [id, sum] of accounts) statements.moveAccount.run(sum.charged, sum.refunded, id);
  for (const [id, spent] of tokens) statements.moveToken.run(spent, id);
  statements.moveUsage(charges);
}

/** All charges that wait, oldest first, and the filing of one outside a batch; inside the caller's transaction. */
export function createFiling(db: RawDb): { waiting(): Candidate[]; file(charge: Candidate): void } {
  const statements = prepare(db);
  return {
    waiting: () => statements.candidates.all(Number.MAX_SAFE_INTEGER),
    file: (charge) => fileAlone(statements, [charge]),
  };
}

function fileAlone(statements: Statements, charges: Candidate[]): void {
  for (const charge of charges) {
    statements.fileLeaf.run(charge.id, charge.accountId, null, null, charge.finished);
    statements.dequeue.run(charge.id);
  }
  moveSums(statements, charges);
}

function carryLeaf(carry: Carry): LeafRow {
  const { account, payee, fromLane, fromBatch } = carry;
  return { kind: 'carry', account, payee, fromLane, fromBatch, amount: fromStored(carry.amount) };
}

function callLeaf(charge: Candidate): LeafRow {
  const { id, atMs, account, payee, api, method, template, status, price, refund } = charge;
  const amounts = { price: fromStored(price), refund: fromStored(refund) };
  return { kind: 'call', callId: id, atMs, account, payee, api, method, template, status, ...amounts };
}

function order(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

type Statements = ReturnType<typeof prepare>;

function prepare(db: RawDb) {
  return {
    openBatch: db.prepare<[number], number>("SELECT id FROM batches WHERE lane = ? AND state <> 'confirmed'").pluck(),
    waiting: db.prepare<[], number>('SELECT COUNT(*) FROM unsealed').pluck(),
    lastBatch: db.prepare<[number], number>('SELECT last_batch FROM lanes WHERE lane = ?').pluck(),
    // Debt is asked for again only where the chain can take some of it, and only for payees it lists.
    carries: db.prepare<{ period: number }, Carry>(
      `SELECT * FROM (
         SELECT r.id, r.account_id AS accountId, a.address AS account, r.payee, r.amount, r.kind,
           b.lane AS fromLane, b.batch AS fromBatch, a.deposited - a.settled - a.withdrawn AS balance,
           MIN(a.limit_units, COALESCE(a.pending_limit, a.limit_units))
             - CASE WHEN a.period >= $period THEN a.used ELSE 0 END AS limitLeft
         FROM receivables r JOIN accounts a ON a.id = r.account_id JOIN batches b ON b.id = r.batch_id
         LEFT JOIN payees p ON p.address = r.payee
         WHERE r.state = 'open' AND COALESCE(p.listed, r.kind = 'account') = 1
       ) WHERE balance > 0 AND limitLeft > 0 ORDER BY id`,
    ),
    candidates: db.prepare<[number], Candidate>(
      `SELECT c.id, c.at_ms AS atMs, c.account_id AS accountId, a.address AS account, c.token_id AS tokenId,
         c.route_id AS routeId, r.api, r.payee, r.template, c.method, c.status, c.price, COALESCE(f.amount, 0) AS refund, e.charge_id IS NOT NULL AS finished
       FROM unsealed u CROSS JOIN charges c ON c.id = u.charge_id JOIN accounts a ON a.id = c.account_id
       JOIN routes r ON r.id = c.route_id LEFT JOIN refunds f ON f.charge_id = c.id LEFT JOIN finishes e ON e.charge_id = c.id
       WHERE e.charge_id IS NOT NULL OR c.at_ms <= ? ORDER BY u.charge_id`,
    ),
    insertBatch: db.prepare(
      `INSERT INTO batches (lane, batch, root, state, total, leaves, oldest_at_ms, sealed_at_ms)
       VALUES (?, ?, ?, 'sealed', ?, ?, ?, ?)`,
    ),
    moveLane: db.prepare(
      'INSERT INTO lanes (lane, last_batch) VALUES (?, ?) ON CONFLICT (lane) DO UPDATE SET last_batch = excluded.last_batch',
    ),
    insertLine: db.prepare(
      `INSERT INTO batch_lines (batch_id, position, payee, account_id, amount, carried_receivable, carried_held)
       VALUES (?, ?, ?, ?, ?, ?, ?)`,
    ),
    carryOver: db.prepare("UPDATE receivables SET state = 'batched', in_batch_id = ?, leaf = ? WHERE id = ?"),
    fileLeaf: db.prepare(
      'INSERT INTO sealed_charges (charge_id, account_id, batch_id, leaf, finished) VALUES (?, ?, ?, ?, ?)',
    ),
    dequeue: db.prepare('DELETE FROM unsealed WHERE charge_id = ?'),
    moveAccount: db.prepare(
      'UPDATE accounts SET charged_sealed = charged_sealed + ?, refunded_sealed = refunded_sealed + ? WHERE id = ?',
    ),
    moveToken: db.prepare('UPDATE tokens SET spent_sealed = spent_sealed + ? WHERE id = ?'),
    moveUsage: createUsageDailyMove(db),
  };
}
