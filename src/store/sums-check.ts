import { type Units, units } from '../money.ts';
import type { RawDb } from './raw-db.ts';

/**
 * Sums that rows carry, so that a start need not read all of history, against the rows that they are sums of: they move
 * together in every transaction, so they are equal in every committed moment.
 */
type Carried = { name: string; text: string };

/** A sum that is not that of its rows. Units of 1e-7 USDC. */
export type WrongSum = { name: string; subject: string; kept: Units; byRows: Units };

type Stored = { subject: string; kept: bigint; sum: bigint };

const ofDays = (column: string) =>
  `SELECT account_id AS id, SUM(${column}) AS sum FROM usage_daily GROUP BY account_id`;

const ofDebts = (condition: string) =>
  `SELECT account_id AS id, SUM(amount) AS sum FROM receivables WHERE ${condition} GROUP BY account_id`;

/** Lines of batches that are not confirmed, without what they carry of older debt. */
const inFlight = `SELECT l.account_id AS id, SUM(l.amount - l.carried_receivable - l.carried_held) AS sum
  FROM batches b CROSS JOIN batch_lines l ON l.batch_id = b.id WHERE b.state <> 'confirmed' GROUP BY l.account_id`;

const perAccount = (column: string, sums: string): string =>
  `SELECT a.address AS subject, a.${column} AS kept, COALESCE(s.sum, 0) AS sum
   FROM accounts a LEFT JOIN (${sums}) s ON s.id = a.id`;

const carried: readonly Carried[] = [
  { name: 'charged and sealed', text: perAccount('charged_sealed', ofDays('gross')) },
  { name: 'refunded and sealed', text: perAccount('refunded_sealed', ofDays('refunded')) },
  { name: 'receivable', text: perAccount('receivable', ofDebts("state IN ('open', 'batched') AND kind = 'account'")) },
  {
    name: 'held for payees',
    text: perAccount('held_for_payee', ofDebts("state IN ('open', 'batched') AND kind = 'payee'")),
  },
  { name: 'written off', text: perAccount('written_off', ofDebts("state = 'written_off'")) },
  {
    name: 'settled',
    text: `SELECT a.address AS subject, a.settled AS kept, a.charged_sealed - a.refunded_sealed + a.settled_elsewhere
        - COALESCE(s.sum, 0) - a.receivable - a.held_for_payee - a.written_off AS sum
      FROM accounts a LEFT JOIN (${inFlight}) s ON s.id = a.id`,
  },
  {
    name: 'total',
    text: `SELECT 'batch ' || b.batch || ' of lane ' || b.lane AS subject, b.total AS kept, COALESCE(SUM(l.amount), 0) AS sum
      FROM batches b LEFT JOIN batch_lines l ON l.batch_id = b.id GROUP BY b.id`,
  },
  {
    name: 'earned',
    text: `SELECT COALESCE(e.payee, s.payee) || ' in lane ' || COALESCE(e.lane, s.lane) AS subject,
        COALESCE(e.gross, 0) AS kept, COALESCE(s.sum, 0) AS sum
      FROM earnings e FULL JOIN (SELECT l.payee, b.lane, SUM(l.taken) AS sum FROM batches b
        CROSS JOIN batch_lines l ON l.batch_id = b.id WHERE l.taken > 0 GROUP BY l.payee, b.lane) s
        ON s.payee = e.payee AND s.lane = e.lane`,
  },
];

/** Enough to see what kind of damage it is. */
const foundMax = 20;

/** Finds what differs, all of one moment, as often as it is asked. It reads whole tables: for a thread, or a test. */
export function createSumsCheck(db: RawDb): () => WrongSum[] {
  const statements = carried.map(({ name, text }) => ({
    name,
    wrong: db.prepare<[], Stored>(`SELECT * FROM (${text}) WHERE kept <> sum LIMIT ${foundMax}`).safeIntegers(),
  }));
  return db.transaction(() =>
    statements.flatMap(({ name, wrong }) =>
      wrong.all().map(({ subject, kept, sum }) => ({ name, subject, kept: units(kept), byRows: units(sum) })),
    ),
  );
}
