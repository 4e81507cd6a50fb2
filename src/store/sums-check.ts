import { type Units, units } from '../money.ts';
import { isHeld } from './classic-payments.ts';
import type { RawDb } from './raw-db.ts';

/**
 * Sums that rows carry, so that a start need not read all of history, against the rows that they are sums of: they move
 * together in every transaction, so they are equal in every committed moment. `by` says of what table $after and $upTo are ids.
 */
type Carried = { name: string; by: 'accounts' | 'batches'; text: string };

/** A sum that is not that of its rows. Units of 1e-7 USDC. */
export type WrongSum = { name: string; subject: string; kept: Units; byRows: Units };

type Stored = { subject: string; kept: bigint; sum: bigint };
type Range = { after: number; upTo: number };
type Taken = { payee: string; lane: bigint; sum: bigint };

/** How many accounts with their days, or batches with their lines, one step reads, at most: a tenth of a second, or so. */
export type SumsBounds = { accountsMax: number; batchesMax: number };

const boundsDefault: SumsBounds = { accountsMax: 500, batchesMax: 500 };

const ofDays = (column: string) =>
  `SELECT account_id AS id, SUM(${column}) AS sum FROM usage_daily
   WHERE account_id > $after AND account_id <= $upTo GROUP BY account_id`;

/** By account, which the planner would leave for the shorter list of states; the index has none that are closed. */
const ofDebts = (condition: string) =>
  `SELECT account_id AS id, SUM(amount) AS sum FROM receivables INDEXED BY receivables_account
   WHERE state <> 'closed' AND ${condition} AND account_id > $after AND account_id <= $upTo GROUP BY account_id`;

/** Lines of batches that are not confirmed, without what they carry of older debt: of one batch a lane, whatever the range. */
const inFlight = `SELECT l.account_id AS id, SUM(l.amount - l.carried_receivable - l.carried_held) AS sum
  FROM batches b CROSS JOIN batch_lines l ON l.batch_id = b.id WHERE b.state <> 'confirmed' AND l.account_id > $after AND l.account_id <= $upTo GROUP BY l.account_id`;

const inRange = 'WHERE a.id > $after AND a.id <= $upTo';

const perAccount = (column: string, sums: string): string =>
  `SELECT a.address AS subject, a.${column} AS kept, COALESCE(s.sum, 0) AS sum
   FROM accounts a LEFT JOIN (${sums}) s ON s.id = a.id ${inRange}`;

const isOwed = "state IN ('open', 'batched')";

const carried: readonly Carried[] = [
  { name: 'charged and sealed', by: 'accounts', text: perAccount('charged_sealed', ofDays('gross')) },
  { name: 'refunded and sealed', by: 'accounts', text: perAccount('refunded_sealed', ofDays('refunded')) },
  { name: 'receivable', by: 'accounts', text: perAccount('receivable', ofDebts(`${isOwed} AND kind = 'account'`)) },
  {
    name: 'held for payees',
    by: 'accounts',
    text: perAccount('held_for_payee', ofDebts(`${isOwed} AND kind = 'payee'`)),
  },
  { name: 'written off', by: 'accounts', text: perAccount('written_off', ofDebts("state = 'written_off'")) },
  {
    name: 'settled',
    by: 'accounts',
    text: `SELECT a.address AS subject, a.settled AS kept, a.charged_sealed - a.refunded_sealed + a.settled_elsewhere
        - COALESCE(s.sum, 0) - a.receivable - a.held_for_payee - a.written_off AS sum
      FROM accounts a LEFT JOIN (${inFlight}) s ON s.id = a.id ${inRange}`,
  },
  {
    name: 'total',
    by: 'batches',
    text: `SELECT 'batch ' || b.batch || ' of lane ' || b.lane AS subject, b.total AS kept, COALESCE(SUM(l.amount), 0) AS sum
      FROM batches b LEFT JOIN batch_lines l ON l.batch_id = b.id WHERE b.id > $after AND b.id <= $upTo GROUP BY b.id`,
  },
];

const taken = (which: string) =>
  `SELECT l.payee, b.lane, SUM(l.taken) AS sum FROM batches b CROSS JOIN batch_lines l ON l.batch_id = b.id
   WHERE ${which} AND l.taken > 0 GROUP BY l.payee, b.lane`;

/** Payments change their state, so they are added up in one moment: by an index that has all of it, of those that are held. */
const heldPayments = `SELECT COALESCE(k.to_address, r.to_address) || ', ' || COALESCE(k.state, r.state) AS subject,
    COALESCE(k.amount, 0) AS kept, COALESCE(r.sum, 0) AS sum
  FROM classic_sums k FULL JOIN (
    SELECT to_address, state, SUM(amount) AS sum FROM classic_payments INDEXED BY classic_payments_held
    WHERE ${isHeld} GROUP BY to_address, state
  ) r ON r.to_address = k.to_address AND r.state = k.state`;

