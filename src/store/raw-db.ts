import type Database from 'better-sqlite3';

/** The one connection of this process, for prepared statements. Other rooms name the type, only `store/` opens it. */
export type RawDb = Database.Database;

/** Runs `work` in one immediate transaction; nested calls join the outer one. Throws and rolls back as `work` does. */
export type Write = <Result>(work: () => Result) => Result;

/**
 * How long a transaction of the books may wait for the checkpoint worker's moment on the write lock, ms. It waits on
 * the event loop, so it is short; charges do not use it, the journal retries without waiting.
 */
const busyTimeoutMs = 250;

export function createWrite(db: RawDb): Write {
  return (work) => {
    if (db.inTransaction) return work();
    db.pragma(`busy_timeout = ${busyTimeoutMs}`);
    try {
      return db.transaction(work).immediate();
    } finally {
      db.pragma('busy_timeout = 0');
    }
  };
}
