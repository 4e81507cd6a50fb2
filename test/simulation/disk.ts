import fs from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';

/**
 * Sees every durable write of a database: COMMIT, and statements that are a transaction of their own. What a process leaves
 * behind that is killed at such a moment is exactly what its files hold then.
 */
export type Moment = 'before' | 'after';

type Listener = (moment: Moment) => void;

const listeners = new Map<string, Listener>();
const writing = new WeakMap<object, boolean>();
let watching = false;

/** Calls `listener` before and after each durable write to the file, in the same synchronous step; returns the end of it. */
export function watchWrites(file: string, listener: Listener): () => void {
  if (!watching) watchStatements();
  watching = true;
  const name = path.join(fs.realpathSync(path.dirname(file)), path.basename(file));
  listeners.set(name, listener);
  return () => void listeners.delete(name);
}

type Statement = { source: string; readonly: boolean; database: { name: string; inTransaction: boolean } };

/** All statements of the driver share one prototype; nothing but this hook is put into their way. */
function watchStatements(): void {
  const db = new Database(':memory:');
  const prototype: { run(this: Statement, ...values: unknown[]): unknown } = Object.getPrototypeOf(
    db.prepare('SELECT 1'),
  );
  db.close();
  const { run } = prototype;
  prototype.run = function watched(this: Statement, ...values: unknown[]) {
    const listener = listeners.get(this.database.name);
    if (!listener) return run.apply(this, values);
    // A transaction that began without the write lock has only read.
    if (this.source.startsWith('BEGIN')) writing.set(this.database, this.source === 'BEGIN IMMEDIATE');
    const durable =
      this.source === 'COMMIT' ? writing.get(this.database) : !this.readonly && !this.database.inTransaction;
    if (!durable) return run.apply(this, values);
    listener('before');
    const result = run.apply(this, values);
    listener('after');
    return result;
  };
}

/** The files as they lie there now: with what was committed, without what only the process knew. */
export function copyDatabase(from: string, to: string): void {
  fs.mkdirSync(path.dirname(to), { recursive: true });
  for (const suffix of ['', '-wal', '-synced']) {
    if (fs.existsSync(from + suffix)) fs.copyFileSync(from + suffix, to + suffix);
  }
}
