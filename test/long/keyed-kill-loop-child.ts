import { createLedger } from '../../src/billing/ledger.ts';
import { systemClock } from '../../src/clock.ts';
import { silentLog } from '../../src/log.ts';
import { createJournal } from '../../src/metering/journal.ts';
import { createKeyedCalls } from '../../src/metering/keyed-calls.ts';
import { units } from '../../src/money.ts';
import { openStore } from '../../src/store/store.ts';
import { makeConfig } from '../gateway/make-config.ts';
import { account, startRig } from '../gateway/rig.ts';

/** A gateway on a real database before the parent's upstream; it says its port and serves until it is killed. */
const [path = '', origin = ''] = process.argv.slice(2);
const clock = systemClock;
const log = silentLog();
const store = openStore({ path, clock, log });
const journal = createJournal({
  db: store.journalDb,
  clock,
  log,
  durability: 'process',
  walSyncIntervalMs: 50,
  sync: store.sync,
});
const ledger = createLedger({ limitPeriodS: 86_400, chainTimeS: () => 1_800_000_000 });
const id = store.accounts.ensure(account);
const row = store.accounts.loadAll().find((each) => each.id === id);
const slot = ledger.open({ ...row, id, address: account, deposited: units(10n ** 12n), limit: units(10n ** 12n) });
const routeId = store.routes.ensure({ api: 'a', payee: 'GP', method: 'ANY', template: '/a/*' });
const rig = await startRig({
  config: makeConfig([{ origin, mount: '/a', price: '0.1' }]),
  deps: {
    ledger,
    journal,
    keys: createKeyedCalls({ journal, idempotency: store.idempotency }),
    nextCallId: store.nextCallId,
    resolve: { account: () => slot, cap: () => undefined, tokenId: () => undefined, routeId: () => routeId },
  },
});
process.stdout.write(`${rig.port}\n`);
