import Database from 'better-sqlite3';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type FakeClock, fakeClock, systemClock } from '../../src/clock.ts';
import { silentLog } from '../../src/log.ts';
import { type ChargeRow, createJournal, type Journal, type JournalOptions } from '../../src/metering/journal.ts';
import { finishesAtOnce } from '../../src/metering/journal-rows.ts';
import { units } from '../../src/money.ts';
import type { RawDb } from '../../src/store/raw-db.ts';
import type { Store } from '../../src/store/store.ts';
import { openTestStore, seal } from '../store/rig.ts';
import { until } from '../support/until.ts';

type Rig = { store: Store; clock: FakeClock; journal: Journal; row(change?: Partial<ChargeRow>): ChargeRow };

function build(options: Partial<JournalOptions> & { wrap?: (db: RawDb) => RawDb } = {}): Rig {
  const { store, clock } = openTestStore();
  const { wrap = (db: RawDb) => db, ...rest } = options;
  const journal = createJournal({
    db: wrap(store.journalDb),
    clock,
    log: silentLog(),
    durability: 'process',
    walSyncIntervalMs: 1_000,
    sync: store.sync,
    ...rest,
  });
  onTestFinished(() => journal.close());
  const accountId = store.accounts.ensure('GA');
  const routeId = store.routes.ensure({ api: 'a', payee: 'GP', method: 'GET', template: '/a' });
  const row = (change: Partial<ChargeRow> = {}): ChargeRow => ({
    id: store.nextCallId(),
    atMs: 1,
    accountId,
    routeId,
    method: 'GET',
    status: 200,
    priceUnits: units(5),
    ...change,
  });
  return { store, clock, journal, row };
}

function count(store: Store, table: string): unknown {
  return store.db.prepare(`SELECT COUNT(*) FROM ${table}`).pluck().get();
}

/** A connection whose statements with this text are traced, and may be made to fail. */
function traced(trace: string[], fail: (text: string) => Error | undefined = () => undefined) {
  return (db: RawDb): RawDb =>
    new Proxy(db, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name, target);
        if (name !== 'prepare') return typeof value === 'function' ? value.bind(target) : value;
        return (text: string) => {
          const statement = target.prepare(text);
          const label = text.trim().split(/\s+/).slice(0, 3).join(' ');
          return new Proxy(statement, {
            get(inner, method) {
              const member: unknown = Reflect.get(inner, method, inner);
              if (typeof member !== 'function') return member;
              return (...args: unknown[]) => {
                const error = fail(label);
                if (error) throw error;
                if (method === 'run') trace.push(label);
                return member.apply(inner, args);
              };
            },
          });
        };
      },
    });
}

function sqliteError(code: string): Error {
  return new Database.SqliteError(`made up: ${code}`, code);
}

