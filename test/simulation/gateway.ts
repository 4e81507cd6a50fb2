import { type Core, openCore } from '../../src/app/core.ts';
import { createExits } from '../../src/app/exits.ts';
import { resolveAccount, resolveCap, resolveToken } from '../../src/app/resolve.ts';
import { createSalesGate } from '../../src/app/sales.ts';
import type { Hold } from '../../src/billing/ledger.ts';
import type { Route } from '../../src/catalog/model.ts';
import { type CatalogReloader, createCatalogReloader } from '../../src/catalog/reload.ts';
import type { Payer } from '../../src/gateway/admit.ts';
import type { Relayed } from '../../src/gateway/answer.ts';
import type { Call } from '../../src/gateway/call.ts';
import { newEnd } from '../../src/gateway/call-record.ts';
import { charge, settleEnd } from '../../src/gateway/charge.ts';
import type { UpstreamCall } from '../../src/gateway/forward.ts';
import { silentLog } from '../../src/log.ts';
import type { Units } from '../../src/money.ts';
import type { ExitDesk } from '../../src/settlement/exits.ts';
import { hashLeaf } from '../../src/settlement/leaf.ts';
import { rootOf } from '../../src/settlement/merkle.ts';
import { copyStore } from '../../src/store/copy-store.ts';
import { createProposer } from '../../src/store/seal-proposal.ts';
import { createSumsCheck, type WrongSum } from '../../src/store/sums-check.ts';
import { configOf } from './config.ts';
import { written } from './left-behind.ts';
import type { SimNetwork } from './network.ts';
import { type Fate, type Places, Process } from './process.ts';

/** A token with a cap. */
export type Token = { jti: string; cap: Units; expiresAtMs: number; token: string };

/** A call between its hold and its end. */
export type RunningCall = { id: number; account: string; price: Units; hold: Hold; payer: Payer; route: Route };

/**
 * One process of the gateway: everything but its listeners, joined as the program joins it, on a real database. It dies at
 * a crash point as a killed process does: its files are what they were at that instant, nothing of it goes on that
 * anybody could see, and nobody hears from it again.
 */
export class SimGateway {
  readonly core: Core;
  readonly exits: ExitDesk;
  readonly file: string;
  /** Where the files lie after a death. */
  readonly grave: string;
  /** Takes over the catalog's file, as SIGHUP and the watch of the file do. */
  readonly reloader: CatalogReloader;
  /** Sums that are not those of their rows. */
  readonly wrongSums: () => WrongSum[];
  private readonly gate: ReturnType<typeof createSalesGate>;
  private readonly process: Process;
  private readonly turning = new Set<string>();
  private closing: Promise<void> | undefined;

  private constructor(core: Core, process: Process) {
    this.core = core;
    this.process = process;
    this.wrongSums = whenWritten(process.file, createSumsCheck(core.store.db));
    this.file = process.file;
    this.grave = process.grave;
    this.reloader = createCatalogReloader({
      file: core.config().file,
      env: {},
      current: core.config(),
      onChange: ({ apis }) => core.watcher.knowPayees(apis.map(({ payee }) => payee)),
      onRefused: () => undefined,
      log: silentLog(),
      clock: core.clock,
    });
    core.config = this.reloader.current;
    this.gate = createSalesGate(core);
    this.exits = createExits(core);
    this.gate.loop.start();
  }

  /** Undefined when the process died while it started; rejects when the start was refused. */
  static async start(
    network: SimNetwork,
    places: Places,
    fate: Fate,
    firstStart = false,
  ): Promise<SimGateway | undefined> {
    const process = new Process(places, fate);
    const core = await process.untilDeath(
      openCore(configOf(network, places), {
        clock: network.clock,
        log: silentLog(),
        env: {},
        firstStart,
        fetch: network.line({
          fault: (method) => fate.fault(method),
          before: () => process.crashPoint(),
          after: () => process.crashPoint(),
        }),
        threads: {
          checkpoints: () => ({ stop: async () => undefined }),
          // In this thread, so that the order of things depends on the seed alone.
          fdatasync: (_descriptor, done) => process.sync(done),
          propose:
            ({ vault }) =>
            async (request) =>
              createProposer(coreOf().store.db, { hashLeaf: (row) => hashLeaf(vault, row), rootOf })(request),
          // A thread takes longer to start than most lives take.
          sums: () => async () => createSumsCheck(coreOf().store.db)(),
          copy: copyStore,
        },
      }),
    );
    const coreOf = (): Core => {
      if (core === 'dead') throw new Error('a dead process chooses nothing');
      return core;
    };
    return core === 'dead' ? undefined : new SimGateway(core, process);
  }

