import type { Connection } from './connection.ts';
import { SweptTimer } from './swept-timer.ts';
import { UpstreamError } from './upstream-error.ts';
import type { UpgradeHandler, UpstreamHandle, UpstreamHandler, UpstreamRequest } from './upstreams.ts';

/**
 * waiting: in line, or on its way there · dialing: a connection is being made for it · sent: bytes may have left ·
 * answering: the final head has come · ended: its handler has heard the last of it.
 */
export type CallState = 'waiting' | 'dialing' | 'sent' | 'answering' | 'ended';

/** Whoever gives the call a connection. */
export type CallOwner = {
  /** The call has failed: it leaves the line, or its connection ends. `before` is what it was until now. */
  failed(call: UpstreamExchange, error: UpstreamError, before: CallState): void;
};

/** One request on its way to an upstream, and what the gateway holds of it. */
export class UpstreamExchange implements UpstreamHandle {
  readonly request: UpstreamRequest;
  readonly handler: UpstreamHandler;
  /** Set when a 101 may hand over the socket. */
  readonly upgrade: UpgradeHandler | undefined;
  state: CallState = 'waiting';
  connection: Connection | undefined;
  /** Targets that could not be connected to; made when there is one. */
  tried: Set<unknown> | undefined;
  readonly #owner: CallOwner;
  /** Until the head: the first byte. Behind it: the pause between two pieces. */
  readonly #timer = new SweptTimer();
  readonly #total: SweptTimer | undefined;
  /** What the last sweep has found it to be, and since when sweeps have. */
  #found: CallState | undefined;
  #foundMs = 0;

  constructor(owner: CallOwner, request: UpstreamRequest, handler: UpstreamHandler, upgrade?: UpgradeHandler) {
    this.request = request;
    this.handler = handler;
    this.upgrade = upgrade;
    this.#owner = owner;
    this.#timer.start(request.firstByteTimeoutMs);
    if (request.totalTimeoutMs > 0) {
      this.#total = new SweptTimer();
      this.#total.start(request.totalTimeoutMs);
    }
  }

  /** Without a byte sent, another try changes nothing for the upstream; methods that only ask change nothing at all. */
  get mayTryAgain(): boolean {
    const { method, body } = this.request;
    return body === undefined && (method === 'GET' || method === 'HEAD' || method === 'OPTIONS');
  }

  resume(): void {
    this.connection?.resume();
  }

  abort(reason: Error): void {
    this.fail(new UpstreamError('aborted', `the call was given up: ${reason.message}`, reason));
  }

  fail(error: UpstreamError): void {
    const before = this.state;
    if (before === 'ended') return;
    this.state = 'ended';
    this.#owner.failed(this, error, before);
    this.handler.onError(error);
  }

  /** A piece of the request went out. */
  moved(): void {
    if (this.state === 'sent') this.#timer.start(this.request.firstByteTimeoutMs);
  }

  /** The head or a piece of the answer has come. */
  heard(): void {
    this.#timer.start(this.request.idleTimeoutMs);
  }

  /** The consumer is behind: a pause is its own. */
  paused(): void {
    this.#timer.stop();
  }

  sweep(nowMs: number): void {
    if (this.#found !== this.state) {
      this.#found = this.state;
      this.#foundMs = nowMs;
    }
    if (this.#total?.isDue(nowMs)) this.fail(this.#late('total_timeout'));
    else if (this.#timer.isDue(nowMs)) this.fail(this.#late(this.state));
  }

  /** For how long it has been in line, at least. */
  inLineMs(nowMs: number): number {
    return this.#found === 'waiting' ? nowMs - this.#foundMs : 0;
  }

  /** For how long it has been sending its request beyond the time that it has for a first byte; less than 0 while it may. */
  overdueMs(nowMs: number): number {
    return this.#found === 'sent' ? nowMs - this.#foundMs - this.request.firstByteTimeoutMs : -1;
  }

  #late(what: CallState | 'total_timeout'): UpstreamError {
    const { connection } = this;
    // The upstream may have been waiting for it: ten stalled bodies must not close an API to everybody.
    const isForBody = what === 'answering' ? connection?.isHeldUp : connection?.waitsForBody;
    if (isForBody) {
      return new UpstreamError('slow_consumer', 'the rest of the request body did not come in time');
    }
    switch (what) {
      case 'total_timeout':
        return new UpstreamError('total_timeout', 'the call took longer than total_timeout');
      case 'waiting':
        return new UpstreamError('queue_timeout', 'no connection to the upstream became free in time');
      case 'dialing':
        return new UpstreamError('connect_timeout', 'the upstream did not connect in time');
      case 'answering':
        return new UpstreamError('idle_timeout', 'the upstream paused too long within its answer');
      default:
        return new UpstreamError('first_byte_timeout', 'the upstream did not answer in time');
    }
  }
}
