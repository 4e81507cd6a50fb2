import fs from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { fakeClock } from '../../src/clock.ts';
import type { RawDb } from '../../src/store/raw-db.ts';
import { restoreStore } from '../../src/store/restore.ts';
import { fillBooks } from './full-books.ts';
import { openTestStore, seal, tempFolder, writeCharge } from './rig.ts';

/** Migrations before the one that makes rows about money final. */
const before = 4;

/** A database as the version before left it, closed, with the same rows as full books of today. */
async function olderBooks(): Promise<string> {
  const { store, file } = openTestStore();
  store.meta.pin('vault', 'CVAULT');
  await fillBooks(store);
  const copy = path.join(tempFolder(), 'older.db');
  await store.backup(copy);
  await store.close();
  fs.rmSync(file);
  const db = new Database(copy);
  const added = db
    .prepare<[], { name: string; sql: string }>("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
    .all()
    .filter(({ sql }) => migration('0004_append_only.sql').includes(sql));
  for (const { name } of added) db.exec(`DROP TRIGGER ${name}`);
  // Made by later ones.
  db.exec(`DROP INDEX receivables_account;
    DROP TRIGGER classic_payments_came; DROP TRIGGER classic_payments_left; DROP TRIGGER classic_payments_entered;
    DROP INDEX classic_payments_held; DROP INDEX classic_payments_memo; DROP TABLE classic_sums`);
  db.prepare('DELETE FROM __drizzle_migrations WHERE created_at > ?').run(whenMs(before - 1));
  expect(triggersOf(db)).toEqual(triggersOfOlder());
  db.close();
  return copy;
}

describe('a database of the version before', () => {
  it('is brought forward with every row as it was, and refuses changes from then on', async () => {
    const file = await olderBooks();
    const rows = rowsOf(file);
    const { store } = openTestStore({ path: file });
    expect(() => store.db.exec('UPDATE payouts SET amount = amount + 1')).toThrow(/append only/);
    expect(() => store.db.exec('DELETE FROM vault_events')).toThrow(/append only/);
    await store.close();
    const held = { to_address: 'GDEPOSIT', state: 'unattributed', payments: 1, amount: 50 };
    expect(rowsOf(file)).toEqual({ ...rows, classic_sums: [held] });
  });

  it('that was left in the middle of filing a batch has it taken apart as ever', async () => {
    const file = await olderBooks();
    const db = new Database(file);
    db.exec(`UPDATE batch_envelopes SET state = 'failed' WHERE batch_id = 3;
      UPDATE batches SET state = 'sealed', leaves = leaves + 1 WHERE id = 3`);
    db.close();
    const { store } = openTestStore({ path: file });
    expect(store.batches.open()).toEqual([]);
    expect(store.charges.unsealed()).toMatchObject({ count: 2, net: 21n });
    expect(seal(store)).toMatchObject({ batch: 3, total: 21n });
  });

  it('can be restored from a copy', async () => {
    const copy = await olderBooks();
    const file = path.join(tempFolder(), 'callora.db');
    restoreStore({ path: file, copy, keepTokens: false, pins: { vault: 'CVAULT' }, clock: fakeClock() });
    const { store } = openTestStore({ path: file });
    expect(store.restored.state()).toBe('begun');
    expect(store.batches.list({ limit: 9 }).map((batch) => batch.state)).toEqual([
      'submitted',
      'confirmed',
      'confirmed',
    ]);
    writeCharge(store, { account: 'GA', price: 4 });
    expect(() => store.db.exec('UPDATE batches SET total = 1')).toThrow(/append only/);
  });
});

function migration(name: string): string {
  return fs.readFileSync(path.join(import.meta.dirname, '../../drizzle', name), 'utf8');
}

function whenMs(index: number): number {
  return JSON.parse(migration('meta/_journal.json')).entries[index].when;
}

function triggersOf(db: RawDb): unknown[] {
  return db.prepare("SELECT name FROM sqlite_master WHERE type = 'trigger' ORDER BY name").pluck().all();
}

/** What the older migrations make by themselves. */
function triggersOfOlder(): unknown[] {
  const db = new Database(':memory:');
  const names: { tag: string }[] = JSON.parse(migration('meta/_journal.json')).entries.slice(0, before);
  for (const { tag } of names) db.exec(migration(`${tag}.sql`));
  const triggers = triggersOf(db);
  db.close();
  return triggers;
}

/** Every row of every table but those that each start and each migration move. */
function rowsOf(file: string): Record<string, unknown[]> {
  const db = new Database(file, { readonly: true });
  const tables = db
    .prepare<[], string>("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_\\_%' ESCAPE '\\'")
    .pluck()
    .all();
  const rows = tables
    .filter((name) => name !== 'meta')
    .map((name) => [name, db.prepare(`SELECT * FROM ${name} ORDER BY 1, 2`).all()] as const);
  db.close();
  return Object.fromEntries(rows);
}
