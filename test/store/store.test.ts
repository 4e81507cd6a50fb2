import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it, onTestFinished } from 'vitest';
import { fakeClock } from '../../src/clock.ts';
import { silentLog } from '../../src/log.ts';
import { createWrite } from '../../src/store/raw-db.ts';
import { openStore } from '../../src/store/store.ts';
import { openTestStore, tempFolder, writeCharge } from './rig.ts';

function open(file: string) {
  return openStore({ path: file, clock: fakeClock(), log: silentLog() });
}

/** The last leaf page of a table says that it has a free byte more than it has: every row can still be read. */
function miscounted(bytes: Buffer): Buffer {
  const changed = Buffer.from(bytes);
  const pages = Array.from({ length: bytes.length / 4_096 }, (_, index) => index * 4_096);
  const leaf = pages.findLast((at) => at > 0 && bytes[at] === 0x0d) ?? 0;
  changed[leaf + 7] = (changed[leaf + 7] ?? 0) + 1;
  return changed;
}

/** A child that holds the store, and its first line. */
async function holdInChild(file: string) {
  const child = spawn(process.execPath, [path.join(import.meta.dirname, 'lock-child.ts'), file], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const [line] = await once(child.stdout, 'data');
  return { child, line: String(line).trim() };
}

describe('call ids', () => {
  it('begin anew behind those of a database that was lost, and of its restarts', async () => {
    const clock = fakeClock();
    const idsOfRun = async (file: string) => {
      const store = openStore({ path: file, clock, log: silentLog() });
      await store.close();
      return store.nextCallId();
    };
    const lost = path.join(tempFolder(), 'callora.db');
    const before = [await idsOfRun(lost), await idsOfRun(lost), await idsOfRun(lost)];
    clock.advance(3 * 1_800_000);
    const after = await idsOfRun(path.join(tempFolder(), 'callora.db'));
    expect(after).toBeGreaterThan(Math.max(...before));
  });
});

describe('one gateway per database', () => {
  it('refuses a second process at once and names the first by its pid', async () => {
    const { file } = openTestStore();
    const { child, line } = await holdInChild(file);
    expect(line).toBe(`refused: ${file} is in use by another process (pid ${process.pid}); one gateway per database`);
    if (child.exitCode === null) await once(child, 'exit');
    expect(child.exitCode).toBe(1);
  });

  it('leaves no stale lock behind when the holder is killed', async () => {
    const file = path.join(tempFolder(), 'callora.db');
    const { child, line } = await holdInChild(file);
    expect(line).toBe('open');
    expect(() => open(file)).toThrow(`pid ${child.pid}`);
    child.kill('SIGKILL');
    await once(child, 'exit');
    await open(file).close();
  });

  it('sees through another name of the same file', () => {
    const { file } = openTestStore();
    const link = path.join(tempFolder(), 'other.db');
    fs.symlinkSync(file, link);
    expect(() => open(link)).toThrow(/in use/);
  });

  it('may be opened again after it was closed, and counts the runs', async () => {
    const file = path.join(tempFolder(), 'callora.db');
    const first = open(file);
    const ids = [first.nextCallId(), first.nextCallId()];
    await first.close();
    const second = open(file);
    const next = second.nextCallId();
    expect(second.runId).toBe(first.runId + 1);
    expect([...ids, next].sort((a, b) => a - b)).toEqual([...ids, next]);
    await second.close();
    expect(fs.existsSync(`${file}.pid`)).toBe(false);
  });

  it('may be read beside a running gateway, and not written', async () => {
    const { store, file } = openTestStore();
    writeCharge(store, { account: 'GA', price: 5 });
    const reader = openStore({ path: file, clock: fakeClock(), log: silentLog(), readOnly: true });
    expect(reader.charges.unsealed()).toEqual({ count: 1, net: 5n });
    expect(() => reader.accounts.ensure('GB')).toThrow(/readonly/);
    await reader.close();
  });
});

describe('a file that cannot be trusted', () => {
  async function closedStore(): Promise<string> {
    const file = path.join(tempFolder(), 'callora.db');
    const store = open(file);
    createWrite(store.db)(() => {
      for (let index = 0; index < 3_000; index++) writeCharge(store, { account: `G${index}`, price: 5 });
    });
    await store.close();
    return file;
  }

  function expectRefused(file: string, message: RegExp): void {
    const before = fs.readFileSync(file);
    expect(() => open(file)).toThrow(message);
    expect(fs.readFileSync(file).equals(before)).toBe(true);
    expect(fs.existsSync(`${file}.pid`)).toBe(false);
  }

  it.each<[string, (bytes: Buffer) => Buffer]>([
    ['another kind of file', () => Buffer.from('not a database, but long enough to be looked at closely'.repeat(20))],
    ['a broken header', (bytes) => Buffer.concat([Buffer.alloc(100, 7), bytes.subarray(100)])],
    ['broken pages', (bytes) => Buffer.concat([bytes.subarray(0, 8_192), bytes.subarray(8_192).map(() => 0x5a)])],
    ['a row that only a full check finds', miscounted],
    ['a cut end', (bytes) => bytes.subarray(0, bytes.length - 3 * 4_096)],
  ])('is refused and kept: %s', async (_, damage) => {
    const file = await closedStore();
    fs.writeFileSync(file, damage(fs.readFileSync(file)));
    expectRefused(file, /is not a sound database .*left as it is/s);
  });

  it('that is too large to check first is checked beside, and then nothing counts as written', async () => {
    const file = await closedStore();
    const bytes = fs.readFileSync(file);
    const reader = new Database(file, { readonly: true });
    const root = reader.prepare("SELECT rootpage FROM sqlite_master WHERE name = 'finishes'").pluck().get();
    reader.close();
    bytes.fill(0x5a, (Number(root) - 1) * 4_096, Number(root) * 4_096);
    fs.writeFileSync(file, bytes);
    const { store } = openTestStore({ path: file, checkFirstMaxBytes: 0 });
    const failed = async () =>
      store.sync().then(
        () => undefined,
        (error: Error) => error.message,
      );
    let message: string | undefined;
    while (message === undefined) {
      message = await failed();
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(message).toContain('is not a sound database');
  });

  it('is refused and kept: the database of a newer version', async () => {
    const file = await closedStore();
    const db = new Database(file);
    db.prepare("INSERT INTO __drizzle_migrations (hash, created_at) VALUES ('from-the-future', 9e15)").run();
    db.pragma('journal_mode = DELETE');
    db.close();
    expect(() => open(file)).toThrow(
      /written by another version of Callora \(\d+ migrations, this version knows \d+\)/,
    );
    const after = new Database(file, { readonly: true });
    expect(after.prepare('SELECT COUNT(*) FROM charges').pluck().get()).toBe(3_000);
    after.close();
  });

  it('is refused and kept: the database of another program', () => {
    const file = path.join(tempFolder(), 'other.db');
    const db = new Database(file);
    db.exec('CREATE TABLE notes (text TEXT)');
    db.close();
    expect(() => open(file)).toThrow(/not a Callora database/);
  });
});

describe('a lock that somebody else holds', () => {
  it('is never waited for inside SQLite, which would hold the event loop', () => {
    const { store } = openTestStore();
    const waitsMs = [store.db, store.journalDb].map((db) => db.pragma('busy_timeout', { simple: true }));
    expect(waitsMs).toEqual([0, 0]);
  });
});

describe('the facts of a database', () => {
  it('are pinned: it belongs to one network and one vault', () => {
    const { store, file } = openTestStore();
    store.meta.pin('vault', 'CA');
    store.meta.pin('vault', 'CA');
    expect(() => store.meta.pin('vault', 'CB')).toThrow(`${file} belongs to vault CA, not to CB`);
    expect(store.meta.get('vault')).toBe('CA');
  });

  it('are on disk when sync resolves, for any number of callers', async () => {
    const { store } = openTestStore();
    store.meta.set('a', 'b');
    await Promise.all(Array.from({ length: 20 }, () => store.sync()));
    expect(store.meta.get('a')).toBe('b');
  });

  it('are readable by their owner only', () => {
    const { file } = openTestStore();
    expect(fs.statSync(file).mode & 0o077).toBe(0);
  });
});
