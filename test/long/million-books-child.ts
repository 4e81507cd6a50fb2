import { StrKey } from '@stellar/stellar-sdk';
import { systemClock } from '../../src/clock.ts';
import { silentLog } from '../../src/log.ts';
import { openStore } from '../../src/store/store.ts';

/**
 * Brings a million calls into the books of a gateway that has sold at least one, so that they still agree with its vault:
 * free calls of a thousand accounts, long since filed, and a hundred thousand paid ones of the consumer that wait for
 * settlement. Leaves them in the log, says so and waits to be killed.
 */
const [path = '', rowsText = '1000000', waitingText = '100000', accountsText = '1000'] = process.argv.slice(2);
const [rows, waiting, accounts] = [Number(rowsText), Number(waitingText), Number(accountsText)];
const price = 20;

const never = 2 ** 40;
const checkpoints = { passiveBytes: never, restartBytes: never, truncateBytes: never };
const store = openStore({ path, clock: systemClock, log: silentLog(), checkpoints });
const { db } = store;
const sold = db
  .prepare<[], { account: number; route: number }>('SELECT account_id AS account, route_id AS route FROM charges')
  .get();
if (!sold) throw new Error('nothing was sold yet');
const nowMs = systemClock.nowMs();

db.transaction(() => {
  const account = db.prepare(
    'INSERT INTO accounts VALUES (?, ?, 0, 0, 0, 0, NULL, 0, NULL, NULL, 0, 0, 0, 0, 0, 0, 0, 0, 0, ?)',
  );
  const first = 1 + Number(db.prepare('SELECT MAX(id) FROM accounts').pluck().get());
  for (let index = 0; index < accounts; index++) {
    const key = Buffer.alloc(32);
    key.writeUInt32BE(index + 1);
    account.run(first + index, StrKey.encodeEd25519PublicKey(key), nowMs);
  }
  const charge = db.prepare("INSERT INTO charges VALUES (?, ?, ?, NULL, ?, 'GET', 200, ?)");
  const finish = db.prepare("INSERT INTO finishes VALUES (?, ?, 'completed', 10, 300, 5)");
  const file = db.prepare('INSERT INTO sealed_charges VALUES (?, ?, NULL, NULL, 1)');
  const dequeue = db.prepare('DELETE FROM unsealed WHERE charge_id = ?');
  for (let index = 0; index < rows; index++) {
    const id = store.nextCallId();
    const waits = index >= rows - waiting;
    const accountId = waits ? sold.account : first + ((index * 7_919) % accounts);
    charge.run(id, nowMs, accountId, sold.route, waits ? price : 0);
    finish.run(id, nowMs);
    if (waits) continue;
    file.run(id, accountId);
    dequeue.run(id);
  }
  db.prepare(
    `INSERT INTO usage_daily SELECT ?, s.account_id, ?, COUNT(*), 0, 0, 0 FROM sealed_charges s
     WHERE s.account_id >= ? GROUP BY s.account_id`,
  ).run(Math.floor(nowMs / 86_400_000), sold.route, first);
})();
process.stdout.write('ready\n');
setInterval(() => undefined, 1_000_000);
