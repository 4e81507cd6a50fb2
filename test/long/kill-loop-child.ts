import fs from 'node:fs';
import { createLedger } from '../../src/billing/ledger.ts';
import { systemClock } from '../../src/clock.ts';
import { silentLog } from '../../src/log.ts';
import { createJournal } from '../../src/metering/journal.ts';
import { units } from '../../src/money.ts';
import { openStore } from '../../src/store/store.ts';

/** Charges without pause until killed, and notes each id in a file only after it was promised. */
const [path = '', durability = 'process', notesFile = ''] = process.argv.slice(2);
const notes = fs.openSync(notesFile, 'w');
const clock = systemClock;
const log = silentLog();
const checkpoints = { passiveBytes: 200_000, restartBytes: 800_000, intervalMs: 10 };
const store = openStore({ path, clock, log, checkpoints });
const { journalDb: db, sync } = store;
const level = durability === 'disk' ? 'disk' : 'process';
const journal = createJournal({ db, clock, log, durability: level, walSyncIntervalMs: 50, sync });
const ledger = createLedger({ limitPeriodS: 100, chainTimeS: () => 0 });
const routeId = store.routes.ensure({ api: 'a', payee: 'GP', method: 'GET', template: '/a' });
const id = store.accounts.ensure('GA');
for (const row of store.accounts.loadAll())
  ledger.open({ ...row, deposited: units(10n ** 12n), limit: units(10n ** 12n) });

async function client(): Promise<void> {
  const account = ledger.account('GA');
  while (account) {
    const result = ledger.hold(account, undefined, units(3));
    if (!result.ok) throw new Error(result.reason);
    const callId = store.nextCallId();
    const row = { id: callId, atMs: 1, accountId: id, routeId, method: 'GET', status: 200, priceUnits: units(3) };
    await journal.charge(row);
    ledger.capture(result.hold);
    fs.writeSync(notes, `${callId}\n`);
    journal.finish({ chargeId: callId, atMs: 1, outcome: 'completed', bytesIn: 1, bytesOut: 1, durationMs: 1 });
  }
}

await Promise.all(Array.from({ length: 6 }, client));
