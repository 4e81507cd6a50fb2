import type { Upstream } from '../catalog/model.ts';
import type { Log } from '../log.ts';
import { chooseTarget } from './choose-target.ts';
import type { Connection } from './connection.ts';
import { Target, type TargetDeps, type TargetOwner } from './target.ts';
import { UpstreamError } from './upstream-error.ts';
import { type CallOwner, type CallState, UpstreamExchange } from './upstream-exchange.ts';
import type { UpgradeHandler, UpstreamHandle, UpstreamHandler, UpstreamRequest } from './upstreams.ts';

/** One target of an API as an operator sees it. */
export type TargetState = {
  api: string;
  origin: string;
  /** Calls may go there now. */
  up: boolean;
  breaker: 'closed' | 'open' | 'half_open';
  /** What the probes say; undefined without probes. */
  healthy: boolean | undefined;
  /** What its last probe failed of; undefined when it did not. */
  trouble: string | undefined;
  /** Calls on their way, and connections without one. */
  calls: number;
  idle: number;
  /** Calls of the API that wait for a connection. */
  waiting: number;
};

/**
 * The upstream of one API: its targets and the calls that wait for one. A call goes to the healthy target with the
 * fewest calls; when that one has no room, no other has. When no target is healthy, calls are refused: a gateway that
 * tries all the same would add its load to whatever is wrong, and hold its consumers' money for the time-out.
 */
export class ApiPool implements CallOwner, TargetOwner {
  readonly #api: string;
  readonly #upstream: Upstream;
  readonly #log: Log;
  /** None when the pool has been destroyed. */
  #targets: Target[];
  /** Handed in during this turn of the event loop. */
  #coming: UpstreamExchange[] = [];
  /** In the order they came. */
  readonly #waiting = new Set<UpstreamExchange>();
  #turn = 0;
  #isDraining = false;

  constructor(api: string, upstream: Upstream, deps: TargetDeps & { log: Log }) {
    this.#api = api;
    this.#upstream = upstream;
    this.#log = deps.log;
    this.#targets = upstream.origins.map((origin) => new Target(this, origin, upstream, deps));
  }

  get isEmpty(): boolean {
    const isIdle = this.#coming.length === 0 && this.#waiting.size === 0;
    return isIdle && this.#targets.every((target) => target.connections.size === 0);
  }

  /** Its catalog is no longer in force. */
  get isDraining(): boolean {
    return this.#isDraining;
  }

  send(request: UpstreamRequest, handler: UpstreamHandler): UpstreamHandle {
    return this.#startSoon(new UpstreamExchange(this, request, handler));
  }

  upgrade(request: UpstreamRequest, handler: UpgradeHandler): UpstreamHandle {
    return this.#startSoon(new UpstreamExchange(this, request, handler, handler));
  }

  failed(call: UpstreamExchange, error: UpstreamError, before: CallState): void {
    const { connection } = call;
    call.connection = undefined;
    if (!connection) this.#waiting.delete(call);
    else if (before === 'dialing') connection.letGo();
    else connection.giveUp(error.kind, before === 'answering');
  }

