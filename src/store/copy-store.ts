import { closeSync, linkSync, openSync, rmSync } from 'node:fs';
import path from 'node:path';
import type { BackupJob, BackupSums } from './backup.ts';
import { openSqlite } from './open-sqlite.ts';
import type { RawDb } from './raw-db.ts';
import { syncToDisk } from './sync-to-disk.ts';

/** Steps are large: the copy is of one moment whatever is written meanwhile, and whoever copies has nothing else to do. */
const stepPages = 4_096;

/** Writes the copy, compares it with the database and brings it to the disk under its name: see backup.ts. */
export async function copyStore({ file, to }: BackupJob): Promise<BackupSums> {
  const temporary = path.join(path.dirname(to), `.${path.basename(to)}.${process.pid}.partial`);
  // Made before SQLite sees it, for the owner alone: the copy holds what the database holds.
  closeSync(openSync(temporary, 'wx', 0o600));
  try {
    const sums = await copyMoment(file, temporary);
    requireEqual(temporary, sums);
    syncToDisk(temporary);
    // A link fails where a rename would overwrite.
    linkSync(temporary, to);
    syncToDisk(path.dirname(to));
    return sums;
  } finally {
    for (const suffix of ['', '-journal', '-wal', '-shm']) rmSync(`${temporary}${suffix}`, { force: true });
  }
}

/** Everything is read in one transaction, so the sums and the copy are of the same moment. */
async function copyMoment(file: string, temporary: string): Promise<BackupSums> {
  const db = openSqlite(file, { readonly: true, fileMustExist: true, timeout: 5_000 });
  try {
    db.exec('BEGIN');
    const sums = readSums(db);
    await db.backup(temporary, { progress: () => stepPages });
    return sums;
  } finally {
    db.close();
  }
}

function requireEqual(temporary: string, wanted: BackupSums): void {
  const db = openSqlite(temporary, { fileMustExist: true });
  try {
    // One file, with no log beside it.
    db.pragma('journal_mode = DELETE');
    const verdict = String(db.pragma('quick_check(1)', { simple: true }));
    if (verdict !== 'ok') throw new Error(`the copy is damaged: ${verdict}`);
    const found = readSums(db);
    const off = Object.keys(wanted).filter((name) => wanted[name] !== found[name]);
    if (off.length > 0) throw new Error(`the copy differs from the database in ${off.join(', ')}`);
  } finally {
    db.close();
  }
}

/** How many rows each table has, and what its amounts add up to. */
function readSums(db: RawDb): BackupSums {
  const sums: BackupSums = {};
  const tables = db
    .prepare<[], string>(
      "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY name",
    )
    .pluck()
    .all();
  for (const table of tables) {
    sums[table] = String(db.prepare(`SELECT COUNT(*) FROM "${table}"`).pluck().get());
    for (const column of moneyColumns[table] ?? []) {
      sums[`${table}.${column}`] = String(
        db.prepare(`SELECT SUM("${column}") FROM "${table}"`).safeIntegers().pluck().get(),
      );
    }
  }
  return sums;
}

const moneyColumns: Record<string, string[]> = {
  accounts: ['deposited', 'settled', 'withdrawn', 'charged_sealed', 'refunded_sealed', 'receivable'],
  charges: ['price'],
  refunds: ['amount'],
  batches: ['total'],
  batch_lines: ['amount', 'taken'],
  receivables: ['amount'],
  earnings: ['gross'],
  payouts: ['amount'],
  usage_daily: ['gross', 'refunded'],
  exits: ['amount'],
  classic_payments: ['amount'],
  classic_sums: ['payments', 'amount'],
};
