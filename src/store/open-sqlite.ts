import { existsSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { getEnvironmentData, setEnvironmentData } from 'node:worker_threads';
import Database from 'better-sqlite3';
import { bundled, inBinary, ownFilePath, readOwnFile } from '../own-files.ts';
import type { RawDb } from './raw-db.ts';

/** Every connection of the process opens here, so that all its threads share one copy of SQLite. */
export function openSqlite(file: string, options: Database.Options): RawDb {
  if (!bundled) return new Database(file, options);
  const addon: { exports: object } = { exports: {} };
  process.dlopen(addon, inBinary ? addonOfBinary(path.dirname(path.resolve(file))) : ownFilePath(addonKey));
  // The driver also takes an addon that is loaded already; its types know only of paths.
  const binding: object = { nativeBinding: addon.exports };
  return new Database(file, { ...options, ...binding });
}

const addonKey = 'dist/native/better_sqlite3.node';

/** Under this name every thread finds the file that the first of them has written. */
const sharedName = 'callora sqlite addon';

/**
 * The operating system loads code from files only, so a binary writes its addon out. Two copies of SQLite in one process
 * would drop each other's POSIX locks on a database; the same file, loaded again, is the same copy.
 */
function addonOfBinary(dataDir: string): string {
  const shared = getEnvironmentData(sharedName);
  if (typeof shared === 'string') return shared;
  const failures: string[] = [];
  for (const dir of [dataDir, tmpdir()]) {
    try {
      const file = writeOut(dir);
      setEnvironmentData(sharedName, file);
      return file;
    } catch (error) {
      failures.push(error instanceof Error ? error.message : String(error));
    }
  }
  throw new Error(
    `SQLite cannot be loaded (${failures.join('; ')}); set TMPDIR to a folder in which files may be written and executed`,
  );
}

/** Where the system shows open files by number, nothing is left behind, however the process ends. */
function writeOut(dir: string): string {
  const folder = mkdtempSync(path.join(dir, '.callora-'));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  try {
    const file = path.join(folder, 'sqlite.node');
    writeFileSync(file, readOwnFile(addonKey), { mode: 0o500, flag: 'wx' });
    // Some file systems let nothing be executed: it shows here, while another folder can still be tried.
    process.dlopen({ exports: {} }, file);
    const held = `/proc/self/fd/${openSync(file, 'r')}`;
    if (!existsSync(held)) {
      process.once('exit', remove);
      return file;
    }
    remove();
    return held;
  } catch (error) {
    remove();
    throw error;
  }
}