describe('a charge', () => {
  it('is promised only after its row is committed', async () => {
    const trace: string[] = [];
    const { journal, row } = build({ wrap: traced(trace) });
    await journal.charge(row()).then(() => trace.push('resolved'));
    expect(trace).toEqual(['BEGIN IMMEDIATE', 'INSERT INTO charges', 'COMMIT', 'resolved']);
  });

  it('at level disk is promised only after the log was synced behind the commit', async () => {
    const trace: string[] = [];
    const { journal, row, store } = build({
      wrap: traced(trace),
      durability: 'disk',
      sync: async () => {
        trace.push('sync begins');
        await store.sync();
        trace.push('sync ends');
      },
    });
    await journal.charge(row()).then(() => trace.push('resolved'));
    expect(trace).toEqual(['BEGIN IMMEDIATE', 'INSERT INTO charges', 'COMMIT', 'sync begins', 'sync ends', 'resolved']);
  });

  it('shares one transaction with all others of its event-loop turn', async () => {
    const trace: string[] = [];
    const { journal, row, store } = build({ wrap: traced(trace) });
    await Promise.all(Array.from({ length: 50 }, () => journal.charge(row())));
    expect(trace.filter((label) => label === 'COMMIT')).toHaveLength(1);
    expect(count(store, 'charges')).toBe(50);
  });

  it('keeps everything about the call', async () => {
    const { journal, row, store } = build();
    const accountId = store.accounts.ensure('GA');
    const times = { issuedAtMs: 0, expiresAtMs: 1e15 };
    store.tokens.add({ jti: 't', accountId, scope: '*', ...times, source: 'wallet' });
    const charge = row({
      tokenId: store.tokens.idOf('t'),
      status: 201,
      method: 'POST',
      atMs: 77,
      priceUnits: units(2n ** 53n - 1n),
    });
    await journal.charge(charge);
    expect(store.charges.byId(charge.id)).toMatchObject({
      account: 'GA',
      tokenJti: 't',
      status: 201,
      method: 'POST',
      atMs: 77,
      price: 2n ** 53n - 1n,
    });
  });

  it.each([0n, 1n, 2n ** 53n - 1n])('of %s units is stored exactly', async (price) => {
    const { journal, row, store } = build();
    const charge = row({ priceUnits: units(price) });
    await journal.charge(charge);
    expect(store.charges.byId(charge.id)?.price).toBe(price);
  });

  it.each([-1n, 2n ** 53n, 2n ** 63n - 1n])('of %s units is refused, and only that one', async (price) => {
    const { journal, row, store } = build();
    const results = await Promise.allSettled([
      journal.charge(row()),
      journal.charge(row({ priceUnits: units(price) })),
      journal.charge(row()),
    ]);
    expect(results.map((result) => result.status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(count(store, 'charges')).toBe(2);
    expect(journal.health().ok).toBe(true);
  });

  it('that its table refuses harms no other of its group', async () => {
    const { journal, row, store } = build();
    const first = row();
    const results = await Promise.allSettled([
      journal.charge(first),
      journal.charge(row({ id: first.id })),
      journal.charge(row({ accountId: 99 })),
      journal.charge(row()),
    ]);
    expect(results.map((result) => result.status)).toEqual(['fulfilled', 'rejected', 'rejected', 'fulfilled']);
    expect(results[1]).toMatchObject({ reason: { code: 'journal_unavailable' } });
    expect(count(store, 'charges')).toBe(2);
  });
});

describe('what a charge refers to', () => {
  it('must be there: account, token and route, as foreign keys would have it', async () => {
    const { journal, row, store } = build();
    const { accountId, routeId } = row();
    const wrong = [
      { accountId: accountId + 1 },
      { accountId: 0 },
      { accountId: -1 },
      { accountId: 1.5 },
      { accountId: Number.NaN },
      { routeId: routeId + 1 },
      { tokenId: 1 },
    ];
    const results = await Promise.allSettled(wrong.map((change) => journal.charge(row(change))));
    expect(results.map((result) => result.status)).toEqual(wrong.map(() => 'rejected'));
    expect(count(store, 'charges')).toBe(0);
    expect(journal.health().ok).toBe(true);
  });

  it('may have come a moment ago', async () => {
    const { journal, row, store } = build();
    await journal.charge(row());
    const accountId = store.accounts.ensure('GNEW');
    const routeId = store.routes.ensure({ api: 'a', payee: 'GP', method: 'GET', template: '/new' });
    const times = { issuedAtMs: 0, expiresAtMs: 1e15 };
    store.tokens.add({ jti: 't', accountId, scope: '*', ...times, source: 'wallet' });
    await journal.charge(row({ accountId, routeId, tokenId: store.tokens.idOf('t') }));
    expect(count(store, 'charges')).toBe(2);
    expect(store.db.pragma('foreign_key_check')).toEqual([]);
  });
});

describe('a foreign write lock', () => {
  function lockedBy(store: Store) {
    const other = new Database(store.db.name, { timeout: 0 });
    other.exec('BEGIN IMMEDIATE');
    onTestFinished(() => void other.close());
    return other;
  }

  it('is waited for without blocking the event loop', async () => {
    const { journal, row, store, clock } = build();
    const other = lockedBy(store);
    let done = false;
    const charged = journal.charge(row()).then(() => {
      done = true;
    });
    await until(() => journal.health().lastError !== undefined);
    expect(done).toBe(false);
    other.exec('ROLLBACK');
    clock.advance(5);
    await charged;
    expect(count(store, 'charges')).toBe(1);
  });

  it('refuses a charge after half a second, and a later one works again', async () => {
    const { journal, row, store, clock } = build();
    const other = lockedBy(store);
    let outcome = 'waits';
    void journal.charge(row()).then(
      () => {
        outcome = 'charged';
      },
      (error: { code: string }) => {
        outcome = error.code;
      },
    );
    await until(() => journal.health().lastError !== undefined);
    for (let elapsedMs = 0; elapsedMs < 500; elapsedMs += 5) {
      expect(journal.health().pending).toBe(1);
      clock.advance(5);
      await Promise.resolve();
    }
    for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
    expect(outcome).toBe('journal_unavailable');
    expect(journal.health()).toMatchObject({ ok: false, lost: false, lastError: expect.stringContaining('locked') });
    other.exec('ROLLBACK');
    await journal.charge(row());
    expect(count(store, 'charges')).toBe(1);
    clock.advance(1_000);
    await until(() => journal.health().ok);
  });

  it('that is held on and on has no trial wait for it inside SQLite either', async () => {
    const waits: unknown[] = [];
    const { journal, store, clock } = build({
      wrap: (db) =>
        new Proxy(db, {
          get(target, name) {
            if (name === 'pragma') waits.push(name);
            const value: unknown = Reflect.get(target, name, target);
            return typeof value === 'function' ? value.bind(target) : value;
          },
        }),
    });
    const other = lockedBy(store);
    const write = () => {
      throw sqliteError('SQLITE_FULL');
    };
    other.exec('ROLLBACK');
    await expect(journal.perform(write, 'committed')).rejects.toMatchObject({ code: 'journal_unavailable' });
    other.exec('BEGIN IMMEDIATE');
    for (let second = 0; second < 3; second++) {
      clock.advance(1_000);
      await until(() => clock.sleepers().length === 2);
      expect(journal.health()).toMatchObject({ ok: false, lost: false });
    }
    expect(waits).toEqual([]);
    other.exec('ROLLBACK');
    clock.advance(1_000);
    await until(() => journal.health().ok);
  });

  it('holds a refund up and does not cost it: no answer waits for that', async () => {
    const { journal, row, store, clock } = build();
    const charge = row();
    await journal.charge(charge);
    const other = lockedBy(store);
    let outcome: unknown;
    const refund = { chargeId: charge.id, atMs: 2, amount: units(5), reason: 'upstream_broke' };
    const refunded = journal.refund(refund).catch(String);
    void refunded.then((found) => {
      outcome = found;
    });
    await until(() => journal.health().lastError !== undefined);
    for (let elapsedMs = 0; elapsedMs < 10_000; elapsedMs += 250) {
      clock.advance(250);
      for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
      expect(outcome).toBeUndefined();
    }
    other.exec('ROLLBACK');
    clock.advance(5);
    expect(await refunded).toBe('refunded');
  });
});

describe('a full disk', () => {
  const full = { ok: false, lost: false, lastError: expect.stringContaining('full') };

  function roomFor(store: Store, pages: number): void {
    store.journalDb.pragma(`max_page_count = ${Number(store.db.pragma('page_count', { simple: true })) + pages}`);
  }

  /** Syncs that end when told to, and at once from then on. */
  function heldSync(): { sync(): Promise<void>; begun(): number; release(): void } {
    const { promise, resolve } = Promise.withResolvers<void>();
    let begun = 0;
    onTestFinished(() => resolve());
    return {
      sync() {
        begun++;
        return promise;
      },
      begun: () => begun,
      release: resolve,
    };
  }

  async function fill({ journal, row, store }: Rig): Promise<unknown[]> {
    roomFor(store, 0);
    const refused: unknown[] = [];
    for (let index = 0; index < 400 && refused.length === 0; index++) {
      await journal.charge(row({ method: 'X'.repeat(100) })).catch((error: unknown) => refused.push(error));
    }
    return refused;
  }

  it('refuses charges, writes none of them, and serves again when there is room', async () => {
    const rig = build();
    const { journal, row, store, clock } = rig;
    expect(await fill(rig)).toMatchObject([{ code: 'journal_unavailable' }]);
    expect(journal.health()).toMatchObject(full);
    const before = count(store, 'charges');
    store.journalDb.pragma('max_page_count = 1000000');
    await journal.charge(row());
    expect(count(store, 'charges')).toBe(Number(before) + 1);
    clock.advance(1_000);
    await until(() => journal.health().ok);
    expect(journal.health().lastError).toBeUndefined();
  });

  it('counts as full while only small writes still fit, however many of them are made durable', async () => {
    const rig = build();
    const { journal, row, store, clock } = rig;
    await fill(rig);
    roomFor(store, 100);
    for (let second = 0; second < 5; second++) {
      await journal.charge(row());
      clock.advance(1_000);
      await until(() => clock.sleepers().length === 2 || journal.health().ok);
      expect(journal.health()).toMatchObject(full);
    }
  });

  it('has room again, with no call to find it out by, when a large write is not only committed but on the disk', async () => {
    const held = heldSync();
    const rig = build({ walSyncIntervalMs: 1e9, sync: held.sync });
    const { journal, store, clock } = rig;
    await fill(rig);
    store.journalDb.pragma('max_page_count = 1000000');
    clock.advance(999);
    for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
    expect(held.begun()).toBe(0);
    clock.advance(1);
    await until(() => held.begun() > 0);
    expect(journal.health()).toMatchObject(full);
    held.release();
    await until(() => journal.health().ok);
    expect(count(store, 'meta WHERE length(value) > 1000')).toBe(0);
  });

  it('stays one when a charge is refused while a trial is brought to the disk', async () => {
    const held = heldSync();
    const rig = build({ walSyncIntervalMs: 1e9, sync: held.sync });
    const { journal, store, clock } = rig;
    await fill(rig);
    store.journalDb.pragma('max_page_count = 1000000');
    clock.advance(1_000);
    await until(() => held.begun() > 0);
    const write = () => {
      throw sqliteError('SQLITE_FULL');
    };
    await expect(journal.perform(write, 'committed')).rejects.toMatchObject({ code: 'journal_unavailable' });
    held.release();
    await until(() => clock.sleepers().length === 2);
    expect(journal.health()).toMatchObject({ ...full, lastError: 'made up: SQLITE_FULL' });
  });

  it('that also fails to sync a trial is a failing one: nothing is tried again before a restart', async () => {
    const rig = build({ walSyncIntervalMs: 1e9, sync: async () => Promise.reject(new Error('EIO')) });
    const { journal, row, store, clock } = rig;
    await fill(rig);
    store.journalDb.pragma('max_page_count = 1000000');
    clock.advance(1_000);
    await until(() => journal.health().lost);
    expect(journal.health()).toMatchObject({ ok: false, lastError: 'EIO' });
    await expect(journal.charge(row())).rejects.toMatchObject({ code: 'journal_unavailable' });
  });
});

describe('a failing file', () => {
  it.each(['SQLITE_IOERR_WRITE', 'SQLITE_IOERR_FSYNC', 'SQLITE_CORRUPT', 'SQLITE_READONLY_DBMOVED'])(
    'refuses every further charge after %s at the commit',
    async (code) => {
      let failing = true;
      const { journal, row, store } = build({
        wrap: traced([], (label) => (failing && label === 'COMMIT' ? sqliteError(code) : undefined)),
      });
      await expect(journal.charge(row())).rejects.toMatchObject({ code: 'journal_unavailable' });
      failing = false;
      await expect(journal.charge(row())).rejects.toMatchObject({ code: 'journal_unavailable' });
      expect(journal.health()).toMatchObject({ ok: false, lastError: `made up: ${code}` });
      expect(count(store, 'charges')).toBe(0);
    },
  );

  it.each(['SQLITE_IOERR_WRITE', 'SQLITE_FULL'])(
    'in a further write of a call undoes the charges of its turn: %s',
    async (code) => {
      const { journal, row, store } = build();
      const write = () => {
        throw sqliteError(code);
      };
      const refused = await Promise.allSettled([journal.charge(row()), journal.perform(write, 'committed')]);
      expect(refused.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
      expect(count(store, 'charges')).toBe(0);
      expect(journal.health()).toMatchObject({ ok: false, lost: code !== 'SQLITE_FULL' });
    },
  );

  it('refuses the charges that wait for a failing sync, and every further one', async () => {
    const { journal, row } = build({ durability: 'disk', sync: async () => Promise.reject(new Error('EIO')) });
    const results = await Promise.allSettled([journal.charge(row()), journal.charge(row())]);
    expect(results.map((result) => result.status)).toEqual(['rejected', 'rejected']);
    await expect(journal.charge(row())).rejects.toMatchObject({ code: 'journal_unavailable' });
    expect(journal.health()).toMatchObject({ ok: false, lastError: 'EIO' });
  });

  it('at level process is noticed by the regular sync', async () => {
    const { journal, row, clock } = build({ sync: async () => Promise.reject(new Error('EIO')) });
    await journal.charge(row());
    expect(journal.health().ok).toBe(true);
    clock.advance(1_000);
    await until(() => !journal.health().ok);
    await expect(journal.charge(row())).rejects.toMatchObject({ code: 'journal_unavailable' });
  });

  it('does not keep the process from ending: no pause of a closed journal goes on', async () => {
    const pauses = new Set<Promise<void>>();
    const clock = fakeClock();
    const sleep: typeof clock.sleep = (delayMs, signal) => {
      const pause = clock.sleep(delayMs, signal);
      pauses.add(pause);
      void pause.then(() => pauses.delete(pause));
      return pause;
    };
    const sync = async () => Promise.reject(new Error('EIO'));
    const { journal, row } = build({ clock: { ...clock, sleep }, sync });
    await journal.charge(row());
    clock.advance(1_000);
    await until(() => !journal.health().ok);
    await journal.close();
    expect(pauses.size).toBe(0);
  });
});

describe('the regular sync', () => {
  it('runs once per interval while there is something to sync, and at the end', async () => {
    let syncs = 0;
    const { journal, row, clock } = build({
      sync: async () => {
        syncs++;
      },
    });
    clock.advance(1_000);
    await until(() => true);
    expect(syncs).toBe(0);
    await journal.charge(row());
    await journal.charge(row());
    expect(syncs).toBe(0);
    clock.advance(1_000);
    await until(() => syncs === 1);
    await journal.charge(row());
    await journal.close();
    expect(syncs).toBe(2);
  });
});

describe('a finish row', () => {
  const finish = { atMs: 2, outcome: 'completed', bytesIn: 1, bytesOut: 2, durationMs: 3.7 } as const;

  it('waits for others of its kind and then rides along with the next charge', async () => {
    const trace: string[] = [];
    const { journal, row, store } = build({ wrap: traced(trace) });
    const charges = Array.from({ length: finishesAtOnce + 1 }, () => row());
    await Promise.all(charges.map((charge) => journal.charge(charge)));
    for (const { id } of charges.slice(1)) journal.finish({ chargeId: id, ...finish });
    await journal.charge(row());
    expect(trace.filter((label) => label === 'COMMIT')).toHaveLength(2);
    expect(trace.filter((label) => label === 'INSERT INTO finishes')).toHaveLength(1);
    expect(store.charges.byId(charges[1]?.id ?? 0)).toMatchObject({ outcome: 'completed', bytesOut: 2, durationMs: 4 });

    journal.finish({ chargeId: charges[0]?.id ?? 0, ...finish });
    await journal.charge(row());
    expect(count(store, 'finishes')).toBe(finishesAtOnce);
    await journal.flush();
    expect(count(store, 'finishes')).toBe(finishesAtOnce + 1);
  });

  it('is written alone when no charge comes', async () => {
    const { journal, row, store, clock } = build();
    const charge = row();
    await journal.charge(charge);
    journal.finish({ chargeId: charge.id, ...finish });
    expect(count(store, 'finishes')).toBe(0);
    clock.advance(50);
    await until(() => count(store, 'finishes') === 1);
    expect(journal.health().pending).toBe(0);
  });

  it('that is wrong leaves its call doubtful and harms nothing', async () => {
    const { journal, row, store } = build();
    const charge = row();
    await journal.charge(charge);
    journal.finish({ chargeId: charge.id, ...finish, bytesIn: 0.5 });
    journal.finish({ chargeId: charge.id + 1_000, ...finish });
    await journal.flush();
    expect(count(store, 'finishes')).toBe(0);
    expect(count(store, 'charges')).toBe(1);
  });

  it('that is wrong harms no other of its statement', async () => {
    const { journal, row, store } = build();
    const charges = Array.from({ length: finishesAtOnce }, () => row());
    await Promise.all(charges.map((charge) => journal.charge(charge)));
    for (const [i, { id }] of charges.entries()) {
      journal.finish({ chargeId: i === 5 ? id + 1_000 : id, ...finish, bytesIn: i === 7 ? 0.5 : 1 });
    }
    await journal.flush();
    expect(count(store, 'finishes')).toBe(finishesAtOnce - 2);
  });

  it('is written once, however often it is handed in', async () => {
    const { journal, row, store } = build();
    const charge = row();
    await journal.charge(charge);
    journal.finish({ chargeId: charge.id, ...finish });
    journal.finish({ chargeId: charge.id, ...finish, outcome: 'client_gone' });
    await journal.flush();
    expect(store.charges.byId(charge.id)?.outcome).toBe('completed');
  });

  it('is written before the journal closes', async () => {
    const { journal, row, store } = build();
    const charge = row();
    await journal.charge(charge);
    journal.finish({ chargeId: charge.id, ...finish });
    await journal.close();
    expect(count(store, 'finishes')).toBe(1);
    await expect(journal.charge(row())).rejects.toMatchObject({ code: 'journal_unavailable' });
  });
});

describe('a journal that closes', () => {
  it('still writes how a call ended whose refund was on its way, and what comes in the wake of that', async () => {
    const { journal, row, store } = build();
    const charge = row();
    const finish = { atMs: 3, outcome: 'upstream_broke' as const, bytesIn: 0, bytesOut: 5, durationMs: 1 };
    await journal.charge(charge);
    const ending = (async () => {
      await journal.refund({ chargeId: charge.id, atMs: 2, amount: units(5), reason: 'upstream_broke' });
      journal.finish({ chargeId: charge.id, ...finish });
      await Promise.resolve();
      await journal.perform(
        () => void store.journalDb.prepare("INSERT INTO meta VALUES ('last', 'word')").run(),
        'committed',
      );
    })();
    await journal.close();
    const last = store.db.prepare("SELECT COUNT(*) FROM meta WHERE key = 'last'").pluck();
    expect([count(store, 'refunds'), count(store, 'finishes'), last.get()]).toEqual([1, 1, 1]);
    await ending;
    await expect(journal.charge(row())).rejects.toMatchObject({ code: 'journal_unavailable' });
  });
});

describe('a refund', () => {
  const refund = { atMs: 2, amount: units(5), reason: 'upstream_broke' };

  it('is made once, while the charge is in no batch', async () => {
    const { journal, row, store } = build();
    const charge = row();
    await journal.charge(charge);
    expect(await journal.refund({ chargeId: charge.id, ...refund })).toBe('refunded');
    expect(await journal.refund({ chargeId: charge.id, ...refund })).toBe('already');
    expect(count(store, 'refunds')).toBe(1);
  });

  it('is not made once the charge is sealed', async () => {
    const { journal, row, store } = build();
    const charge = row();
    await journal.charge(charge);
    journal.finish({ chargeId: charge.id, atMs: 2, outcome: 'upstream_broke', bytesIn: 0, bytesOut: 0, durationMs: 1 });
    await journal.flush();
    seal(store);
    expect(await journal.refund({ chargeId: charge.id, ...refund })).toBe('sealed');
    expect(count(store, 'refunds')).toBe(0);
  });

  it('handed in with the finish row always comes before settlement', async () => {
    const { journal, row, store } = build();
    const charge = row();
    await journal.charge(charge);
    journal.finish({ chargeId: charge.id, atMs: 2, outcome: 'upstream_broke', bytesIn: 0, bytesOut: 0, durationMs: 1 });
    const refunded = journal.refund({ chargeId: charge.id, ...refund });
    expect(seal(store, { force: true })).toBeUndefined();
    expect(await refunded).toBe('refunded');
    expect(store.charges.unsealed()).toEqual({ count: 1, net: 0n });
  });

  it('is in memory in the turn in which it is in the database, at level disk too', async () => {
    let slow = false;
    let release: () => void = () => undefined;
    const sync = () =>
      new Promise<void>((resolve) => {
        if (slow) release = resolve;
        else resolve();
      });
    const { journal, row, store } = build({ durability: 'disk', sync });
    const charge = row();
    await journal.charge(charge);
    slow = true;
    expect(await journal.refund({ chargeId: charge.id, ...refund })).toBe('refunded');
    expect(count(store, 'refunds')).toBe(1);
    slow = false;
    release();
  });

  it('is never more than the charge', async () => {
    const { journal, row } = build();
    const charge = row();
    await journal.charge(charge);
    await expect(journal.refund({ chargeId: charge.id, ...refund, amount: units(6) })).rejects.toThrow();
    expect(await journal.refund({ chargeId: charge.id, ...refund })).toBe('refunded');
  });
});

describe('the journal', () => {
  it('leaves the books as they were for a reader who opens them anew', async () => {
    const { journal, row, store } = build({ clock: systemClock });
    await Promise.all(Array.from({ length: 100 }, () => journal.charge(row())));
    expect(store.accounts.byAddress('GA')).toMatchObject({ charged: 500n, unsettled: 500n });
  });
});
