// The steps of a paid call, each set up alone with what it has in a running gateway: see parts.mjs.
import { existsSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const accountsInRotation = 10_000;

/** Every part of one checkout: `run(calls)` does its work that many times. */
export async function makeParts(checkout, { only, pastRows = 0 }) {
  const load = (file) => import(pathToFileURL(path.join(checkout, 'src', file)).href);
  const folder = mkdtempSync(path.join(tmpdir(), 'callora-parts-'));
  const ends = [() => rmSync(folder, { recursive: true, force: true })];
  const tools = { load, checkout, folder, ends };
  const parts = [];
  const behind = ['journal: 64 calls a transaction, behind the rows', 1_280, (at) => journal(at, 64, pastRows)];
  for (const [name, calls, make] of pastRows > 0 ? [...table, behind] : table) {
    if (!name.includes(only)) continue;
    const run = await make(tools);
    // An older checkout may not have the step.
    if (run) parts.push({ name, calls, run });
  }
  return {
    parts,
    async close() {
      for (const end of ends.toReversed()) await end();
    },
  };
}

/** Name, calls per round, and what makes the part ready. */
const table = [
  ['token: one of 10,000 seen before', 10_000, cachedToken],
  ['token: never seen before', 200, newToken],
  ['route: one of 10', 20_000, (tools) => routeMatch(tools, 10)],
  ['route: one of 10,000', 20_000, (tools) => routeMatch(tools, 10_000)],
  ['readings: routes of several prices', 20_000, readings],
  ['rate: one of an account, 10,000 accounts', 10_000, rate],
  ['ledger: hold, capture and balance', 10_000, holdAndCapture],
  ['ledger: may it be served', 10_000, mayServe],
  ['journal: charge and finish, 1 call a transaction', 100, (tools) => journal(tools, 1)],
  ['journal: charge and finish, 8 calls a transaction', 400, (tools) => journal(tools, 8)],
  ['journal: charge and finish, 64 calls a transaction', 1_280, (tools) => journal(tools, 64)],
  ['settlement: write a chosen charge into a batch of 5,000', 5_000, seal],
  ['access log: line and its share of a write', 5_000, accessLog],
  ['metrics: overhead, charged, ended', 5_000, metrics],
  ['live recorder: overhead, charged, ended', 5_000, liveRecorder],
  ['price as text', 20_000, formatPrice],
];

async function cachedToken(tools) {
  const { createVerifier, identity, tokens } = await tokenParts(tools, accountsInRotation);
  const verifier = createVerifier({ ...identity, isRevoked: () => false, tokenBytesMax: 8192, verificationsMax: 64 });
  for (const token of tokens) await verifier.verify(token);
  const heads = tokens.map((token) => Buffer.from(`authorization: Bearer ${token}`, 'latin1'));
  let at = 0;
  return (calls) => {
    for (let call = 0; call < calls; call++) {
      // Out of the bytes of a head each time, as a call brings it: a new string whose hash nobody knows.
      const text = heads[at++ % heads.length].latin1Slice(22);
      if (!verifier.cached(text)) throw new Error('a token in rotation was forgotten');
    }
  };
}

async function newToken(tools) {
  const { createVerifier, identity, tokens } = await tokenParts(tools, 2_000);
  const make = () =>
    createVerifier({ ...identity, isRevoked: () => false, tokenBytesMax: 8192, verificationsMax: 4096 });
  let verifier = make();
  let at = 0;
  return async (calls) => {
    if (at + calls > tokens.length) {
      verifier = make();
      at = 0;
    }
    const results = await Promise.all(tokens.slice(at, at + calls).map((token) => verifier.verify(token)));
    at += calls;
    if (!results.every((result) => result.ok)) throw new Error('a good token was refused');
  };
}

async function tokenParts({ load, folder }, count) {
  const { createTokenKeys, loadTokenKeys } = await load('access/keys.ts');
  const { issueToken } = await load('access/issue.ts');
  const { createVerifier } = await load('access/verify.ts');
  const { systemClock: clock } = await load('clock.ts');
  const file = path.join(folder, `tokens-${count}.jwks`);
  await createTokenKeys(file);
  const { keys } = await loadTokenKeys(file);
  const origin = 'https://api.example.com';
  const identity = { keys, clock, issuer: origin, audience: origin };
  const tokens = [];
  for (let i = 0; i < count; i++) {
    tokens.push((await issueToken(identity, { account: knownAccount, scope: '*', ttlMs: 3_600_000 })).token);
  }
  return { createVerifier, identity, tokens };
}

const knownAccount = 'GAAZI4TCR3TY5OJHCTJC2A4QSY6CJWJH5IAJTGKIN2ER7LBNVKOCCWN7';

function api(name) {
  return { name, mount: `/${name}`, routes: [], upstream: { basePath: '' } };
}

function route(owner, method, template, priceUnits) {
  return { api: owner, method, template, priceUnits, auth: 'token' };
}

async function routeMatch({ load }, count) {
  const { createRouteTable } = await load('catalog/route-table.ts');
  const owner = api('weather');
  const entries = Array.from({ length: count }, (_, i) => ({
    route: route(owner, 'GET', `/weather/service${i}/:city`, 5_000n),
    segments: [
      { kind: 'literal', text: `service${i}` },
      { kind: 'param', name: 'city' },
    ],
  }));
  const routes = createRouteTable(entries, [owner]);
  const heads = entries.map((_, i) => Buffer.from(`/weather/service${i}/oslo`, 'latin1'));
  let at = 0;
  return (calls) => {
    for (let call = 0; call < calls; call++) {
      if (routes.match('GET', heads[at++ % heads.length].latin1Slice()).kind !== 'route') throw new Error('no route');
    }
  };
}

async function readings({ load }) {
  const { createReadings } = await load('gateway/readings.ts');
  const owner = api('weather');
  const cheap = route(owner, 'ANY', '/weather/:city', 1_000n);
  owner.routes = [cheap, route(owner, 'GET', '/weather/archive/:year', 5_000n)];
  const guard = createReadings();
  return (calls) => {
    for (let call = 0; call < calls; call++) {
      if (guard.isDearer('GET', '/oslo', true, cheap, [owner])) throw new Error('dearer');
      if (guard.dearerMethods('GET', '/oslo', true, cheap, [owner]).length > 0) throw new Error('dearer');
    }
  };
}

async function rate({ load, checkout }) {
  if (!existsSync(path.join(checkout, 'src/limits/rate-policies.ts'))) return undefined;
  const { createRatePolicies } = await load('limits/rate-policies.ts');
  const { overRate } = await load('gateway/over-rate.ts');
  const sold = { name: 'weather', rates: { account: { perSecond: 200, burst: 400 } } };
  const config = { gateway: { rates: {} }, apis: [sold] };
  const policies = createRatePolicies();
  const { slots } = await filledLedger(load);
  let at = 0;
  return (calls) => {
    const nowMs = performance.now();
    for (let call = 0; call < calls; call++) {
      const { payer } = policies(config).of(sold);
      const keys = { account: slots[at++ % slots.length], token: 'jti', address: '192.0.2.1' };
      if (overRate([], payer, keys, nowMs)) throw new Error('over the rate');
    }
  };
}

async function holdAndCapture({ load }) {
  const { ledger, slots } = await filledLedger(load);
  let at = 0;
  return (calls) => {
    for (let call = 0; call < calls; call++) {
      const slot = slots[at++ % slots.length];
      const held = ledger.hold(slot, undefined, 1_000n);
      ledger.capture(held.hold);
      ledger.spendable(slot);
    }
  };
}

async function filledLedger(load) {
  const { createLedger } = await load('billing/ledger.ts');
  const { units } = await load('money.ts');
  const ledger = createLedger({ limitPeriodS: 86_400, chainTimeS: () => 1_800_000_000 });
  const slots = Array.from({ length: accountsInRotation }, (_, i) =>
    ledger.open({ id: i + 1, address: `G${i}`, deposited: units(2n ** 52n), limit: units(2n ** 62n) }),
  );
  return { ledger, slots };
}

async function mayServe({ load }) {
  const { ledger, slots } = await filledLedger(load);
  const { createSalesGate } = await load('app/sales.ts');
  const { systemClock: clock } = await load('clock.ts');
  const seen = { lastClosedAtMs: clock.nowMs() + 1e9, paused: 0, removedPayees: new Set() };
  const config = { settlement: { exposureMaxUnits: 2n ** 60n, exposureAccountMaxUnits: 2n ** 60n } };
  const lanes = [{ halted: undefined, synced: true }];
  const gate = createSalesGate({
    clock,
    log: { debug() {} },
    ledger,
    watcher: { state: () => seen },
    facts: { withdrawDelayS: 604_800 },
    store: { charges: { oldestUnsettledAtMs: () => undefined } },
    config: () => config,
    settler: {
      standing: () => ({
        foreign: lanes.some((lane) => lane.halted?.foreign === true),
        synced: lanes.every((lane) => lane.synced),
      }),
    },
    pausedApis: new Set(),
    broken: undefined,
    restoring: false,
    oldestUnsettledAtMs: undefined,
  });
  const sold = route(api('weather'), 'GET', '/weather/:city', 1_000n);
  let at = 0;
  return (calls) => {
    for (let call = 0; call < calls; call++) {
      if (gate.isPaused('weather') || gate.mayServe(slots[at++ % slots.length], sold)) throw new Error('not served');
    }
  };
}

async function journal({ load, folder, ends }, perTurn, pastRows = 0) {
  const { openStore } = await load('store/store.ts');
  const { createJournal } = await load('metering/journal.ts');
  const { systemClock: clock } = await load('clock.ts');
  const { createLog } = await load('log.ts');
  const log = createLog('warn');
  const store = openStore({ path: path.join(folder, `journal-${perTurn}-${pastRows}.db`), clock, log });
  const { sync } = store;
  const book = createJournal({
    db: store.journalDb ?? store.db,
    clock,
    log,
    durability: 'process',
    walSyncIntervalMs: 100,
    sync,
  });
  ends.push(store.close, book.close);
  const rows = await chargeRows(store);
  await writePast(store, pastRows);
  let at = 0;
  return async (calls) => {
    for (let done = 0; done < calls; done += perTurn) {
      const turn = [];
      for (let i = 0; i < perTurn; i++) {
        const id = store.nextCallId();
        const row = { ...rows[at++ % rows.length], id, atMs: clock.nowMs() };
        turn.push(
          book.charge(row).then(() => {
            book.finish({
              chargeId: id,
              atMs: row.atMs,
              outcome: 'completed',
              bytesIn: 0,
              bytesOut: 256,
              durationMs: 1,
            });
          }),
        );
      }
      await Promise.all(turn);
    }
    await book.flush();
  };
}

async function seal({ load, folder, ends, checkout }) {
  // Before batches were chosen on a thread, choosing and writing were one.
  if (!existsSync(path.join(checkout, 'src/store/seal-proposal.ts'))) return undefined;
  const { createProposer } = await load('store/seal-proposal.ts');
  const { openStore } = await load('store/store.ts');
  const { hashLeaf } = await load('settlement/leaf.ts');
  const { rootOf } = await load('settlement/merkle.ts');
  const { systemClock: clock } = await load('clock.ts');
  const { createLog } = await load('log.ts');
  const store = openStore({ path: path.join(folder, 'seal.db'), clock, log: createLog('warn') });
  ends.push(store.close);
  const rows = (await chargeRows(store)).slice(0, 90);
  const charge = store.db.prepare("INSERT INTO charges VALUES (?, ?, ?, ?, ?, 'GET', 200, 1000)");
  const finish = store.db.prepare("INSERT INTO finishes VALUES (?, ?, 'completed', 0, 256, 1)");
  const confirm = store.db.prepare("UPDATE batches SET state = 'confirmed', ledger = 1");
  const write = store.db.transaction((count) => {
    confirm.run();
    for (let i = 0; i < count; i++) {
      const { accountId, tokenId, routeId } = rows[i % rows.length];
      const id = store.nextCallId();
      charge.run(id, clock.nowMs(), accountId, tokenId, routeId);
      finish.run(id, clock.nowMs());
    }
  });
  const propose = createProposer(store.db, { hashLeaf: (row) => hashLeaf(knownAccount, row), rootOf });
  const request = { lane: 0, ageMaxMs: 1e9, minTotal: 1n, entriesMax: 100, linesMax: 400, period: 0 };
  return (calls) => {
    // Sealing leaves it at 0, and a checkpoint may have the lock for a moment.
    store.db.pragma('busy_timeout = 1000');
    write(calls);
    const sealing = store.batches.seal(propose({ ...request, nowMs: clock.nowMs() }), clock.nowMs());
    const startMs = performance.now();
    while (sealing.step() === 'more');
    const tookMs = performance.now() - startMs;
    if (sealing.batch()?.leaves !== calls) throw new Error('not all was sealed');
    return tookMs;
  };
}

/** Calls of the run before, in the tables and indexes where time has put them. */
async function writePast({ db }, count) {
  const queue = db.prepare("SELECT sql FROM sqlite_schema WHERE name = 'charges_enqueue'").pluck().get();
  const step = 100_000;
  const numbers = `WITH RECURSIVE n(i) AS (SELECT ? UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ?)`;
  const writes = [
    `INSERT INTO charges ${numbers} SELECT i, i, 1 + i * 7919 % ${accountsInRotation}, 1, 1, 'GET', 200, 1000 FROM n`,
    `INSERT INTO finishes ${numbers} SELECT i, i, 'completed', 0, 256, 1 FROM n`,
    `INSERT INTO sealed_charges ${numbers} SELECT i, 1 + i * 7919 % ${accountsInRotation}, NULL, NULL, 1 FROM n`,
  ].map((text) => db.prepare(text));
  // Checkpoints of what is written here hold a lock for longer than those of calls.
  db.pragma('busy_timeout = 10000');
  db.exec('DROP TRIGGER charges_enqueue');
  for (let from = 1; from <= count; from += step) {
    const to = Math.min(from + step, count + 1);
    db.transaction(() => {
      for (const write of writes) write.run(from, to);
    }).immediate();
    // Nobody else writes: the log need not hold more than one step, however slow the thread of the checkpoints is.
    db.pragma('wal_checkpoint(TRUNCATE)');
    if ((to - 1) % 10_000_000 === 0) console.error(`${to - 1} of ${count} calls of the past`);
  }
  db.exec(queue);
  db.pragma('busy_timeout = 0');
}

/** Rows of 10,000 accounts with a token each. */
async function chargeRows(store) {
  const routeId = store.routes.ensure({ api: 'weather', payee: 'GP', method: 'GET', template: '/weather/:city' });
  const times = { issuedAtMs: 0, expiresAtMs: 1e15 };
  return store.db.transaction(() =>
    Array.from({ length: accountsInRotation }, (_, i) => {
      const accountId = store.accounts.ensure(`G${i}`);
      const tokenJti = `jti-${Math.imul(i, 2_654_435_761) >>> 0}-abcdef`;
      store.tokens.add({ jti: tokenJti, accountId, scope: '*', ...times, source: 'wallet' });
      return {
        accountId,
        tokenJti,
        tokenId: store.tokens.idOf?.(tokenJti),
        routeId,
        method: 'GET',
        status: 200,
        priceUnits: 1_000n,
      };
    }),
  )();
}

async function callRecord(load) {
  const owner = api('weather');
  const { units } = await load('money.ts');
  return {
    callId: 8_589_934_592,
    account: knownAccount,
    status: 200,
    outcome: 'completed',
    paid: units(1_000n),
    bytesIn: 0,
    bytesOut: 256,
    overheadMs: 0.173_2,
    upstreamError: undefined,
    requestId: 'a1b2c3d4e5f6-1x',
    route: route(owner, 'GET', '/weather/:city', 1_000n),
    own: undefined,
    method: 'GET',
    minor: 1,
    address: '127.0.0.1',
    durationMs: 1.234_5,
  };
}

async function accessLog({ load, folder, ends }) {
  const { createAccessLog } = await load('gateway/access-log.ts');
  const { createLineWriter, writeTo } = await load('line-writer.ts');
  const { systemClock: clock } = await load('clock.ts');
  const to = writeTo(openSync(path.join(folder, 'access.log'), 'a'));
  // An older checkout takes a function.
  const lines = createLineWriter({ clock, to, write: to });
  ends.push(lines.close);
  const logCall = createAccessLog({ clock, add: lines.add });
  const record = await callRecord(load);
  return async (calls) => {
    for (let call = 0; call < calls; call++) {
      logCall({ ...record, callId: record.callId + call, durationMs: 1 + call / 997, overheadMs: call / 9_973 });
      // Some calls end in each turn of the event loop.
      if (call % 16 === 0) await new Promise(setImmediate);
    }
  };
}

async function metrics({ load }) {
  const { createMetrics } = await load('admin/metrics.ts');
  const { gateway } = createMetrics({ version: 'bench' });
  return counted(gateway, await callRecord(load));
}

async function liveRecorder({ load }) {
  const { createLiveRecorder } = await load('admin/live-recorder.ts');
  const { systemClock: clock } = await load('clock.ts');
  const nothing = { ended() {}, charged() {}, refunded() {}, overhead() {} };
  return counted(createLiveRecorder({ clock }).counting(nothing), await callRecord(load));
}

function counted(metrics, record) {
  return (calls) => {
    for (let call = 0; call < calls; call++) {
      metrics.overhead((call % 97) / 100_000);
      metrics.charged(record.route, record.paid);
      metrics.ended({ ...record, durationMs: call % 31 });
    }
  };
}

async function formatPrice({ load }) {
  const { formatUsdc, units } = await load('money.ts');
  const amounts = Array.from({ length: 1_000 }, (_, i) => units(BigInt(i) * 7_919n));
  return (calls) => {
    for (let call = 0; call < calls; call++) formatUsdc(amounts[call % amounts.length]);
  };
}
