import fs from 'node:fs';
import path from 'node:path';
import type { Log } from '../log.ts';
import { requireSoundLog } from './log-damage.ts';
import { openSqlite } from './open-sqlite.ts';
import type { RawDb } from './raw-db.ts';
import { isBusy } from './sqlite-error.ts';

/** How long opening waits for a reader that happens to recover the log at the same moment, ms. */
const openTimeoutMs = 1_000;

/** The file itself behind links, so that two names of one database share one lock. Makes the folder if needed. */
export function resolveStoreFile(file: string): string {
  const absolute = path.resolve(file);
  fs.mkdirSync(path.dirname(absolute), { recursive: true, mode: 0o700 });
  if (fs.existsSync(absolute)) return fs.realpathSync(absolute);
  return path.join(fs.realpathSync(path.dirname(absolute)), path.basename(absolute));
}

/**
 * Opens the file, held by its lock, and refuses what is not a sound database. Nothing is repaired or deleted here: what
 * cannot be read today may be worth a lot to whoever restores it.
 */
export function connect(file: string, check: boolean, log: Log): RawDb {
  const lostCommits = requireSoundLog(file);
  // Made before SQLite opens it, never after: closing another descriptor of an open database drops its locks.
  if (!fs.existsSync(file)) fs.closeSync(fs.openSync(file, 'a', 0o600));
  let db: RawDb | undefined;
  try {
    db = openSqlite(file, { timeout: openTimeoutMs });
    db.pragma('journal_mode = WAL');
    configure(db);
    db.pragma('foreign_keys = ON');
    const verdict = check ? db.pragma('quick_check(1)', { simple: true }) : 'ok';
    if (verdict !== 'ok') throw new Error(`quick_check says: ${verdict}`);
    if (lostCommits > 0) {
      startLogOver(db);
      log.warn({ commits: lostCommits }, 'a power cut took the last commits: they had not reached the disk');
    }
    db.pragma('busy_timeout = 0');
    return db;
  } catch (error) {
    db?.close();
    if (isBusy(error)) throw new Error(`${file} is being read by another process; try again`, { cause: error });
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`${file} is not a sound database (${reason}); it was left as it is. Restore a backup`, {
      cause: error,
    });
  }
}

/** What lies behind the part that is read would look like damage once more is written before it. */
function startLogOver(db: RawDb): void {
  const [progress] = db.pragma('wal_checkpoint(TRUNCATE)') as { busy: number }[];
  if (progress?.busy !== 0) throw Object.assign(new Error('its log is being read'), { code: 'SQLITE_BUSY' });
}

/**
 * The journal's own connection to a file that `connect` has opened. It does not look up the rows that its rows refer to,
 * which costs the more the more of them there are [measured: 0.65 µs a call among 10,000 accounts, 6 among a million]: the
 * journal knows by their numbers that they are there.
 */
export function connectJournal(file: string): RawDb {
  const db = openSqlite(file, { fileMustExist: true, timeout: 0 });
  configure(db);
  db.pragma('foreign_keys = OFF');
  return db;
}

/**
 * A connection for a walk over one moment of the file, beside the calls. It waits for no lock, which would hold the event
 * loop, and each walk reads every page once: a large cache would only be memory.
 */
export function connectWalk(file: string): RawDb {
  const db = openSqlite(file, { readonly: true, fileMustExist: true, timeout: 0 });
  db.pragma('cache_size = -2000');
  db.pragma('trusted_schema = OFF');
  return db;
}

function configure(db: RawDb): void {
  db.pragma('synchronous = NORMAL');
  // Checkpoints run in a worker: on the event loop they cost the 99th percentile twelve milliseconds.
  db.pragma('wal_autocheckpoint = 0');
  db.pragma('trusted_schema = OFF');
  // Without it, INSERT OR REPLACE deletes rows past the triggers that forbid it.
  db.pragma('recursive_triggers = ON');
}

/** Size of the database with its log, bytes; 0 when there is none yet. */
export function storeBytes(file: string): number {
  return [file, `${file}-wal`].reduce(
    (sum, each) => sum + (fs.statSync(each, { throwIfNoEntry: false })?.size ?? 0),
    0,
  );
}

export function connectReadOnly(file: string): RawDb {
  return openSqlite(path.resolve(file), { readonly: true, fileMustExist: true, timeout: openTimeoutMs });
}