/** Enough to see what kind of damage it is. */
const foundMax = 20;

/**
 * Finds what differs, step by step. Each step reads one moment, and between two nothing is read, so that the write-ahead log can
 * start over however long the books are.
 */
export type SumsWalk = (bounds?: SumsBounds) => Generator<WrongSum[], void>;

export function createSumsWalk(db: RawDb): SumsWalk {
  const newest = {
    accounts: db.prepare<[], number>('SELECT COALESCE(MAX(id), 0) FROM accounts').pluck(),
    batches: db.prepare<[], number>('SELECT COALESCE(MAX(id), 0) FROM batches').pluck(),
  };
  const statements = carried.map(({ text, ...rest }) => ({
    ...rest,
    wrong: db.prepare<[Range], Stored>(whereWrong(text)).safeIntegers(),
  }));
  const payments = db.prepare<[], Stored>(whereWrong(heldPayments)).safeIntegers();
  const earned = createEarnedWalk(db);

  return function* walk(bounds = boundsDefault) {
    for (const { name, by, wrong } of statements) {
      const size = by === 'accounts' ? bounds.accountsMax : bounds.batchesMax;
      let found = 0;
      for (const range of ranges(newest[by].get() ?? 0, size)) {
        const some = wrong.all(range).map((stored) => toWrong(name, stored));
        yield some;
        found += some.length;
        if (found >= foundMax) break;
      }
    }
    yield payments.all().map((stored) => toWrong('payments held', stored));
    yield* earned(bounds);
  };
}

function whereWrong(text: string): string {
  return `SELECT * FROM (${text}) WHERE kept <> sum LIMIT ${foundMax}`;
}

/** The same at once: for books that nobody else writes. */
export function createSumsCheck(db: RawDb): () => WrongSum[] {
  const walk = createSumsWalk(db);
  return () => [...walk()].flat();
}

/**
 * What payees have earned is the sum over all lines, which one statement could not add up in a moment. What confirmed batches
 * took stays as it is, so those of the beginning are added up in steps, and the others in the moment of the comparison.
 */
function createEarnedWalk(db: RawDb): (bounds: SumsBounds) => Generator<WrongSum[], void> {
  const batches = db.prepare<[], { newest: number; open: string }>(
    `SELECT COALESCE(MAX(id), 0) AS newest,
       (SELECT json_group_array(id) FROM batches WHERE state <> 'confirmed') AS open FROM batches`,
  );
  const older = db
    .prepare<[Range & { open: string }], Taken>(
      taken('b.id > $after AND b.id <= $upTo AND b.id NOT IN (SELECT value FROM json_each($open))'),
    )
    .safeIntegers();
  const others = db
    .prepare<[{ newest: number; open: string }], Taken>(
      taken('(b.id > $newest OR b.id IN (SELECT value FROM json_each($open)))'),
    )
    .safeIntegers();
  const earnings = db.prepare<[], Taken>('SELECT payee, lane, gross AS sum FROM earnings').safeIntegers();
  const now = db.transaction((first: { newest: number; open: string }) => ({
    kept: earnings.all(),
    rest: others.all(first),
  }));

  return function* walk({ batchesMax }) {
    const first = batches.get() ?? { newest: 0, open: '[]' };
    const sums = new Map<string, { kept: bigint; sum: bigint }>();
    const of = ({ payee, lane }: Taken) => {
      const subject = `${payee} in lane ${lane}`;
      const known = sums.get(subject) ?? { kept: 0n, sum: 0n };
      sums.set(subject, known);
      return known;
    };
    for (const range of ranges(first.newest, batchesMax)) {
      for (const row of older.all({ ...range, open: first.open })) of(row).sum += row.sum;
      yield [];
    }
    const { kept, rest } = now(first);
    for (const row of rest) of(row).sum += row.sum;
    for (const row of kept) of(row).kept += row.sum;
    yield [...sums]
      .filter(([, { kept, sum }]) => kept !== sum)
      .slice(0, foundMax)
      .map(([subject, found]) => toWrong('earned', { subject, ...found }));
  };
}

function* ranges(newest: number, size: number): Generator<Range, void> {
  for (let after = 0; after < newest; after += size) yield { after, upTo: after + size };
}

function toWrong(name: string, { subject, kept, sum }: Stored): WrongSum {
  return { name, subject, kept: units(kept), byRows: units(sum) };
}
