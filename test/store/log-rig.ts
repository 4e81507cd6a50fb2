import fs from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import fc from 'fast-check';
import { onTestFinished } from 'vitest';
import type { Store } from '../../src/store/store.ts';
import { openTestStore, tempFolder, writeCharge } from './rig.ts';

/** Small pages, so that a test can afford to look at every byte. */
const pageBytes = 512;
export const headerBytes = 32;
export const frameBytes = 24 + pageBytes;

/** An open database whose log is only ever written: what a killed process leaves is what its files hold at that moment. */
export function openLogged(): { db: Database.Database; file: string } {
  const file = path.join(tempFolder(), 'logged.db');
  const db = new Database(file);
  onTestFinished(() => void db.close());
  db.pragma(`page_size = ${pageBytes}`);
  db.pragma('journal_mode = WAL');
  db.pragma('synchronous = NORMAL');
  db.pragma('wal_autocheckpoint = 0');
  db.exec('CREATE TABLE rows (id INTEGER PRIMARY KEY, text TEXT)');
  return { db, file };
}

export type LogStep<Act extends string = LogAct> = { act: Act; rows: number; at: number };
type LogAct = (typeof logActs)[number];

/** What a connection does to its log: writes rows, and then one of these. */
export const logActs = ['commit', 'commit', 'rollback', 'begin', 'savepoint', 'undo', 'restart', 'truncate'] as const;

export function logSteps<Act extends string>(...acts: Act[]): fc.Arbitrary<LogStep<Act>[]> {
  const act = fc.constantFrom(...acts);
  const step = fc.record({ act, rows: fc.integer({ min: 0, max: 12 }), at: fc.integer({ min: 1, max: 40 }) });
  return fc.array(step, { maxLength: 40, size: 'max' });
}

/** Takes one step, and looks whenever something may have been written. Other acts than the log's are the caller's. */
export function takeLogStep(db: Database.Database, { act, rows, at }: LogStep<string>, look: () => void): void {
  if (act === 'begin' && !db.inTransaction) db.exec('BEGIN');
  const put = db.prepare('INSERT OR REPLACE INTO rows (id, text) VALUES (?, ?)');
  for (let row = 0; row < rows; row++) {
    put.run(at + row, String(at).repeat(400));
    look();
  }
  if (db.inTransaction) {
    if (act === 'savepoint') db.exec('SAVEPOINT here');
    if (act === 'undo') db.exec('SAVEPOINT there; DELETE FROM rows WHERE id % 2 = 0; ROLLBACK TO there');
    if (act === 'commit') db.exec('COMMIT');
    if (act === 'rollback') db.exec('ROLLBACK');
  } else {
    if (act === 'restart') db.pragma('wal_checkpoint(RESTART)');
    if (act === 'truncate') db.pragma('wal_checkpoint(TRUNCATE)');
  }
  look();
}

/** What a process killed after so many commits leaves behind, each of two frames or more. */
export function killedAfter(commits: number): { file: string; log: Buffer } {
  const { db, file } = openLogged();
  const insert = db.prepare('INSERT INTO rows (text) VALUES (?)');
  for (let commit = 1; commit < commits; commit++) insert.run(String(commit).repeat(600));
  const copy = path.join(tempFolder(), 'killed.db');
  fs.copyFileSync(file, copy);
  fs.copyFileSync(`${file}-wal`, `${copy}-wal`);
  return { file: copy, log: fs.readFileSync(`${copy}-wal`) };
}

/** The files of a gateway that was killed after so many charges of 7 units, each a commit. */
export function killedStore(charges: number, before: (store: Store) => void = () => undefined): string {
  const { store, file } = openTestStore();
  store.meta.pin('vault', 'CVAULT');
  for (let charge = 0; charge < charges; charge++) writeCharge(store, { account: 'GA', price: 7 });
  before(store);
  const copy = path.join(tempFolder(), 'callora.db');
  for (const suffix of ['', '-wal', '-shm', '-synced']) fs.copyFileSync(`${file}${suffix}`, `${copy}${suffix}`);
  return copy;
}

/** The bytes of a database, its log and its index. */
export function filesOf(file: string): Buffer[] {
  return ['', '-wal', '-shm'].map((suffix) => fs.readFileSync(`${file}${suffix}`));
}

/** Numbers of the frames that end a commit. */
export function commitEnds(log: Buffer, size = frameBytes): number[] {
  const ends: number[] = [];
  for (let number = 1; headerBytes + number * size <= log.length; number++) {
    if (log.readUInt32BE(headerBytes + (number - 1) * size + 4) !== 0) ends.push(number);
  }
  return ends;
}

export function frameAt(number: number): number {
  return headerBytes + (number - 1) * frameBytes;
}

export function flipped(log: Buffer, at: number, bits = 1 << (at % 8)): Buffer {
  const damaged = Buffer.from(log);
  damaged.writeUInt8(damaged.readUInt8(at) ^ bits, at);
  return damaged;
}

/** The same log as a machine with the other order of bytes would have written it. */
export function bigEndian(log: Buffer): Buffer {
  const other = Buffer.from(log);
  other.writeUInt32BE(0x377f0683, 0);
  let [one, two] = [0, 0];
  const add = (from: number, to: number) => {
    for (let at = from; at < to; at += 8) {
      one = (one + other.readUInt32BE(at) + two) % 2 ** 32;
      two = (two + other.readUInt32BE(at + 4) + one) % 2 ** 32;
    }
  };
  const write = (at: number) => {
    other.writeUInt32BE(one, at);
    other.writeUInt32BE(two, at + 4);
  };
  add(0, 24);
  write(24);
  for (let at = headerBytes; at + frameBytes <= other.length; at += frameBytes) {
    add(at, at + 8);
    add(at + 24, at + frameBytes);
    write(at + 16);
  }
  return other;
}
