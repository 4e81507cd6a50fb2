import { jwks } from '../access/keys.ts';
import { createAdmin } from '../admin/admin.ts';
import type { Books } from '../admin/books.ts';
import { createAssets, findPageFile } from '../assets.ts';
import { createPage } from '../browser-page.ts';
import type { Config, Route } from '../catalog/model.ts';
import { createCatalogReloader } from '../catalog/reload.ts';
import { openTlsCertificate } from '../catalog/tls-certificate.ts';
import { createGateway } from '../gateway/server.ts';
import { createKeyedCalls } from '../metering/keyed-calls.ts';
import type { Units } from '../money.ts';
import { createPortal } from '../portal/portal.ts';
import type { Store } from '../store/store.ts';
import { createUpstreams } from '../upstream/upstreams.ts';
import { version } from '../version.ts';

import { openAccessLog } from './access-log.ts';
import { bookCheckLoop } from './book-check-loop.ts';
import { createCallContext } from './call-context.ts';
import { chainCheckLoop } from './chain-check.ts';
import { classicOffer } from './classic.ts';
import { clockCheckLoop } from './clock-check.ts';
import { type AppDeps, openCore } from './core.ts';
import { createExits } from './exits.ts';
import { keySweepLoop } from './key-sweep.ts';
import { solvencyLoop } from './live.ts';
import { createLogin } from './login.ts';
import { chainHealth, payWays, type SettledBatch, untilSelling, untilSpendable } from './observe.ts';
import { createReceipts } from './receipts.ts';
import { resolveAccount, resolveCap, resolveToken } from './resolve.ts';
import { createSalesGate } from './sales.ts';
import { sumsCheckLoop } from './sums-check-loop.ts';
import { heraldLoop } from './webhooks.ts';

/** The composition root: the only file that knows all rooms. Config in; start, stop and a few questions out. */
export type App = {
  /** Origins the two listeners can be reached at from this machine. */
  gatewayUrl: string;
  adminUrl: string;
  books: Books;
  /** Resolves when calls are sold. */
  untilSelling(): Promise<void>;
  /** Resolves when calls are sold and the account's first deposit is credited, with what it can spend. */
  untilSpendable(address: string): Promise<Units>;
  /** Called after each batch that the chain has confirmed. */
  onSettled(listener: (settled: SettledBatch) => void): void;
  /** Loads the catalog again now (SIGHUP). */
  reload(): void;
  /** Refuses new calls, finishes running ones, writes what is left, closes the database. */
  stop(): Promise<void>;
};

