import { describe, expect, it } from 'vitest';
import { openTestStore, writeCharge } from './rig.ts';

describe('all accounts', () => {
  it('come with the sum of their unsealed charges, however many there are', () => {
    const { store } = openTestStore();
    const addresses = ['GA', 'GB', 'GC', 'GD'];
    const ids = addresses.map((address) => store.accounts.ensure(address));
    const routeId = store.routes.ensure({ api: 'a', payee: 'GP', method: 'GET', template: '/a' });
    const count = 250_001;
    // Of any size, and in no order of accounts.
    store.db
      .prepare(
        `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${count})
         INSERT INTO charges SELECT i * 3, 1, 1 + i * 7919 % 3, NULL, ${routeId}, 'GET', 200, i * 1000003 % 90000000001 FROM n`,
      )
      .run();
    const sums = store.db
      .prepare<[], { id: number; sum: number }>('SELECT account_id AS id, SUM(price) AS sum FROM charges GROUP BY 1')
      .all();
    const charged = new Map(store.accounts.loadAll().map((row) => [row.id, row.charged]));
    expect(sums).toHaveLength(3);
    expect([...charged]).toEqual(ids.map((id) => [id, BigInt(sums.find((sum) => sum.id === id)?.sum ?? 0)]));
  });

  it('are what each of them is by itself', () => {
    const { store } = openTestStore();
    writeCharge(store, { account: 'GA', price: 7, refund: 7 });
    writeCharge(store, { account: 'GB', price: 5 });
    writeCharge(store, { account: 'GA', price: 30 });
    store.accounts.ensure('GC');
    const rows = store.accounts.loadAll();
    expect(rows.map((row) => row.charged)).toEqual([37n, 5n, 0n]);
    expect(rows).toEqual(['GA', 'GB', 'GC'].map((address) => store.accounts.byAddress(address)));
  });
});
