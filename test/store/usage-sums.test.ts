import fs from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { dayMs } from '../../src/store/usage-daily.ts';
import { type UsageGrouping, usageSumsText } from '../../src/store/usage-sums.ts';
import { openTestStore, seal, sealedByDay, tempFolder, usageDaily, writeCharge } from './rig.ts';

const all = { fromDay: 0, toDay: 9, limit: 100 };

/** Three days of calls of two accounts: the first two days sealed, the third in the queue. */
function threeDays() {
  const { store } = openTestStore();
  const at = (day: number) => ({ atMs: day * dayMs + 5 });
  writeCharge(store, { account: 'GA', price: 5, ...at(1) });
  writeCharge(store, { account: 'GA', price: 7, refund: 7, ...at(1) });
  writeCharge(store, { account: 'GB', price: 11, template: '/weather/x', ...at(2) });
  seal(store);
  writeCharge(store, { account: 'GA', price: 13, ...at(2) });
  writeCharge(store, {
    account: 'GB',
    price: 17,
    refund: 2,
    payee: 'GOTHER',
    api: 'maps',
    template: '/maps',
    ...at(3),
  });
  return store;
}

describe('usage over days', () => {
  it('adds what is sealed and what is not, by day', () => {
    expect(threeDays().usage.sums({ ...all, by: 'day' })).toMatchObject([
      { day: 1, calls: 2, refundedCalls: 1, gross: 12n, refunded: 7n },
      { day: 2, calls: 2, gross: 24n, refunded: 0n },
      { day: 3, calls: 1, gross: 17n, refunded: 2n },
    ]);
  });

  it('groups by account, and by route over all its accounts', () => {
    const { usage } = threeDays();
    expect(usage.sums({ ...all, by: 'account' })).toMatchObject([
      { account: 'GA', calls: 3, gross: 25n, refunded: 7n },
      { account: 'GB', calls: 2, gross: 28n, refunded: 2n },
    ]);
    expect(usage.sums({ ...all, by: 'route' })).toMatchObject([
      { route: { api: 'maps', method: 'GET', template: '/maps' }, calls: 1, gross: 17n, refunded: 2n },
      { route: { api: 'weather', method: 'GET', template: '/weather/*' }, calls: 3, gross: 25n, refunded: 7n },
      { route: { api: 'weather', method: 'GET', template: '/weather/x' }, calls: 1, gross: 11n, refunded: 0n },
    ]);
  });

  it('keeps to the days, the account, the APIs and the payee asked for, both ends inclusive', () => {
    const store = threeDays();
    const gross = (query: object) =>
      store.usage.sums({ ...all, by: 'day', ...query }).map(({ day, gross }) => [day, gross]);
    expect(gross({ fromDay: 2, toDay: 2 })).toEqual([[2, 24n]]);
    const accountId = store.accounts.ensure('GB');
    expect(gross({ accountId })).toEqual([
      [2, 11n],
      [3, 17n],
    ]);
    expect(gross({ apis: ['maps'] })).toEqual([[3, 17n]]);
    expect(gross({ apis: [] })).toEqual([]);
    expect(gross({ accountId, apis: ['weather'] })).toEqual([[2, 11n]]);
    expect(gross({ payee: 'GOTHER' })).toEqual([[3, 17n]]);
  });

  it.each(['route', 'day', 'account'] as UsageGrouping[])('never walks all calls, grouped by %s', (by) => {
    const { store } = openTestStore();
    for (const start of ['routes', 'account'] as const) {
      const plan = store.db
        .prepare<object, { detail: string }>(`EXPLAIN QUERY PLAN ${usageSumsText(by, start)}`)
        .all({ fromDay: 1, toDay: 2, accountId: 1, apis: null, payee: null, limit: 9 })
        .map((row) => row.detail);
      const scans = plan.filter((detail) => detail.startsWith('SCAN')).sort();
      const queueAlone = ['SCAN json_each VIRTUAL TABLE INDEX 1:', 'SCAN q', 'SCAN r', 'SCAN s'];
      expect(scans.filter((detail) => !queueAlone.includes(detail))).toEqual([]);
      const index =
        start === 'account'
          ? 'SEARCH u USING INDEX sqlite_autoindex_usage_daily_1 (account_id=? AND day>? AND day<?)'
          : 'SEARCH u USING INDEX usage_daily_route (route_id=? AND day>? AND day<?)';
      expect(plan).toContain(index);
      expect(plan.join()).not.toContain('sealed_charges');
    }
  });
});

describe('the daily sums', () => {
  it('follow a batch that is taken apart, to the unit', () => {
    const store = threeDays();
    expect(usageDaily(store)).toEqual(sealedByDay(store));
    const [batch] = store.batches.open();
    if (batch) store.batches.unseal(batch.id);
    expect(usageDaily(store)).toEqual([]);
    seal(store);
    expect(usageDaily(store)).toEqual(sealedByDay(store));
    expect(usageDaily(store)).toHaveLength(4);
  });

  it('count a free call that is filed without a batch', () => {
    const { store } = openTestStore();
    writeCharge(store, { account: 'GA', price: 0, atMs: 1_000 });
    expect(seal(store, { nowMs: 100_000 })).toBeUndefined();
    expect(usageDaily(store)).toEqual([
      { account_id: 1, day: 0, route_id: 1, calls: 1, refunded_calls: 0, gross: 0, refunded: 0 },
    ]);
  });

  it('are filled by the migration from what an older database has sealed', () => {
    const file = path.join(tempFolder(), 'old.db');
    const db = new Database(file);
    const folder = path.join(import.meta.dirname, '../../drizzle');
    const run = (name: string) => db.exec(fs.readFileSync(path.join(folder, name), 'utf8'));
    run('0000_books.sql');
    db.exec(`INSERT INTO routes VALUES (1, 'weather', 'GP', 'GET', '/weather/*');
      INSERT INTO accounts VALUES (1, 'GA', 9, 0, 0, 0, NULL, 9, NULL, NULL, 0, 0, 12, 2, 0, 0, 0, 0, 0, 0);
      INSERT INTO charges VALUES (1, ${dayMs + 1}, 1, NULL, 1, 'GET', 200, 5), (2, ${dayMs + 2}, 1, NULL, 1, 'GET', 200, 7),
        (3, ${dayMs + 3}, 1, NULL, 1, 'GET', 200, 1);
      INSERT INTO refunds VALUES (2, 1, 2, 'x');
      INSERT INTO sealed_charges VALUES (1, 1, NULL, NULL, 1), (2, 1, NULL, NULL, 1);`);
    run('0001_surfaces.sql');
    expect(db.prepare('SELECT * FROM usage_daily').all()).toEqual([
      { day: 1, account_id: 1, route_id: 1, calls: 2, refunded_calls: 1, gross: 12, refunded: 2 },
    ]);
    db.close();
  });
});
