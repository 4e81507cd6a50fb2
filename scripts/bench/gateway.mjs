// The gateway with everything a paid call touches for real: token keys, verifier, ledger, store and journal.
import { mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { issueToken } from '../../src/access/issue.ts';
import { createTokenKeys, loadTokenKeys } from '../../src/access/keys.ts';
import { createVerifier } from '../../src/access/verify.ts';
import { createMetrics } from '../../src/admin/metrics.ts';
import { createLedger } from '../../src/billing/ledger.ts';
import { systemClock as clock } from '../../src/clock.ts';
import { createAccessLog } from '../../src/gateway/access-log.ts';
import { createGateway } from '../../src/gateway/server.ts';
import { createLineWriter, writeTo } from '../../src/line-writer.ts';
import { createLog } from '../../src/log.ts';
import { createJournal } from '../../src/metering/journal.ts';
import { units } from '../../src/money.ts';
import { openStore } from '../../src/store/store.ts';
import { createUpstreams } from '../../src/upstream/pool.ts';
import { limits, makeConfig } from '../../test/gateway/rig.ts';
import { serveBench } from './usage.mjs';

const folder = mkdtempSync(path.join(tmpdir(), 'callora-bench-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
process.on('SIGTERM', () => process.exit(0));

const log = createLog('warn');
const account = 'GAAZI4TCR3TY5OJHCTJC2A4QSY6CJWJH5IAJTGKIN2ER7LBNVKOCCWN7';
const origin = 'http://127.0.0.1:8402';
const keysFile = path.join(folder, 'tokens.jwks');
await createTokenKeys(keysFile);
const loaded = await loadTokenKeys(keysFile);
if (!loaded.ok) throw new Error(loaded.message);
const { keys } = loaded;
const identity = { keys, clock, issuer: origin, audience: origin };
const { token } = await issueToken(identity, { account, scope: '*', ttlMs: 3_600_000 });

const store = openStore({ path: path.join(folder, 'callora.db'), clock, log });
const journal = createJournal({
  db: store.db,
  clock,
  log,
  durability: 'process',
  walSyncIntervalMs: 100,
  sync: store.sync,
});
const ledger = createLedger({ limitPeriodS: 86_400, chainTimeS: () => clock.nowMs() / 1000 });
const slot = ledger.open({
  id: store.accounts.ensure(account),
  address: account,
  deposited: units(2n ** 52n),
  limit: units(2n ** 52n),
});
const config = makeConfig(
  [
    {
      origin: `http://127.0.0.1:${process.argv[2]}`,
      name: 'bench',
      mount: '/bench',
      price: '0.0005',
      list: [{ match: 'GET /item/:id', price: '0.0001' }],
    },
  ],
  // One connection is driven for the whole run; the default of 1,000 requests would measure reconnecting.
  { limits: { ...limits, requestsPerConnectionMax: 0, callsPerAccountMax: 10_000 } },
);
let served = 0;
const metrics = createMetrics({
  version: 'bench',
  gauges: () => undefined,
  diskFreeBytes: async () => undefined,
  logLinesDropped: () => 0,
  webhooks: () => undefined,
}).gateway;
const lines = createLineWriter({ clock, write: writeTo(openSync(path.join(folder, 'access.log'), 'a')) });
const routeIds = new Map();
const gateway = createGateway({
  config: () => config,
  verifier: createVerifier({ ...identity, isRevoked: () => false, tokenBytesMax: 8192, verificationsMax: 64 }),
  ledger,
  journal,
  resolve: {
    account: () => slot,
    cap: () => undefined,
    tokenId: () => undefined,
    routeId(route) {
      const known = routeIds.get(route);
      if (known !== undefined) return known;
      const { api, method, template } = route;
      const id = store.routes.ensure({ api: api.name, payee: api.payee, method, template });
      routeIds.set(route, id);
      return id;
    },
  },
  isPaused: () => false,
  mayServe: () => undefined,
  payWays: () => [],
  nextCallId: store.nextCallId,
  signContext: () => '',
  internal: () => false,
  upstreams: createUpstreams({ log }),
  clock,
  log,
  metrics: {
    ...metrics,
    ended(record) {
      served++;
      metrics.ended(record);
    },
  },
  logCall: createAccessLog({ clock, add: lines.add }),
});
const { port } = await gateway.listen();

serveBench(
  { port, token },
  {
    async books() {
      await journal.flush();
      const count = (table) => store.db.prepare(`SELECT count(*) AS n FROM ${table}`).get().n;
      return { served, charges: count('charges'), finishes: count('finishes') };
    },
  },
);
