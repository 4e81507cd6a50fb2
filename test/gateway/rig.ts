import { connect, createServer, type Socket } from 'node:net';
import type { Verified } from '../../src/access/verify.ts';
import { type AccountSlot, createLedger, type Ledger } from '../../src/billing/ledger.ts';
import type { Api, Config, GatewayLimits, IdempotencyLimits, Rates, Route } from '../../src/catalog/model.ts';
import { parsePattern } from '../../src/catalog/route-grammar.ts';
import { createRouteTable } from '../../src/catalog/route-table.ts';
import { systemClock } from '../../src/clock.ts';
import type { CallJournal, GatewayDeps, GatewayMetrics } from '../../src/gateway/deps.ts';
import { createGateway, type Gateway } from '../../src/gateway/server.ts';
import { silentLog } from '../../src/log.ts';
import type { ChargeRow, FinishRow, RefundRow } from '../../src/metering/journal.ts';
import type { KeyedCalls } from '../../src/metering/keyed-calls.ts';
import { formatUsdc, parseUsdc, type Units, units, zero } from '../../src/money.ts';
import { createUpstreams } from '../../src/upstream/upstreams.ts';

/** A gateway over real sockets with the real ledger, in front of an upstream that a test scripts byte by byte. */

export function usdc(text: string): Units {
  const amount = parseUsdc(text);
  if (amount === undefined) throw new Error(`not an amount: ${text}`);
  return amount;
}

export type RouteSpec = Partial<Omit<Route, 'api' | 'index'>> & { match: string; price?: string };
export type ApiSpec = Partial<Omit<Api, 'routes' | 'upstream'>> & {
  origin: string;
  basePath?: string;
  /** Price of unlisted routes; absent to sell listed ones only. */
  price?: string;
  list?: RouteSpec[];
  upstream?: Partial<Api['upstream']>;
};

export const limits: GatewayLimits = {
  headBytesMax: 16_384,
  headFieldsMax: 100,
  targetBytesMax: 8_192,
  tokenBytesMax: 8_192,
  bodyBytesMax: 10 * 1024 * 1024,
  headTimeoutMs: 10_000,
  tlsHandshakeTimeoutMs: 10_000,
  bodyIdleTimeoutMs: 15_000,
  requestsPerConnectionMax: 1_000,
  connectionsPerAddressMax: 1_000,
  connectionsMax: 2_000,
  callsPerAccountMax: 1_000,
  verificationsMax: 64,
  drainTimeoutMs: 5_000,
  websocketFrameBytesMax: 1024 * 1024,
  websocketMessageBytesMax: 10 * 1024 * 1024,
  websocketIdleTimeoutMs: 300_000,
  websocketCheckIntervalMs: 60_000,
};

export const idempotency: IdempotencyLimits = {
  lifeMs: 86_400_000,
  bodyBytesMax: 1024 * 1024,
  answerBytesMax: 1024 * 1024,
  readOnTimeoutMs: 60_000,
  bufferedBytesMax: 64 * 1024 * 1024,
  keysPerAccountMax: 10_000,
  keysMax: 1_000_000,
  storedBytesPerAccountMax: 64 * 1024 * 1024,
  storedBytesMax: 1024 * 1024 * 1024,
};

export const noRates: Rates = { account: undefined, token: undefined, address: undefined };

function compileApi(spec: ApiSpec, index: number) {
  const { origin, basePath = '', price, list = [], upstream, ...rest } = spec;
  const api: Api = {
    name: `api${index}`,
    payee: `GPAYEE${index}`,
    mount: `/api${index}`,
    headers: [],
    secrets: [],
    cors: undefined,
    signedContext: false,
    encodedSlash: false,
    rates: noRates,
    callsPerAccountMax: undefined,
    blockAddresses: [],
    allowAddresses: [],
    routes: [],
    ...rest,
    upstream: {
      origins: [origin],
      basePath,
      allowPrivate: false,
      connectionsMax: 64,
      waitingMax: 1_000,
      connectTimeoutMs: 3_000,
      idleTimeoutMs: 60_000,
      totalTimeoutMs: 0,
      answerHeadBytesMax: 32_768,
      breaker: { failures: 10, openForMs: 5_000 },
      health: undefined,
      tls: undefined,
      ...upstream,
    },
  };
  const entries = list.map(({ match, price: routePrice, ...settings }) => {
    const parsed = parsePattern(match);
    if (typeof parsed === 'string') throw new Error(`${match} ${parsed}`);
    const { method, segments } = parsed;
    const template = api.mount + match.slice(match.indexOf(' ') + 1);
    return { route: compileRoute(api, method, template, routePrice ?? price ?? '0', settings), segments };
  });
  const fallback =
    price === undefined ? [] : [{ route: compileRoute(api, 'ANY', `${api.mount}/*`, price, {}), segments: undefined }];
  const all = [...entries, ...fallback];
  api.routes = all.map(({ route }) => route);
  return { api, entries: all };
}

