// Ways to do dear steps that were tried: `npm exec -- node bench/parts/trials.mjs [--accounts 10000]`, in µs per call, the
// least of many short rounds. docs/performance.md says what was made of them.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { createLedger } from '../../src/billing/ledger.ts';
import { systemClock as clock } from '../../src/clock.ts';
import { createLog } from '../../src/log.ts';
import { openStore } from '../../src/store/store.ts';

const { values } = parseArgs({ options: { accounts: { type: 'string', default: '10000' } } });
/** How many accounts there are, with a token each, and how many of them call. */
const inBooks = Number(values.accounts);
const accounts = 10_000;
const folder = mkdtempSync(path.join(tmpdir(), 'callora-trials-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

console.log('hold, capture and balance over 10,000 accounts');
show(
  rounds(80, {
    'objects of bigint (kept)': ledgerOfObjects(),
    BigInt64Array: ledgerOfNumbers(BigInt64Array, 0n, (value) => value),
    'Float64Array of whole units': ledgerOfNumbers(Float64Array, 0, Number),
  }),
);
console.log(`a charge row, 64 in a transaction, 10,000 of ${inBooks} accounts in turn`);
show(
  rounds(60, {
    'a statement a row': chargeRows({ atOnce: 1 }),
    '2 rows a statement': chargeRows({ atOnce: 2 }),
    '8 rows a statement': chargeRows({ atOnce: 8 }),
    '64 rows a statement': chargeRows({ atOnce: 64 }),
    '8 rows, without foreign keys (kept)': chargeRows({ atOnce: 8, foreignKeys: false }),
    '8 rows, without the queue of unsealed ones': chargeRows({ atOnce: 8, queue: false }),
  }),
);
process.exit();

function rounds(count, variants) {
  const least = {};
  for (let round = 0; round < count; round++) {
    for (const [name, { calls, run }] of Object.entries(variants)) {
      const startMs = performance.now();
      run();
      const micros = ((performance.now() - startMs) * 1000) / calls;
      least[name] = Math.min(least[name] ?? Number.POSITIVE_INFINITY, micros);
    }
  }
  return least;
}

function show(least) {
  for (const [name, micros] of Object.entries(least))
    console.log(`  ${name.padEnd(44)} ${micros.toFixed(2).padStart(6)}`);
}

function ledgerOfObjects() {
  const ledger = createLedger({ limitPeriodS: 86_400, chainTimeS: () => 1_800_000_000 });
  const slots = Array.from({ length: accounts }, (_, i) =>
    ledger.open({ id: i + 1, address: `G${i}`, deposited: 2n ** 52n, limit: 2n ** 62n }),
  );
  return {
    calls: accounts,
    run() {
      for (const slot of slots) {
        ledger.capture(ledger.hold(slot, undefined, 1_000n).hold);
        ledger.spendable(slot);
      }
    },
  };
}

/** The same checks on one array: 14 amounts of each account side by side. */
function ledgerOfNumbers(Numbers, zero, from) {
  const width = 14;
  const [settled, withdrawn, requested, exits, limit, used] = [1, 2, 3, 4, 5, 6];
  const [charged, refunded, unsettled, receivable, held, forPayee] = [7, 8, 9, 10, 11, 12];
  const a = new Numbers(accounts * width);
  for (let o = 0; o < a.length; o += width) {
    a[o] = from(2n ** 52n);
    a[o + limit] = from(2n ** 52n);
  }
  const price = from(1_000n);
  let totalHeld = zero;
  let totalUnsettled = zero;

  function spendable(o) {
    const free = a[o] - a[o + settled] - a[o + withdrawn] - a[o + requested] - a[o + exits];
    const left = a[o + limit] - a[o + used];
    const amount = (free < left ? free : left) - a[o + unsettled] - a[o + receivable] - a[o + held];
    return amount < zero ? zero : amount;
  }

  function assertSound(o) {
    const sound =
      a[o + charged] - a[o + refunded] === a[o + settled] + a[o + unsettled] + a[o + receivable] + a[o + forPayee] &&
      a[o + unsettled] >= zero &&
      a[o + receivable] >= zero &&
      a[o + held] >= zero;
    if (!sound) throw new Error('the books do not add up');
  }

  function call(o) {
    const before = spendable(o);
    if (price > before) throw new Error('no money');
    assertSound(o);
    a[o + held] += price;
    assertSound(o);
    totalHeld += price;
    if (spendable(o) !== before - price) throw new Error('a hold lowers spendable by its price');
    const behind = spendable(o);
    assertSound(o);
    a[o + held] -= price;
    a[o + charged] += price;
    a[o + unsettled] += price;
    assertSound(o);
    totalHeld -= price;
    totalUnsettled += price;
    if (spendable(o) !== behind) throw new Error('a capture does not change spendable');
    return spendable(o);
  }

  return {
    calls: accounts,
    run() {
      for (let o = 0; o < a.length; o += width) call(o);
      if (totalHeld !== zero || totalUnsettled < zero) throw new Error('the totals do not add up');
    },
  };
}

function chargeRows({ atOnce, foreignKeys = true, queue = true }) {
  const name = `${atOnce}-${foreignKeys}-${queue}.db`;
  const { db, ...store } = openStore({ path: path.join(folder, name), clock, log: createLog('warn') });
  const routeId = store.routes.ensure({ api: 'weather', payee: 'GP', method: 'GET', template: '/weather/:city' });
  // The checkpoint thread may hold the lock for a moment; a gateway's journal tries again.
  db.pragma('busy_timeout = 20000');
  fill(db);
  const payers = Array.from({ length: accounts }, (_, i) => 1 + ((i * 102_947) % inBooks));
  if (!foreignKeys) db.pragma('foreign_keys = OFF');
  if (!queue) db.exec('DROP TRIGGER charges_enqueue');
  const values = Array.from({ length: atOnce }, () => '(?, ?, ?, ?, ?, ?, ?, ?)').join(', ');
  const insert = db.prepare(`INSERT INTO charges VALUES ${values}`);
  const [begin, commit] = ['BEGIN IMMEDIATE', 'COMMIT'].map((text) => db.prepare(text));
  let at = 0;
  return {
    calls: 256,
    run() {
      for (let turn = 0; turn < 4; turn++) {
        begin.run();
        for (let row = 0; row < 64; row += atOnce) {
          const params = [];
          for (let i = 0; i < atOnce; i++) {
            const payer = payers[at++ % accounts];
            params.push(store.nextCallId(), 1, payer, payer, routeId, 'GET', 200, 1_000);
          }
          insert.run(params);
        }
        commit.run();
      }
    },
  };
}

/** Accounts and tokens with the same numbers. */
function fill(db) {
  const step = 50_000;
  const numbers = 'WITH RECURSIVE n(i) AS (SELECT ? UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ?)';
  const account = db.prepare(
    `INSERT INTO accounts ${numbers} SELECT i, printf('G%055d', i), 0, 0, 0, 0, NULL, 0, NULL, NULL, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1 FROM n`,
  );
  const token = db.prepare(
    `INSERT INTO tokens (id, jti, account_id, scope, issued_at_ms, expires_at_ms, spent_sealed, source, label)
     ${numbers} SELECT i, printf('jti%019d', i), i, '*', 0, 1, 0, 'wallet', '' FROM n`,
  );
  for (let from = 1; from <= inBooks; from += step) {
    const to = Math.min(from + step, inBooks + 1);
    account.run(from, to);
    token.run(from, to);
  }
}