  /** The next in line, as long as there is room; or all of them refused, when no target is left. */
  roomMade(): void {
    if (this.#waiting.size === 0) return;
    for (const call of this.#waiting) {
      const target = this.#choose(call);
      if (target && !target.hasRoom(call)) {
        // What a WebSocket has to wait for may be there for a call behind it.
        if (call.upgrade) continue;
        return;
      }
      this.#waiting.delete(call);
      if (target) target.take(call);
      else call.fail(this.#whyNone());
    }
  }

  /** Another target may be tried when nothing was sent and the method is safe. */
  dialFailed(target: Target, call: UpstreamExchange, error: UpstreamError): void {
    call.connection = undefined;
    call.state = 'waiting';
    if (call.mayTryAgain) {
      call.tried ??= new Set();
      call.tried.add(target);
      if (this.#choose(call)) {
        this.#start(call);
        return;
      }
    }
    call.fail(error);
  }

  breakerMoved({ origin, breaker }: Target): void {
    const about = { api: this.#api, upstream: origin, breaker: breaker.state };
    if (breaker.state === 'open') this.#log.warn(about, 'calls fail at an upstream: it gets none for a while');
    else if (breaker.state === 'closed') this.#log.info(about, 'an upstream answers again');
  }

  healthMoved({ origin, isHealthy, health }: Target): void {
    const about = { api: this.#api, upstream: origin };
    if (isHealthy) this.#log.info(about, 'an upstream is healthy again');
    else this.#log.warn({ ...about, reason: health?.trouble }, 'an upstream fails its health checks: it gets no calls');
    this.roomMade();
  }

  sweep(nowMs: number): void {
    for (const call of this.#waiting) call.sweep(nowMs);
    for (const target of this.#targets) target.sweep(nowMs);
    if (this.#waiting.size > 0) this.#makeRoom(nowMs);
  }

  /**
   * With calls in line a connection is not for a consumer who hardly sends or reads: a few hundred of those could have
   * all connections for ever, and for nothing. Nor is it for those who send just more than that: when a call has waited for
   * long, the slowest upload that has had its time makes way for it. None does so at a target that takes no calls.
   */
  #makeRoom(nowMs: number): void {
    let wanted = this.#waiting.size;
    const targets = this.#targets.filter(isUp);
    for (const { connections } of targets) {
      for (const { isSlow, call } of [...connections]) {
        if (!isSlow || !call) continue;
        if (wanted-- === 0) return;
        call.fail(new UpstreamError('slow_consumer', 'the client was too slow while other calls waited'));
      }
    }
    for (const call of this.#waiting) {
      // A WebSocket may wait for what no upload has.
      if (call.upgrade) continue;
      if (call.inLineMs(nowMs) < lineMs) return;
      const error = new UpstreamError('slow_consumer', 'the request body took too long while other calls waited');
      slowestUpload(targets, nowMs)?.call?.fail(error);
      return;
    }
  }

  /** Keeps no connection any more; running and waiting calls go on. */
  drain(): void {
    this.#isDraining = true;
    for (const target of this.#targets) target.drain();
  }

  destroy(): void {
    this.drain();
    const targets = this.#targets;
    this.#targets = [];
    const error = new UpstreamError('aborted', 'the gateway stops');
    for (const call of this.#waiting) call.fail(error);
    for (const { connections } of targets) {
      for (const connection of connections) {
        connection.call?.fail(error);
        connection.drop();
      }
    }
  }

  states(): TargetState[] {
    return this.#targets.map((target) => ({
      api: this.#api,
      origin: target.origin,
      up: target.mayServe,
      breaker: target.breaker.state,
      healthy: target.health && target.isHealthy,
      trouble: target.health?.trouble,
      calls: target.load,
      idle: target.idleCount,
      waiting: this.#coming.length + this.#waiting.size,
    }));
  }

  /**
   * The calls of one turn leave together behind it: an upstream that is woken once finds all of them, and waking it is the
   * dearest part of a write [measured: 3 of 18 µs of system time a call]. Nothing of a call happens before `send` has returned.
   */
  #startSoon(call: UpstreamExchange): UpstreamHandle {
    if (this.#coming.push(call) === 1) setImmediate(this.#startAll);
    return call;
  }

  readonly #startAll = (): void => {
    const calls = this.#coming;
    this.#coming = [];
    for (const call of calls) {
      if (call.state === 'ended') continue;
      try {
        this.#start(call);
      } catch (error) {
        // A defect that one call meets must leave neither the others of its turn without a start, nor it without an end.
        call.fail(new UpstreamError('unroutable', 'the call could not be sent', error));
      }
    }
  };

  #start(call: UpstreamExchange): void {
    const target = this.#choose(call);
    if (!target) call.fail(this.#whyNone());
    else if (target.hasRoom(call)) target.take(call);
    else if (this.#waiting.size < this.#upstream.waitingMax) this.#waiting.add(call);
    else call.fail(new UpstreamError('queue_full', 'too many calls wait for the upstream', undefined, queueMs));
  }

  #choose({ tried }: UpstreamExchange): Target | undefined {
    const [only] = this.#targets;
    if (only && this.#targets.length === 1) return only.mayServe && !tried ? only : undefined;
    const mayServe = tried ? (target: Target) => target.mayServe && !tried.has(target) : isUp;
    return chooseTarget(this.#targets, this.#turn++, mayServe);
  }

  #whyNone(): UpstreamError {
    const targets = this.#targets;
    if (targets.length === 0) return new UpstreamError('aborted', 'the gateway stops');
    const waits = targets.filter(({ isHealthy }) => isHealthy).map((target) => target.trialInMs);
    if (waits.length > 0) {
      const message = 'the last calls to the upstream failed: it gets none for a while';
      return new UpstreamError('breaker_open', message, undefined, Math.min(...waits));
    }
    const intervalMs = this.#upstream.health?.intervalMs;
    return new UpstreamError('no_healthy_target', 'the upstream fails its health checks', undefined, intervalMs);
  }
}

/** Until a line is no moment's crowd any more, ms. */
const lineMs = 2_000;

/** A line that is full now moves on with every answer. */
const queueMs = 1_000;

function isUp(target: Target): boolean {
  return target.mayServe;
}

function slowestUpload(targets: readonly Target[], nowMs: number): Connection | undefined {
  let slowest: Connection | undefined;
  let pace = Number.POSITIVE_INFINITY;
  for (const { connections } of targets) {
    for (const connection of connections) {
      const own = connection.overdueUpload(nowMs);
      if (own === undefined || own >= pace) continue;
      slowest = connection;
      pace = own;
    }
  }
  return slowest;
}
