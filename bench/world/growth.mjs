// A gateway's database as it is after years, made in seconds while the gateway is stopped.
import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { StrKey } from '@stellar/stellar-sdk/base';
import Database from 'better-sqlite3';

function open(folder) {
  const db = new Database(path.join(folder, 'callora.db'));
  db.pragma('foreign_keys = OFF');
  db.pragma('synchronous = OFF');
  return db;
}

/** Accounts that came once and deposited nothing since: `total` with those that are there. */
export function addAccounts(folder, total) {
  const db = open(folder);
  const known = db.prepare('SELECT count(*) AS n FROM accounts').get().n;
  const columns = db
    .pragma('table_info(accounts)')
    .map(({ name }) => name)
    .filter((name) => name !== 'id');
  const values = columns.map((name) => (name === 'address' ? '?' : name));
  const insert = db.prepare(
    `INSERT INTO accounts (${columns.join(', ')}) SELECT ${values.join(', ')} FROM
     (SELECT * FROM accounts ORDER BY id LIMIT 1)`,
  );
  // A copy of an account's limits and times, without its money.
  const zeroed = db.prepare('UPDATE accounts SET deposited = 0 WHERE id > ?');
  db.transaction(() => {
    const last = db.prepare('SELECT max(id) AS id FROM accounts').get().id;
    for (let at = known; at < total; at++) insert.run(StrKey.encodeEd25519PublicKey(randomBytes(32)));
    zeroed.run(last);
  })();
  db.close();
}

/** Past calls that are finished and filed. They cost nothing, so the sums of the books stay what they are. */
export function addUsage(folder, calls) {
  const db = open(folder);
  const trigger = db.prepare(`SELECT sql FROM sqlite_master WHERE name = 'charges_enqueue'`).get().sql;
  const account = '(SELECT min(id) FROM accounts) + n % (SELECT count(*) FROM accounts)';
  db.transaction(() => {
    db.exec('DROP TRIGGER charges_enqueue');
    db.exec(`INSERT OR IGNORE INTO routes (api, payee, method, template) VALUES ('past', 'past', 'GET', '/past')`);
    const numbers = `WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ${calls})`;
    db.exec(`${numbers} INSERT INTO charges (id, at_ms, account_id, route_id, method, status, price)
      SELECT n, 1700000000000 + n, ${account}, (SELECT id FROM routes WHERE api = 'past'), 'GET', 200, 0 FROM numbers`);
    db.exec(`INSERT INTO finishes (charge_id, at_ms, outcome, bytes_in, bytes_out, duration_ms)
      SELECT id, at_ms, 'completed', 0, 256, 1 FROM charges`);
    db.exec(`INSERT INTO sealed_charges (charge_id, account_id, finished)
      SELECT id, account_id, 1 FROM charges ORDER BY account_id, id`);
    db.exec(trigger);
  })();
  db.pragma('wal_checkpoint(TRUNCATE)');
  db.close();
}

/** Levels from the root to a leaf of the tree of charges, itself and the leaf included. */
export function depthOfCharges(folder) {
  const db = open(folder);
  const deepest = db.prepare(`SELECT path FROM dbstat WHERE name = 'charges' ORDER BY length(path) DESC LIMIT 1`).get();
  db.close();
  return deepest.path.split('/').length - 1;
}
