import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { openSqlite } from './open-sqlite.ts';
import { isBusy } from './sqlite-error.ts';

/**
 * One gateway per database. The lock is a tiny SQLite file beside it, held in an exclusive transaction: the operating
 * system drops it with the process, however it dies, so there is no stale lock to clear. The `.pid` file only names
 * the holder in the message.
 */
export type StoreLock = { release(): void };

export class StoreLockedError extends Error {
  override readonly name = 'StoreLockedError';
  readonly pid: string;

  constructor(path: string, pid: string) {
    super(`${path} is in use by another process (pid ${pid}); one gateway per database`);
    this.pid = pid;
  }
}

export function lockStore(path: string): StoreLock {
  const pidFile = `${path}.pid`;
  const db = openSqlite(`${path}.lock`, { timeout: 0 });
  try {
    db.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    db.close();
    if (isBusy(error)) throw new StoreLockedError(path, readPid(pidFile));
    throw error;
  }
  writeFileSync(pidFile, `${process.pid}\n`);
  return {
    release() {
      rmSync(pidFile, { force: true });
      db.close();
    },
  };
}

function readPid(pidFile: string): string {
  try {
    return readFileSync(pidFile, 'utf8').trim() || 'unknown';
  } catch {
    return 'unknown';
  }
}