  get dead(): boolean {
    return this.process.dead;
  }

  /** Its disk has failed: it refuses all further calls until whoever runs it starts it anew. */
  get failed(): boolean {
    return this.process.syncFailed || this.core.journal.health().lost;
  }

  /** Work of this process: its result, or `dead` when the process died under it. */
  run<T>(work: Promise<T>): Promise<T | 'dead'> {
    return this.process.untilDeath(work);
  }

  /** A turn of a loop, of which there is one at a time; `busy` while the last one goes on. */
  once<T>(name: string, turn: (core: Core) => Promise<T> | undefined): Promise<T | 'dead' | 'busy'> {
    if (this.turning.has(name)) return Promise.resolve('busy');
    const work = turn(this.core);
    if (!work) return Promise.resolve('busy');
    this.turning.add(name);
    return this.run(work.finally(() => this.turning.delete(name)));
  }

  /** Check and hold in one step, as admission does; a reason when the call is refused. */
  begin(account: string, routeIndex: number, token: Token | undefined): RunningCall | string {
    const { core } = this;
    const route = core.config().apis[routeIndex]?.routes[0];
    if (!route) throw new Error('no such route');
    const slot = resolveAccount(core, account);
    const stop = this.gate.mayServe(slot, route);
    if (stop) return stop.code;
    const verified = token && { ...token, account, scopes: '*' as const, capUnits: token.cap };
    const cap = verified && resolveCap(core, verified);
    const held = core.ledger.hold(slot, cap, route.priceUnits);
    if (!held.ok) return held.reason;
    const tokenId = verified && resolveToken(core, verified);
    const payer: Payer = { account: slot, cap, tokenId, tokenJti: token?.jti ?? 'none' };
    return { id: core.store.nextCallId(), account, price: route.priceUnits, hold: held.hold, payer, route };
  }

  /** The upstream's final head is here. True when the answer may leave. */
  async head(running: RunningCall, status: number): Promise<boolean | 'dead'> {
    const charged = await this.run(charge(this.deps(), callOf(running), sound, status));
    return charged === 'dead' ? 'dead' : charged.ok;
  }

  /** No head came. */
  release({ hold }: RunningCall): void {
    if (hold.state === 'held') this.core.ledger.release(hold);
  }

  end(running: RunningCall, status: number, relayed: Relayed): Promise<'ended' | 'dead'> {
    const ended = settleEnd(this.deps(), callOf(running), status, running.price, relayed);
    return this.run(Promise.resolve(ended).then(() => 'ended' as const));
  }

  /** Ends at this instant, as SIGKILL or the loss of its machine ends it. */
  kill(): void {
    this.process.end();
  }

  /** Ends as SIGTERM ends it: what is left is written, the files are closed. */
  async stop(): Promise<void> {
    this.closing = this.gate.loop.stop().then(() => this.core.close());
    await this.run(this.closing);
    this.process.bury();
  }

  /** After a death: lets go of what the system would have let go of. */
  async bury(): Promise<void> {
    this.process.bury();
    // One that died while it stopped has closed its files already, or is about to.
    await (this.closing ?? this.gate.loop.stop().then(() => this.core.store.close()));
  }

  private deps() {
    const { ledger, journal, clock, log, metrics, store } = this.core;
    const id = ({ api, method, template }: Route) =>
      store.routes.ensure({ api: api.name, payee: api.payee, method, template });
    const prepared = (route: Route) => ({ id: () => id(route) });
    return { ledger, journal, clock, log, metrics: metrics.gateway, prepared } as unknown as Parameters<
      typeof charge
    >[0];
  }
}

/** What follows from a database alone is found anew when somebody has written to it. */
function whenWritten<Found>(file: string, find: () => Found): () => Found {
  let last: { at: string; found: Found } | undefined;
  return () => {
    const at = written(file);
    if (last?.at !== at) last = { at, found: find() };
    return last.found;
  };
}

/** An upstream that has not broken off. */
const sound = { failure: undefined, abort: () => undefined } as unknown as UpstreamCall;

/** The parts of a call that its money needs. */
function callOf({ id, hold, payer, route }: RunningCall): Call {
  const admitted = { ok: true, payer, hold, unpaid: undefined };
  const exchange = { head: { method: 'GET' }, end: newEnd(), startMs: 0 };
  // What breaks off does so at once: what was given for long is told by the rule's own tests.
  return {
    id,
    route,
    admitted,
    exchange,
    body: undefined,
    upstream: undefined,
    headMs: Number.POSITIVE_INFINITY,
  } as unknown as Call;
}
