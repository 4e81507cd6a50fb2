import type { Upstream } from '../catalog/model.ts';
import type { Clock } from '../clock.ts';
import type { Resolve } from './address-guard.ts';
import { admits, type Breaker, type BreakerEvent, isDoubtful, nextBreaker, quietBreaker } from './breaker.ts';
import { Connection } from './connection.ts';
import type { ConnectionOwner } from './connection-owner.ts';
import type { ConnectionSettings } from './connection-settings.ts';
import { createDialer } from './dial.ts';
import { HealthCheck } from './health-check.ts';
import { ownQuestion } from './own-question.ts';
import { type Probe, startProbe } from './probe.ts';
import type { UpstreamError, UpstreamErrorKind } from './upstream-error.ts';
import type { UpstreamExchange } from './upstream-exchange.ts';

/** Whoever shares calls out to targets. */
export type TargetOwner = {
  /** A connection has become free, or has left its place. */
  roomMade(): void;
  /** The call has no connection, and no byte of it was sent. */
  dialFailed(target: Target, call: UpstreamExchange, error: UpstreamError): void;
  breakerMoved(target: Target): void;
  healthMoved(target: Target): void;
};

export type TargetDeps = { clock: Clock; readBuffer: Buffer; resolve?: Resolve };

/** Of the connections of a target. */
const socketShare = 7 / 8;

/** One origin of an upstream: its connections, and whether calls may go to it. */
export class Target implements ConnectionOwner {
  readonly origin: string;
  readonly settings: ConnectionSettings;
  /** All that are open or being opened; those that are handed over count too. */
  readonly connections = new Set<Connection>();
  breaker: Breaker = quietBreaker;
  /** Undefined without probes. */
  readonly health: HealthCheck | undefined;
  /** On its way while calls have raised a doubt. */
  #question: Probe | undefined;
  /** No connection is kept behind its call. */
  #isDraining = false;
  /** The last one to become idle is the first to be used: it is the least likely to be closed under a request. */
  readonly #idle: Connection[] = [];
  readonly #owner: TargetOwner;
  readonly #upstream: Upstream;
  readonly #clock: Clock;

  constructor(owner: TargetOwner, origin: string, upstream: Upstream, deps: TargetDeps) {
    this.origin = origin;
    const { basePath, answerHeadBytesMax, connectTimeoutMs } = upstream;
    const dialer = createDialer(origin, upstream, deps.resolve);
    this.settings = { dialer, basePath, answerHeadBytesMax, connectTimeoutMs, readBuffer: deps.readBuffer };
    this.#owner = owner;
    this.#upstream = upstream;
    this.#clock = deps.clock;
    const onChange = () => owner.healthMoved(this);
    this.health = upstream.health && new HealthCheck(this.settings, upstream.health, deps.clock, onChange);
  }

  /** Connections with a call, or being made for one. */
  get load(): number {
    return this.connections.size - this.#idle.length;
  }

  get idleCount(): number {
    return this.#idle.length;
  }

  /** WebSockets may stay open for ever at little cost to who opened them: they leave room for calls. */
  hasRoom({ upgrade }: UpstreamExchange): boolean {
    const { connectionsMax } = this.#upstream;
    if (this.load >= connectionsMax) return false;
    return upgrade === undefined || this.#sockets < Math.ceil(connectionsMax * socketShare);
  }

  /** Connections that are handed over, or will be. */
  get #sockets(): number {
    let sockets = 0;
    for (const { state, call } of this.connections) if (state === 'handed_over' || call?.upgrade) sockets++;
    return sockets;
  }

  get isHealthy(): boolean {
    return this.health === undefined || this.health.verdict.healthy;
  }

  get mayServe(): boolean {
    const { breaker, isHealthy } = this;
    return isHealthy && (breaker.state === 'closed' || admits(breaker, this.#clock.monotonicMs()));
  }

  /** Time until its breaker lets the next call try. */
  get trialInMs(): number {
    return Math.max(0, this.breaker.openUntilMs - this.#clock.monotonicMs());
  }

  /** Sends the call on an idle connection, or on one that is made for it. The target has room. */
  take(call: UpstreamExchange): void {
    if (this.breaker.state !== 'closed') this.#judge('ask');
    if (call.upgrade) {
      // A socket that is handed over is always a new one, and an idle one may stand in its place.
      if (this.connections.size >= this.#upstream.connectionsMax) this.#idle[0]?.drop();
      this.#dial(call, undefined);
      return;
    }
    for (let connection = this.#idle.pop(); connection; connection = this.#idle.pop()) {
      if (connection.isUsable) {
        connection.begin(call);
        return;
      }
      connection.drop();
    }
    this.#dial(call, this.settings.readBuffer);
  }

  sweep(nowMs: number): void {
    for (const connection of this.connections) connection.sweep(nowMs);
    this.health?.sweep(nowMs);
    this.#question?.sweep(nowMs);
  }

  /** Ends what has no call, and keeps nothing from now on. */
  drain(): void {
    this.#isDraining = true;
    this.health?.stop();
    this.#question?.stop();
    for (const connection of [...this.#idle]) connection.drop();
  }

  dialed(connection: Connection): void {
    const { call } = connection;
    if (call) connection.begin(call);
    else this.idle(connection);
  }

  dialFailed(connection: Connection, error: UpstreamError): void {
    this.connections.delete(connection);
    // What the catalog forbids is no sign of the upstream's health, and keeps its own clear reason.
    if (error.kind !== 'address_forbidden') this.#judge('doubt');
    const { call } = connection;
    if (call) this.#owner.dialFailed(this, call, error);
    this.#owner.roomMade();
  }

  answered(): void {
    this.#judge('answer');
  }

  unanswered(kind: UpstreamErrorKind): void {
    this.#judge(kind === 'aborted' || kind === 'request_body' || kind === 'slow_consumer' ? 'undecided' : 'doubt');
  }

  idle(connection: Connection): void {
    if (this.#isDraining) {
      connection.drop();
      return;
    }
    this.#idle.push(connection);
    this.#owner.roomMade();
  }

  closed(connection: Connection): void {
    this.connections.delete(connection);
    const at = this.#idle.indexOf(connection);
    if (at >= 0) this.#idle.splice(at, 1);
    this.#owner.roomMade();
  }

  #dial(call: UpstreamExchange, readBuffer: Buffer | undefined): void {
    call.state = 'dialing';
    const connection = new Connection(this, readBuffer ? this.settings : { ...this.settings, readBuffer }, call);
    call.connection = connection;
    this.connections.add(connection);
  }

  #judge(event: BreakerEvent): void {
    if (this.breaker === quietBreaker && event !== 'doubt') return;
    const before = this.breaker.state;
    const rules = this.#upstream.breaker;
    this.breaker = nextBreaker(this.breaker, event, this.#clock.monotonicMs(), rules);
    if (this.breaker.state !== before) this.#owner.breakerMoved(this);
    if (!this.#question && !this.#isDraining && isDoubtful(this.breaker, rules)) void this.#ask();
  }

  /** Never rejects. That it was not needed any more, or that the catalog forbids the address, says nothing of the upstream. */
  async #ask(): Promise<void> {
    this.#question = startProbe(this.settings, ownQuestion(this.#upstream));
    const said = await this.#question.answer;
    this.#question = undefined;
    if (typeof said === 'number') this.#judge('answer');
    else if (said.kind !== 'aborted' && said.kind !== 'address_forbidden') this.#judge('silence');
    this.#owner.roomMade();
  }
}
