import type { RawDb } from '../store/raw-db.ts';

/**
 * Whether a row of a table is there, for tables whose rows are numbered from 1 on and never deleted: those up to the highest
 * number are. A foreign key asks the same by a look-up, which costs the more the larger the table is.
 */
export function createKnownRows(db: RawDb, table: 'accounts' | 'tokens' | 'routes'): (id: number) => boolean {
  const highest = db.prepare<[], number | null>(`SELECT MAX(id) FROM ${table}`).pluck();
  let known = 0;
  return (id) => {
    if (id > known) known = highest.get() ?? 0;
    return Number.isInteger(id) && id >= 1 && id <= known;
  };
}
