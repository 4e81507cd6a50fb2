// How long the check of the books holds calls up: `npm exec -- node bench/parts/books-check.mjs [--accounts 100000]
// [--charges 500000] [--rounds 5]`, with so many accounts and charges that are in no batch. A call a millisecond is charged,
// without the check and beside it; the time from its hold to its capture is what an answer waits for.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { createLedger } from '../../src/billing/ledger.ts';
import { systemClock as clock } from '../../src/clock.ts';
import { createLog } from '../../src/log.ts';
import { createJournal } from '../../src/metering/journal.ts';
import { booksSteps, pauseMs } from '../../src/settlement/books-check.ts';
import { openStore } from '../../src/store/store.ts';

const { values } = parseArgs({
  options: {
    accounts: { type: 'string', default: '100000' },
    charges: { type: 'string', default: '500000' },
    rounds: { type: 'string', default: '5' },
  },
});
const accounts = Number(values.accounts);
const charges = Number(values.charges);
const folder = mkdtempSync(path.join(tmpdir(), 'callora-books-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

const log = createLog('error');
const store = openStore({ path: path.join(folder, 'callora.db'), clock, log });
const routeId = store.routes.ensure({ api: 'a', payee: 'GP', method: 'GET', template: '/a' });
store.db.exec(`
  WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${accounts})
  INSERT INTO accounts SELECT i, printf('G%055d', i * 7919 % ${accounts}), 9000000000, 0, 0, 0, NULL, 9000000000000, NULL, NULL,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 1 FROM n;
  WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${charges})
  INSERT INTO charges SELECT i, 1, 1 + i * 7919 % ${accounts}, NULL, ${routeId}, 'GET', 200, 1000 FROM n;
  INSERT INTO refunds SELECT id, 1, 1000, 'bench' FROM charges WHERE id % 20 = 0`);
const ledger = createLedger({ limitPeriodS: 86_400, chainTimeS: () => 0 });
const wholeMs = timed(() => store.accounts.visitAll(ledger.open));
const journal = createJournal({
  db: store.journalDb,
  clock,
  log,
  durability: 'process',
  walSyncIntervalMs: 100,
  sync: store.sync,
});
const slots = [...ledger.accounts()];

/** Charges a call a millisecond until `work` has ended; what each took, ms. */
async function callsBeside(work) {
  const took = [];
  const open = [];
  let over = false;
  const ended = work.finally(() => {
    over = true;
  });
  for (let call = 0; !over; call++) {
    open.push(chargeOne(slots[(call * 7919) % accounts], took));
    await clock.sleep(1);
  }
  await Promise.all(open);
  await ended;
  return took;
}

async function chargeOne(account, took) {
  const startMs = clock.monotonicMs();
  const { hold } = ledger.hold(account, undefined, 1_000n);
  const row = {
    id: store.nextCallId(),
    atMs: clock.nowMs(),
    accountId: account.id,
    routeId,
    method: 'GET',
    status: 200,
  };
  await journal.charge({ ...row, priceUnits: 1_000n });
  ledger.capture(hold);
  took.push(clock.monotonicMs() - startMs);
}

/** The check as the program makes it, and how long each of its steps held the event loop, ms. */
async function check(steps) {
  const walk = booksSteps({ accounts: store.accounts, ledger });
  for (;;) {
    await clock.sleep(pauseMs);
    const startMs = clock.monotonicMs();
    const step = walk.next();
    steps.push(clock.monotonicMs() - startMs);
    if (!step.done) continue;
    if (step.value.length > 0) throw new Error(step.value[0]);
    return;
  }
}

function timed(work) {
  const startMs = clock.monotonicMs();
  work();
  return clock.monotonicMs() - startMs;
}

function show(name, took) {
  const sorted = took.sort((a, b) => a - b);
  const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))].toFixed(2).padStart(7);
  const [median, high, longest] = [at(0.5), at(0.99), at(1)];
  console.log(
    `${name.padEnd(34)} ${String(took.length).padStart(6)}  median ${median}  99 % ${high}  longest ${longest} ms`,
  );
}

console.log(
  `${accounts} accounts, ${charges} charges in no batch; read and loaded in one piece: ${wholeMs.toFixed(0)} ms`,
);
for (let round = 1; round <= Number(values.rounds); round++) {
  show('calls without the check', await callsBeside(clock.sleep(3_000)));
  const steps = [];
  const startMs = clock.monotonicMs();
  const calls = await callsBeside(check(steps));
  const wallMs = clock.monotonicMs() - startMs;
  const busyMs = steps.reduce((sum, ms) => sum + ms, 0);
  show('calls beside the check', calls);
  show('steps of the check', steps);
  console.log(`  the event loop was held for ${busyMs.toFixed(0)} of ${wallMs.toFixed(0)} ms`);
}
await journal.close();
await store.close();
