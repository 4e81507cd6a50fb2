import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { silentLog } from '../../src/log.ts';
import { BackupRefused } from '../../src/store/backup.ts';
import { openStore } from '../../src/store/store.ts';
import { openTestStore, tempFolder, writeCharge } from './rig.ts';

function sumsOf(file: string): { charges: number; price: number } {
  const store = openStore({ path: file, clock: systemClock, log: silentLog(), readOnly: true });
  const row = store.db.prepare<[], { charges: number; price: number }>(
    'SELECT COUNT(*) AS charges, COALESCE(SUM(price), 0) AS price FROM charges',
  );
  const found = row.get();
  void store.close();
  return found ?? { charges: 0, price: 0 };
}

describe('a backup', () => {
  it('is a database of one file, for its owner alone, with everything that was committed', async () => {
    const { store } = openTestStore();
    for (let call = 0; call < 10; call++) writeCharge(store, { account: 'GA', price: 5 });
    const to = path.join(tempFolder(), 'copy.db');
    const backup = await store.backup(to);
    expect(backup).toMatchObject({ file: to, sums: { charges: '10', 'charges.price': '50', accounts: '1' } });
    expect(fs.statSync(to).mode & 0o777).toBe(0o600);
    expect(fs.readdirSync(path.dirname(to))).toEqual(['copy.db']);
    expect(sumsOf(to)).toEqual({ charges: 10, price: 50 });
  });

  it('is compared by its sums of exits, classic payments and daily usage, too', async () => {
    const { store } = openTestStore();
    writeCharge(store, { account: 'GA', price: 5 });
    store.db.exec(`
      INSERT INTO exits VALUES (1, 1, 'GB', 7, 'xdr', 1, 2, 0, 'open', NULL, NULL);
      INSERT INTO classic_payments (operation_id, ledger, closed_at_ms, tx_hash, from_address, to_address, amount, memo_type, state)
        VALUES ('1', 1, 0, 'aa', 'GC', 'GD', 11, 'none', 'unattributed');
      INSERT INTO usage_daily VALUES (0, 1, 1, 2, 1, 13, 3);`);
    const { sums } = await store.backup(path.join(tempFolder(), 'copy.db'));
    expect(sums).toMatchObject({ 'exits.amount': '7', 'classic_payments.amount': '11' });
    expect(sums).toMatchObject({ 'usage_daily.gross': '13', 'usage_daily.refunded': '3' });
  });

  it('is of one moment, and no call waits for it', async () => {
    const { store } = openTestStore();
    // Enough to copy that there is time to write beside it; by one statement, since thousands of prepared ones would
    // keep the event loop busy with their disposal just then.
    const before = 50_000;
    const first = writeCharge(store, { account: 'GA', price: 1 });
    store.db.exec(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${before - 1})
      INSERT INTO charges SELECT id + i + 1000000, at_ms, account_id, token_id, route_id, method, status, price
      FROM charges, n WHERE id = ${first}`);
    const to = path.join(tempFolder(), 'copy.db');
    let written = before;
    let busy = true;
    const copying = store.backup(to).finally(() => {
      busy = false;
    });
    // The store's own writes wait for a checkpoint that restarts the log; these are made beside them.
    store.db.pragma('busy_timeout = 10000');
    // Every row of one transaction or none: a copy of two moments would hold an odd number.
    while (busy) {
      store.db.transaction(() => {
        for (let call = 0; call < 2; call++) writeCharge(store, { account: 'GA', price: 1 });
      })();
      written += 2;
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
    const { sums } = await copying;
    expect(written).toBeGreaterThan(before + 2);
    expect(Number(sums.charges) % 2).toBe(0);
    expect(sums.charges).toBe(sums['charges.price']);
    expect(sumsOf(to).charges).toBe(Number(sums.charges));
  });

  it('never overwrites, and says what is missing', async () => {
    const { store } = openTestStore();
    const folder = tempFolder();
    const to = path.join(folder, 'copy.db');
    fs.writeFileSync(to, 'precious');
    await expect(store.backup(to)).rejects.toThrow(BackupRefused);
    await expect(store.backup('copy.db')).rejects.toThrow(/absolute path/);
    await expect(store.backup(path.join(folder, 'nowhere', 'copy.db'))).rejects.toThrow(/no folder/);
    expect(fs.readFileSync(to, 'utf8')).toBe('precious');
    expect(fs.readdirSync(folder)).toEqual(['copy.db']);
  });

  it('leaves nothing behind when it cannot be finished', async () => {
    const { store, file } = openTestStore();
    writeCharge(store, { account: 'GA', price: 1 });
    const folder = tempFolder();
    fs.symlinkSync(path.join(folder, 'gone'), path.join(folder, 'copy.db'));
    // A dangling link is no file yet, but the name is taken when the copy wants it.
    await expect(store.backup(path.join(folder, 'copy.db'))).rejects.toThrow(/no copy was made/);
    expect(fs.readdirSync(folder)).toEqual(['copy.db']);
    expect(fs.existsSync(file)).toBe(true);
  });
});
