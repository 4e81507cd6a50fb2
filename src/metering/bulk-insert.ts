import type { RawDb } from '../store/raw-db.ts';
import { isRowRefused } from '../store/sqlite-error.ts';

/** Writes all rows but those that their table refuses: each of these it tells of. */
export type BulkInsert<Row> = (rows: readonly Row[], refused: Refused<Row>) => void;

type Refused<Row> = (row: Row, error: unknown) => void;

export type BulkInsertSpec<Row> = {
  db: RawDb;
  /** Table and columns: `finishes (charge_id, at_ms, …)`. */
  into: string;
  columns: number;
  /** Which of the rows are written, in terms of `column1`, `column2` …; all without it. */
  where?: string;
  /** What follows the values: a conflict clause. */
  end?: string;
  /** Rows of one statement, while so many are at hand. */
  atOnce: number;
  /** Puts the values of a row into `params` from `at` on; an assertion that fails refuses the row. */
  values(row: Row, params: unknown[], at: number): void;
};

/**
 * Inserts rows within the caller's transaction, many with one statement: half of what a short row costs is the call into
 * the database [measured]. A row that its table refuses harms no other: its statement is undone whole and its rows are
 * written one by one.
 */
export function createBulkInsert<Row>(spec: BulkInsertSpec<Row>): BulkInsert<Row> {
  const { db, columns, atOnce, values } = spec;
  const one = db.prepare(textOf(spec, 1));
  const many = db.prepare(textOf(spec, atOnce));
  const oneParams: unknown[] = new Array(columns).fill(null);
  const manyParams: unknown[] = new Array(columns * atOnce).fill(null);

  function writeMany(rows: readonly Row[]): boolean {
    try {
      let at = 0;
      for (const row of rows) {
        values(row, manyParams, at);
        at += columns;
      }
      many.run(manyParams);
      return true;
    } catch (error) {
      if (!isRowRefused(error)) throw error;
      return false;
    }
  }

  function writeOne(row: Row, refused: Refused<Row>): void {
    try {
      values(row, oneParams, 0);
      one.run(oneParams);
    } catch (error) {
      if (!isRowRefused(error)) throw error;
      refused(row, error);
    }
  }

  return (rows, refused) => {
    for (let from = 0; from < rows.length; from += atOnce) {
      const some = rows.slice(from, from + atOnce);
      if (some.length < atOnce || !writeMany(some)) for (const row of some) writeOne(row, refused);
    }
  };
}

function textOf(
  { into, columns, where, end = '' }: Pick<BulkInsertSpec<never>, 'into' | 'columns' | 'where' | 'end'>,
  rows: number,
): string {
  const row = `(${new Array(columns).fill('?').join(', ')})`;
  const values = `VALUES ${new Array(rows).fill(row).join(', ')}`;
  return `INSERT INTO ${into} ${where === undefined ? values : `SELECT * FROM (${values}) WHERE ${where}`} ${end}`;
}
