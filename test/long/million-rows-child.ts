import { systemClock } from '../../src/clock.ts';
import { silentLog } from '../../src/log.ts';
import { openStore } from '../../src/store/store.ts';

/** Fills a store with a million calls, leaves them in the log, says so and waits to be killed. */
const [path = '', rowsText = '1000000', unsealedText = '100000', accountsText = '10000'] = process.argv.slice(2);
const rows = Number(rowsText);
const unsealed = Number(unsealedText);
const accounts = Number(accountsText);
const perBatch = 10_000;

const never = 2 ** 40;
const checkpoints = { passiveBytes: never, restartBytes: never, truncateBytes: never };
const { db } = openStore({ path, clock: systemClock, log: silentLog(), checkpoints });

const price = 20;
const sealed = rows - unsealed;
const firstId = 2 ** 33;

db.transaction(() => {
  db.prepare(
    "INSERT INTO routes (id, api, payee, method, template) VALUES (1, 'weather', 'GPAYEE', 'GET', '/weather/*')",
  ).run();
  const account = db.prepare(
    `INSERT INTO accounts VALUES (?, ?, 1000000000, 0, 0, 0, NULL, 1000000000, NULL, NULL, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)`,
  );
  for (let id = 1; id <= accounts; id++) account.run(id, `G${String(id).padStart(55, 'A')}`);
  const charge = db.prepare("INSERT INTO charges VALUES (?, 1800000000000, ?, NULL, 1, 'GET', 200, ?)");
  const finish = db.prepare("INSERT INTO finishes VALUES (?, 1800000000000, 'completed', 10, 300, 5)");
  const leaf = db.prepare('INSERT INTO sealed_charges VALUES (?, ?, ?, ?, 1)');
  const dequeue = db.prepare('DELETE FROM unsealed WHERE charge_id = ?');
  const batch = db.prepare(
    `INSERT INTO batches VALUES (?, 0, ?, '${'0'.repeat(64)}', 'confirmed', 1, ?, NULL, 0, 0, 1, '')`,
  );
  for (let index = 0; index < rows; index++) {
    const id = firstId + index;
    const accountId = 1 + ((index * 7919) % accounts);
    charge.run(id, accountId, price);
    finish.run(id);
    if (index >= sealed) continue;
    const batchId = 1 + Math.floor(index / perBatch);
    if (index % perBatch === 0) batch.run(batchId, batchId, perBatch);
    leaf.run(id, accountId, batchId, index % perBatch);
    dequeue.run(id);
  }
  db.exec(`UPDATE accounts SET
    charged_sealed = (SELECT COUNT(*) FROM sealed_charges s WHERE s.account_id = accounts.id) * ${price}`);
  db.exec('UPDATE accounts SET settled = charged_sealed');
})();
process.stdout.write('ready\n');
setInterval(() => undefined, 1_000_000);