export async function startApp(config: Config, deps: AppDeps): Promise<App> {
  const { clock, log } = deps;
  const core = await openCore(config, deps);
  const { store, ledger, journal } = core;
  /** What a stop, or a start that fails half-way, has to end: the last begun first. */
  const ends: (() => Promise<void>)[] = [core.close];
  try {
    // Left in a service file, it would one day say so of the database after one that was lost.
    if (deps.firstStart && store.deposits.cursor('vault')) {
      throw new Error('this is not the first start on this database: start without --first-start');
    }
    const reloader = createCatalogReloader({
      file: config.file,
      env: deps.env,
      current: config,
      onChange(next) {
        upstreams.reload(next.apis);
        core.watcher.knowPayees(next.apis.map((api) => api.payee));
      },
      onRefused: () => undefined,
      log,
      clock,
    });
    core.config = reloader.current;
    const { tls } = config.gateway;
    core.tls = tls && openTlsCertificate({ files: tls, log, clock });
    const upstreams = createUpstreams({ log, clock });
    const sales = createSalesGate(core);
    const login = createLogin(core);
    const receipts = createReceipts(core);
    const context = createCallContext(config, clock);
    const portal = createPortal({
      config: reloader.current,
      verifier: core.verifier,
      sessions: core.sessions,
      ledger,
      charges: store.charges,
      usage: store.usage,
      tokens: store.tokens,
      tokenDesk: core.tokenDesk,
      receipts,
      rootChain: core.rootChain,
      login: login.walletLogin,
      loginAddress: login.address,
      startSession: login.startSession,
      exits: store.exits,
      exitDesk: createExits(core),
      page: createPage({ assets: createAssets(findPageFile), name: 'consumer', base: '/_callora/app' }),
      chain: () => ({
        asset: core.facts.token,
        classicAsset: core.asset,
        minDeposit: core.facts.minDeposit,
        withdrawDelayS: core.facts.withdrawDelayS,
      }),
      classic: classicOffer(core, (address) => resolveAccount(core, address)),
      jwks: () => ({ keys: [...jwks(core.keys).keys, receipts.key.jwk, context.jwk] }),
      version,
      clock,
      log,
    });
    const routeIds = createRouteIds(store);
    const accessLog = openAccessLog(config, deps);
    core.logLinesDropped = accessLog.dropped;
    ends.push(accessLog.close);
    const gateway = createGateway({
      config: reloader.current,
      verifier: core.verifier,
      ledger,
      journal,
      keys: createKeyedCalls({ journal, idempotency: store.idempotency }),
      resolve: {
        account: (address) => resolveAccount(core, address),
        cap: (token) => resolveCap(core, token),
        tokenId: (token) => resolveToken(core, token),
        routeId: routeIds,
      },
      isPaused: sales.isPaused,
      mayServe: sales.mayServe,
      payWays: (account, shortfall) => payWays(core, account, shortfall),
      nextCallId: store.nextCallId,
      signContext: context.sign,
      internal: portal,
      upstreams,
      clock,
      log,
      metrics: core.recorder.counting(core.metrics.gateway),
      logCall: accessLog.logCall,
      certificate: core.tls,
    });
    core.stats = gateway.stats;
    core.upstreams = upstreams.states;
    const loops = [
      ...core.loops,
      ...(core.classic?.loops ?? []),
      sales.loop,
      bookCheckLoop(core),
      sumsCheckLoop(core),
      solvencyLoop(core),
      chainCheckLoop(core),
      clockCheckLoop(core),
      core.webhookParts.loop,
      keySweepLoop(core),
    ];
    const herald = heraldLoop(core);
    if (herald) loops.push(herald);
    core.health = () => ({ ...chainHealth(core), loops: loops.map((loop) => loop.health()), stopping: core.stopping });
    const admin = createAdmin({
      config: reloader.current,
      listen: config.admin.listen,
      token: config.admin.token,
      books: core.books('admin api'),
      health: core.health,
      metrics: core.metrics,
      dashboard: {
        page: createPage({ assets: createAssets(findPageFile), name: 'operator', base: '/dashboard' }),
        books: core.books('dashboard'),
      },
      version,
      clock,
      log,
    });
    ends.push(upstreams.close);
    // Probes begin now, so that the first call knows what they say.
    upstreams.reload(config.apis);
    ends.push(core.webhookParts.deliverer.stop);
    for (const loop of loops) {
      ends.push(loop.stop);
      loop.start();
    }
    const adminPort = (await admin.listen()).port;
    ends.push(admin.close);
    const gatewayPort = (await gateway.listen()).port;
    ends.push(gateway.drain, reloader.stop);
    reloader.start();
    if (core.tls) ends.push(core.tls.stop);
    core.tls?.start();
    log.info({ gateway: gatewayPort, admin: adminPort, vault: config.stellar.vault, version }, 'listening');
    return {
      gatewayUrl: originOf(core.tls ? 'https' : 'http', config.gateway.listen.host, gatewayPort),
      adminUrl: originOf('http', config.admin.listen.host, adminPort),
      books: core.books('admin api'),
      untilSelling: () => untilSelling(core),
      untilSpendable: (address) => untilSpendable(core, address),
      onSettled: (listener) => void core.listeners.push(listener),
      reload() {
        core.tls?.reload();
        reloader.reload();
      },
      async stop() {
        core.stopping = true;
        await endAll(ends);
      },
    };
  } catch (error) {
    await endAll(ends);
    throw error;
  }
}

async function endAll(ends: (() => Promise<void>)[]): Promise<void> {
  for (const end of ends.toReversed()) await end();
}

/** The books without a gateway: the command line's way when none runs. Fails with StoreLockedError beside one. */
export async function openBooks(config: Config, deps: AppDeps): Promise<{ books: Books; close(): Promise<void> }> {
  const core = await openCore(config, deps);
  return { books: core.books('command line'), close: core.close };
}

/** Route numbers of the database, kept with the route objects of the catalog in force. */
function createRouteIds(store: Store): (route: Route) => number {
  const ids = new WeakMap<Route, number>();
  return (route) => {
    const known = ids.get(route);
    if (known !== undefined) return known;
    const { api, method, template } = route;
    const id = store.routes.ensure({ api: api.name, payee: api.payee, method, template });
    ids.set(route, id);
    return id;
  };
}

/** How a listener is reached from this machine: an unspecified address means every one of it. */
function originOf(scheme: 'http' | 'https', host: string, port: number): string {
  const name = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '[::1]' : host.includes(':') ? `[${host}]` : host;
  return `${scheme}://${name}:${port}`;
}
