import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { openTestStore, writeCharge } from './rig.ts';

describe('the schema', () => {
  it('is what the snapshot says', async () => {
    const { store } = openTestStore();
    const parts = store.db
      .prepare<[], string>(
        "SELECT sql || ';' FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE '\\_\\_drizzle%' ESCAPE '\\' ORDER BY type DESC, name",
      )
      .pluck()
      .all();
    await expect(`${parts.join('\n')}\n`).toMatchFileSnapshot(path.join(import.meta.dirname, 'schema.snapshot.sql'));
  });

  it('has strict tables only', () => {
    const { store } = openTestStore();
    const loose = store.db
      .prepare(
        "SELECT name FROM pragma_table_list WHERE type = 'table' AND strict = 0 AND name NOT LIKE 'sqlite%' AND name NOT LIKE '\\_\\_drizzle%' ESCAPE '\\'",
      )
      .all();
    expect(loose).toEqual([]);
  });

  it.each([
    ['UPDATE charges SET price = 1'],
    ['DELETE FROM charges'],
    ['INSERT OR REPLACE INTO charges SELECT id, 1, account_id, NULL, route_id, method, 200, 1 FROM charges'],
    ['UPDATE finishes SET bytes_in = 9'],
    ['DELETE FROM finishes'],
    ['UPDATE refunds SET amount = 1'],
    ['DELETE FROM refunds'],
  ])('lets no one rewrite usage: %s', (statement) => {
    const { store } = openTestStore();
    writeCharge(store, { account: 'GA', price: 5, refund: 5 });
    expect(() => store.db.exec(statement)).toThrow(/append only/);
  });

  it.each([
    ['an amount that is no integer', "INSERT INTO charges VALUES (1, 1, 1, NULL, 1, 'GET', 200, 0.5)"],
    ['a negative price', "INSERT INTO charges VALUES (1, 1, 1, NULL, 1, 'GET', 200, -1)"],
    ['a price above 2^53 − 1', "INSERT INTO charges VALUES (1, 1, 1, NULL, 1, 'GET', 200, 9007199254740992)"],
    ['a charge of an unknown account', "INSERT INTO charges VALUES (1, 1, 99, NULL, 1, 'GET', 200, 5)"],
    [
      'a second open batch of a lane',
      "INSERT INTO batches SELECT NULL, lane, 9, root, 'sealed', 1, 1, 1, 1, NULL, NULL, NULL FROM batches",
    ],
    ['an unknown state', "UPDATE batches SET state = 'lost'"],
    ['a confirmed batch without a ledger', "UPDATE batches SET state = 'confirmed'"],
    ['a negative debt', 'UPDATE accounts SET receivable = -1'],
  ])('refuses %s', (_, statement) => {
    const { store } = openTestStore();
    writeCharge(store, { account: 'GA', price: 5 });
    store.db.exec(`INSERT INTO batches VALUES (1, 0, 1, '${'0'.repeat(64)}', 'sealed', 1, 1, 1, 1, NULL, NULL, NULL)`);
    expect(() => store.db.exec(statement)).toThrow();
  });
});
