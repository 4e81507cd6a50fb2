import type { Api, Config, GatewayLimits, IdempotencyLimits, Rates, Route } from '../../src/catalog/model.ts';
import { parsePattern } from '../../src/catalog/route-grammar.ts';
import { createRouteTable } from '../../src/catalog/route-table.ts';
import { parseUsdc, type Units, units, zero } from '../../src/money.ts';

/** A catalog as it is after loading, with what a test says of it and the defaults else. */

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
  unpaidPercentMax: 50,
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