function compileRoute(api: Api, method: string, template: string, price: string, settings: Partial<Route>): Route {
  return {
    index: 0,
    api,
    method,
    template,
    priceUnits: usdc(price),
    websocket: undefined,
    auth: 'token',
    charges: (status) => status >= 200 && status < 300,
    timeoutMs: 30_000,
    bodyBytesMax: limits.bodyBytesMax,
    cacheable: false,
    passesPaymentRequired: false,
    description: undefined,
    ...settings,
  };
}

export function makeConfig(specs: ApiSpec[], gateway: Partial<Config['gateway']> = {}): Config {
  const compiled = specs.map(compileApi);
  const apis = compiled.map(({ api }) => api);
  return {
    file: '/test/callora.yaml',
    gateway: {
      listen: { host: '127.0.0.1', port: 0 },
      tls: undefined,
      publicUrl: 'http://gateway.test',
      pagesUrl: undefined,
      identitySecret: '',
      limits,
      corsOrigins: '*',
      blockAddresses: [],
      allowAddresses: [],
      trustedProxies: [],
      forwardedField: 'x-forwarded-for',
      rates: noRates,
      idempotency,
      ...gateway,
    },
    admin: { listen: { host: '127.0.0.1', port: 0 }, token: 'admin' },
    stellar: {
      network: 'custom',
      passphrase: 'test',
      rpcUrl: 'http://127.0.0.1:1',
      secondRpcUrl: undefined,
      horizonUrl: undefined,
      vault: 'CVAULT',
      operatorSecret: 'S',
      feeMaxStroops: 100,
      explorerUrl: undefined,
    },
    storage: { path: ':memory:', durability: 'process', walSyncIntervalMs: 100 },
    tokens: { keysFile: '', ttlMs: 1, ttlMaxMs: 1 },
    deposits: { pollIntervalMs: 1_000, lowBalanceUnits: zero, classic: undefined },
    settlement: {
      intervalMs: 1_000,
      minTotalUnits: zero,
      batchEntries: 100,
      lanes: 1,
      payoutMinUnits: zero,
      payoutIntervalMs: 1_000,
      keepAccountsAlive: true,
      ageMaxMs: 1_000,
      exposureMaxUnits: units(2n ** 50n),
      exposureAccountMaxUnits: units(2n ** 50n),
    },
    log: { level: 'silent', access: true },
    webhooks: [],
    apis,
    routes: createRouteTable(
      compiled.flatMap(({ entries }) => entries),
      apis,
    ),
  };
}

/** A journal in memory whose commits a test can hold back or refuse. */
export type FakeJournal = CallJournal & {
  charges: ChargeRow[];
  finishes: FinishRow[];
  refunds: RefundRow[];
  /** Called before a charge row counts as committed. */
  beforeCharge: (row: ChargeRow) => Promise<void>;
};

export function fakeJournal(): FakeJournal {
  const journal: FakeJournal = {
    charges: [],
    finishes: [],
    refunds: [],
    beforeCharge: () => Promise.resolve(),
    async charge(row) {
      await journal.beforeCharge(row);
      journal.charges.push(row);
    },
    finish(row) {
      journal.finishes.push(row);
    },
    async refund(row) {
      if (journal.finishes.some((finish) => finish.chargeId === row.chargeId)) return 'sealed';
      journal.refunds.push(row);
      return 'refunded';
    },
  };
  return journal;
}

/** For gateways whose calls carry no Idempotency-Key. */
const noKeys: KeyedCalls = {
  begin: () => Promise.reject(new Error('this test keeps no keys')),
  keep: () => Promise.reject(new Error('this test keeps no keys')),
  spend: () => Promise.reject(new Error('this test keeps no keys')),
  release: () => Promise.reject(new Error('this test keeps no keys')),
};

export type FakeTokens = Map<string, Verified>;

export type Rig = {
  gateway: Gateway;
  port: number;
  ledger: Ledger;
  journal: FakeJournal;
  tokens: FakeTokens;
  metrics: Record<keyof GatewayMetrics, unknown[][]>;
  account(address?: string): AccountSlot;
  setConfig(config: Config): void;
  /** Sends raw bytes on a fresh connection and collects what comes until the server closes or `until` is satisfied. */
  send(bytes: string | Buffer, until?: (text: string) => boolean): Promise<string>;
  get(path: string, headers?: Record<string, string>, method?: string): Promise<RawAnswer>;
  close(): Promise<void>;
};

