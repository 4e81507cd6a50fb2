import { chmodSync, constants, copyFileSync, existsSync, linkSync, renameSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import type { Clock } from '../clock.ts';
import { createAudit } from './audit.ts';
import { copyBeforeDamage } from './before-damage.ts';
import { resolveStoreFile, storeBytes } from './connect.ts';
import { lockStore } from './lock.ts';
import { findLogDamage } from './log-damage.ts';
import { createMeta, lastRun } from './meta.ts';
import { migrateStore } from './migrate.ts';
import { openSqlite } from './open-sqlite.ts';
import { createWrite, type RawDb } from './raw-db.ts';
import { markRestored } from './restored.ts';
import { syncToDisk } from './sync-to-disk.ts';

export type RestoreJob = {
  /** The gateway's database, which the copy replaces. */
  path: string;
  /** Undefined: the database itself, as it was before the damage in its log. */
  copy: string | undefined;
  keepTokens: boolean;
  /** Facts that the copy must have: it belongs to this network and this vault. */
  pins: Record<string, string>;
  clock: Clock;
};

export type Restored = {
  file: string;
  copy: string;
  /** Where the database that was there is kept, if there was one. */
  aside: string | undefined;
  /** Tells how old the copy is. */
  newestChargeAtMs: number | undefined;
  /** How many commits end behind the damage in the log; 0 for a copy. */
  commitsBehind: number;
};

/**
 * Puts a copy in the database's place. The copy is checked and marked before anything is touched, the database that was
 * there is kept under another name, and the mark keeps the gateway from selling until the books are the vault's again.
 */
export function restoreStore(job: RestoreJob): Restored {
  if (job.copy !== undefined) requireCopy(job.copy);
  const file = resolveStoreFile(job.path);
  const lock = lockStore(file);
  const prepared = `${file}.restoring`;
  try {
    removeWithLog(prepared);
    const found = prepare(prepared, file, job);
    syncToDisk(prepared);
    const aside = putAside(file, job.clock.nowMs());
    renameSync(prepared, file);
    syncToDisk(path.dirname(file));
    return { file, copy: job.copy ?? file, aside, ...found };
  } finally {
    removeWithLog(prepared);
    lock.release();
  }
}

/** The copy cannot be used: nothing was changed. */
export class RestoreRefused extends Error {
  override readonly name = 'RestoreRefused';
}

function requireCopy(copy: string): void {
  if (!existsSync(copy)) throw new RestoreRefused(`there is no file ${copy}`);
  if (!statSync(copy).isFile()) throw new RestoreRefused(`${copy} is no file`);
  if (storeBytes(copy) > statSync(copy).size) {
    throw new RestoreRefused(`${copy} has a log beside it, so it is no copy that \`callora backup\` made`);
  }
}

/** Makes the copy ready under a name of its own: checks it, brings it to this version's tables and marks it. */
function prepare(
  prepared: string,
  replaced: string,
  { copy, keepTokens, pins, clock }: RestoreJob,
): Pick<Restored, 'newestChargeAtMs' | 'commitsBehind'> {
  const from = copy ?? replaced;
  let db: RawDb | undefined;
  try {
    if (copy !== undefined) copyFileSync(copy, prepared, constants.COPYFILE_EXCL);
    const commitsBehind = copy === undefined ? copyBeforeDamage(replaced, prepared) : 0;
    chmodSync(prepared, 0o600);
    const opened = openSqlite(prepared, { fileMustExist: true });
    db = opened;
    db.pragma('journal_mode = DELETE');
    db.pragma('synchronous = FULL');
    // Nobody has looked yet whether what lies before the damage fits together; a copy was compared when it was made.
    const check = copy === undefined ? 'integrity_check' : 'quick_check';
    const verdict = String(db.pragma(`${check}(1)`, { simple: true }));
    if (verdict !== 'ok') throw new Error(`it is damaged: ${verdict}`);
    migrateStore(db);
    requirePins(db, pins);
    const newestChargeAtMs = db.prepare<[], number | null>('SELECT MAX(at_ms) FROM charges').pluck().get() ?? undefined;
    const write = createWrite(db);
    const audit = createAudit(db, write, clock);
    const meta = createMeta(db, write);
    write(() => {
      const replacedRun = runOf(replaced);
      markRestored(opened, meta, { clock, keepTokens, replacedRun, newestAtMs: newestChargeAtMs });
      const detail = JSON.stringify({ keepTokens, ...(copy === undefined && { commitsBehind }) });
      audit.add({ actor: 'command line', action: 'restore', subject: from, detail });
    });
    return { newestChargeAtMs, commitsBehind };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new RestoreRefused(`${from} cannot be restored: ${reason}`, { cause: error });
  } finally {
    db?.close();
  }
}

/** Last run of a database that is about to be replaced; 0 where there is none, or none that can be read. */
function runOf(file: string): number {
  let db: RawDb | undefined;
  try {
    // Opened only to read, but SQLite deletes the log of an empty file all the same.
    if (statSync(file).size === 0) return 0;
    db = openSqlite(file, { readonly: true, fileMustExist: true });
    return lastRun(createMeta(db, createWrite(db)));
  } catch {
    return 0;
  } finally {
    db?.close();
  }
}

function requirePins(db: RawDb, pins: Record<string, string>): void {
  const pinned = db.prepare<[string], string>('SELECT value FROM meta WHERE key = ?').pluck();
  for (const [key, wanted] of Object.entries(pins)) {
    const found = pinned.get(key);
    if (found !== wanted) throw new Error(`it belongs to ${key} ${found ?? '(none yet)'}, not to ${wanted}`);
  }
}

/**
 * A sound database first takes its log in; a damaged one, or one with a damaged log, keeps it under the new name. The new file must never meet the old
 * one's log, also where somebody has deleted the database without it: SQLite would play it into the wrong database.
 */
function putAside(file: string, nowMs: number): string | undefined {
  const isThere = existsSync(file);
  const aside = `${file}.before-restore-${new Date(nowMs).toISOString().replaceAll(/[:.]/g, '-')}`;
  const isDamaged = findLogDamage(file) !== undefined;
  if (isThere && !isDamaged) takeLogIn(file);
  // A damaged log goes with its database: at no moment is one of them there alone for SQLite to open.
  if (isThere) (isDamaged ? renameSync : linkSync)(file, aside);
  for (const suffix of ['-wal', '-shm', '-synced']) {
    if (existsSync(`${file}${suffix}`)) renameSync(`${file}${suffix}`, `${aside}${suffix}`);
  }
  return isThere ? aside : undefined;
}

function takeLogIn(file: string): void {
  try {
    const db = openSqlite(file, { fileMustExist: true });
    db.pragma('wal_checkpoint(TRUNCATE)');
    db.close();
  } catch {
    // Damaged: that may be why it is replaced.
  }
}

function removeWithLog(file: string): void {
  for (const suffix of ['', '-journal', '-wal', '-shm']) rmSync(`${file}${suffix}`, { force: true });
}