export type RigOptions = {
  config: Config;
  balance?: string;
  journal?: FakeJournal;
  deps?: Partial<GatewayDeps>;
};

export const token = 'good-token';
export const account = 'GACCOUNT';

export async function startRig(options: RigOptions): Promise<Rig> {
  let config = options.config;
  const ledger = createLedger({ limitPeriodS: 86_400, chainTimeS: () => 1_800_000_000 });
  const journal = options.journal ?? fakeJournal();
  const tokens: FakeTokens = new Map([
    [token, { jti: 'jti-1', account, scopes: '*', expiresAtMs: Number.MAX_SAFE_INTEGER, capUnits: undefined }],
  ]);
  const known = new Set<string>();
  const metrics: Rig['metrics'] = { ended: [], charged: [], refunded: [], overhead: [] };
  const upstreams = createUpstreams({ log: silentLog(), clock: systemClock });
  let nextId = 1;
  let nextAccount = 1;
  const slot = (address: string): AccountSlot =>
    ledger.account(address) ??
    ledger.open({
      id: nextAccount++,
      address,
      deposited: address === account ? usdc(options.balance ?? '100') : zero,
      limit: units(2n ** 60n),
    });
  const gateway = createGateway({
    config: () => config,
    verifier: {
      cached: (text) => (known.has(text) ? tokens.get(text) : undefined),
      async verify(text) {
        const found = tokens.get(text);
        if (!found) return { ok: false, reason: 'token_invalid' };
        known.add(text);
        return { ok: true, token: found };
      },
    },
    ledger,
    journal,
    keys: noKeys,
    resolve: {
      account: slot,
      cap: (verified) =>
        verified.capUnits === undefined
          ? undefined
          : ledger.openCap({ jti: verified.jti, cap: verified.capUnits, spent: zero }),
      tokenId: () => 3,
      routeId: () => 7,
    },
    isPaused: () => false,
    mayServe: () => undefined,
    payWays: (_slot, shortfall) => [{ kind: 'vault', min: formatUsdc(shortfall) }],
    nextCallId: () => nextId++,
    signContext: ({ callId }) => `context of ${callId}`,
    internal(_req, res, path) {
      if (!path.startsWith('/_callora/hello')) return false;
      res.end('hello');
      return true;
    },
    upstreams,
    certificate: undefined,
    clock: systemClock,
    log: silentLog(),
    metrics: {
      ended: (...args) => void metrics.ended.push(args),
      charged: (...args) => void metrics.charged.push(args),
      refunded: (...args) => void metrics.refunded.push(args),
      overhead: (...args) => void metrics.overhead.push(args),
    },
    ...options.deps,
  });
  const { port } = await gateway.listen();
  return {
    gateway,
    port,
    ledger,
    journal,
    tokens,
    metrics,
    account: (address = account) => slot(address),
    setConfig(next) {
      config = next;
    },
    send: (bytes, until) => sendRaw(port, bytes, until),
    async get(path, headers = {}, method = 'GET') {
      const fields = { host: 'gateway.test', authorization: `Bearer ${token}`, connection: 'close', ...headers };
      const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
      return readAnswer(await sendRaw(port, `${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n`));
    },
    async close() {
      await gateway.drain();
      await upstreams.close();
    },
  };
}

export function sendRaw(port: number, bytes: string | Buffer, until?: (text: string) => boolean): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes));
    let text = '';
    const done = () => {
      clearTimeout(timer);
      socket.destroy();
      resolve(text);
    };
    const timer = setTimeout(() => reject(new Error(`no end of the answer after 10 s: ${text}`)), 10_000);
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
      if (until?.(text)) done();
    });
    socket.on('close', done).on('error', done);
  });
}

export type RawAnswer = { status: number; headers: Map<string, string>; names: string[]; body: string; raw: string };

/** Reads one answer that ended with its connection, behind informational heads; a repeated field is joined with a comma. */
export function readAnswer(raw: string): RawAnswer {
  const headEnd = raw.indexOf('\r\n\r\n');
  if (raw.startsWith('HTTP/1.1 1')) return { ...readAnswer(raw.slice(headEnd + 4)), raw };
  const [statusLine = '', ...lines] = raw.slice(0, headEnd).split('\r\n');
  const headers = new Map<string, string>();
  const names: string[] = [];
  for (const line of lines) {
    const colon = line.indexOf(':');
    const name = line.slice(0, colon).toLowerCase();
    const value = line.slice(colon + 1).trim();
    names.push(name);
    headers.set(name, headers.has(name) ? `${headers.get(name)}, ${value}` : value);
  }
  const body = raw.slice(headEnd + 4);
  const chunked = headers.get('transfer-encoding') === 'chunked';
  return { status: Number(statusLine.split(' ')[1]), headers, names, body: chunked ? unchunk(body) : body, raw };
}

function unchunk(body: string): string {
  let text = '';
  let at = 0;
  while (at < body.length) {
    const lineEnd = body.indexOf('\r\n', at);
    const size = Number.parseInt(body.slice(at, lineEnd), 16);
    if (!(size > 0)) break;
    text += body.slice(lineEnd + 2, lineEnd + 2 + size);
    at = lineEnd + 2 + size + 2;
  }
  return text;
}

/** One request as the upstream's socket saw it. */
export type Seen = { head: string; body: string; line: string; headers: Map<string, string> };

export type RawUpstream = {
  origin: string;
  /** Every byte that came in, per connection. */
  bytes: string[];
  requests: Seen[];
  connections: Set<Socket>;
  close(): Promise<void>;
};

/** What an upstream does with a request: the bytes to answer, or a script that has the socket to itself. */
export type Behaviour = (request: Seen, socket: Socket, index: number) => string | undefined;

export const okAnswer = 'HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 5\r\n\r\nhello';

/** Records raw bytes: what an HTTP library would tidy up before a test could see it is seen here. */
export async function startUpstream(behave: Behaviour = () => okAnswer): Promise<RawUpstream> {
  const upstream: RawUpstream = { origin: '', bytes: [], requests: [], connections: new Set(), close: async () => {} };
  const server = createServer((socket) => {
    upstream.connections.add(socket);
    const index = upstream.bytes.push('') - 1;
    let buffer = '';
    let neededLength = 0;
    socket.on('error', () => {});
    socket.on('close', () => upstream.connections.delete(socket));
    socket.on('data', (chunk) => {
      const text = chunk.toString('latin1');
      upstream.bytes[index] += text;
      buffer += text;
      // A long body is looked at again only when all of it can have come.
      if (buffer.length < neededLength) return;
      neededLength = 0;
      for (let parsed = takeRequest(buffer); parsed; parsed = takeRequest(buffer)) {
        if (typeof parsed === 'number') {
          neededLength = parsed;
          return;
        }
        buffer = parsed.rest;
        const answer = behave(parsed.request, socket, upstream.requests.push(parsed.request) - 1);
        if (answer !== undefined) socket.write(Buffer.from(answer, 'latin1'));
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const bound = server.address();
  upstream.origin = `http://127.0.0.1:${typeof bound === 'object' && bound ? bound.port : 0}`;
  upstream.close = () =>
    new Promise((resolve) => {
      for (const socket of upstream.connections) socket.destroy();
      server.close(() => resolve());
    });
  return upstream;
}

/** The first whole request, or the length the buffer needs for it when that is known. */
function takeRequest(buffer: string): { request: Seen; rest: string } | number | undefined {
  const headEnd = buffer.indexOf('\r\n\r\n');
  if (headEnd < 0) return undefined;
  const head = buffer.slice(0, headEnd);
  const [line = '', ...lines] = head.split('\r\n');
  const headers = new Map<string, string>();
  for (const field of lines) {
    const colon = field.indexOf(':');
    headers.set(field.slice(0, colon).toLowerCase(), field.slice(colon + 1).trim());
  }
  const rest = buffer.slice(headEnd + 4);
  if (headers.get('transfer-encoding') === 'chunked') {
    const last = rest.startsWith('0\r\n') ? 0 : rest.indexOf('\r\n0\r\n') + 2;
    // Trailers may stand between the last chunk and the end.
    const end = last === 1 ? -1 : rest.indexOf('\r\n\r\n', last);
    if (end < 0) return undefined;
    return { request: { head, line, headers, body: unchunk(rest.slice(0, last)) }, rest: rest.slice(end + 4) };
  }
  const length = Number(headers.get('content-length') ?? '0');
  if (rest.length < length) return headEnd + 4 + length;
  return { request: { head, line, headers, body: rest.slice(0, length) }, rest: rest.slice(length) };
}

/** Resolves when a condition holds, asked at every turn of the event loop. */
export async function until(condition: () => boolean, what = 'the condition'): Promise<void> {
  for (let turn = 0; turn < 20_000; turn++) {
    if (condition()) return;
    await new Promise((resolve) => setImmediate(resolve));
    if (turn > 200) await new Promise((resolve) => setTimeout(resolve, 1));
  }
  throw new Error(`${what} never came true`);
}
