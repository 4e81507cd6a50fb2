import type { Duplex } from 'node:stream';
import type { Route } from '../catalog/model.ts';
import type { Framing } from '../http1/response-framing.ts';
import type { ResponseHead } from '../http1/response-head.ts';
import { UpstreamError } from '../upstream/upstream-error.ts';
import type { UpgradeHandler, UpstreamHandle, UpstreamRequest, Upstreams } from '../upstream/upstreams.ts';
import { judgeFailure, type UpstreamFailure } from './upstream-failure.ts';

/** A final head, and the call whose body is still to be had. */
export type Answered = {
  ok: true;
  upstream: UpstreamCall;
  head: ResponseHead;
  framing: Framing;
  upgraded: Upgraded | undefined;
};

/** The socket behind a 101, paused, what has come on it already, and the target it leads to. */
export type Upgraded = { socket: Duplex; rest: Buffer; origin: string };

/** Where the answer's body goes once its head may leave. `data` returns false when the client is behind. */
export type Sink = {
  data(chunk: Buffer): boolean;
  end(trailers: string[]): void;
  broken(error: Error): void;
};

/** Bytes of an answer that may wait for the charge to be committed; past it the upstream is held back. */
const waitingBytesMax = 64 * 1024;

/**
 * One request to an upstream. Until a sink is attached, what arrives waits here: the head decides about money, and
 * nothing may reach the client before that is written.
 */
export class UpstreamCall implements UpgradeHandler {
  readonly head: Promise<Answered | UpstreamFailure>;
  /** Relays a 1xx head; the final one is still to come. */
  readonly #inform: (status: number, fields: string[]) => void;
  readonly #passesPaymentRequired: boolean;
  #settleHead: (result: Answered | UpstreamFailure) => void = () => {};
  #handle: UpstreamHandle | undefined;
  #phase: 'waiting' | 'answering' | 'ended' = 'waiting';
  #sink: Sink | undefined;
  #waiting: Buffer[] = [];
  #waitingBytes = 0;
  #trailers: string[] = [];
  #end: 'open' | 'ended' | Error = 'open';

  constructor(
    upstreams: Pick<Upstreams, 'send' | 'upgrade'>,
    { api, passesPaymentRequired }: Pick<Route, 'api' | 'passesPaymentRequired'>,
    request: UpstreamRequest,
    inform: (status: number, fields: string[]) => void,
    upgrade: boolean,
  ) {
    this.#inform = inform;
    this.#passesPaymentRequired = passesPaymentRequired;
    this.head = new Promise((resolve) => {
      this.#settleHead = resolve;
    });
    this.#handle = upgrade ? upstreams.upgrade(api, request, this) : upstreams.send(api, request, this);
  }

  /** Ends the call towards the upstream: its connection is closed, so it can tell. */
  abort(reason: Error): void {
    if (this.#phase === 'ended') return;
    this.#fail(reason);
    this.#handle?.abort(reason);
  }

  /** Ends the call unless its final head has come: behind the head the call is decided, and paid for. */
  abandon(reason: Error): void {
    if (this.#phase === 'waiting') this.abort(reason);
  }

  /** Hands over what has waited and everything to come. */
  attach(sink: Sink): void {
    this.#sink = sink;
    const waiting = this.#waiting;
    this.#waiting = [];
    let ready = true;
    for (const chunk of waiting) ready = sink.data(chunk);
    if (this.#end === 'ended') sink.end(this.#trailers);
    else if (this.#end !== 'open') sink.broken(this.#end);
    else if (ready) this.resume();
  }

  /** What it is held back for is the charge, however long that takes to be committed. */
  get holdsBack(): boolean {
    return this.#sink === undefined;
  }

  resume(): void {
    this.#handle?.resume();
  }

  /** What broke the answer off after its head, if anything has. */
  get failure(): Error | undefined {
    return this.#end instanceof Error ? this.#end : undefined;
  }

  onSent(): void {}

  onInformational(status: number, fields: string[]): void {
    if (this.#phase === 'waiting') this.#inform(status, fields);
  }

  onHead(head: ResponseHead, framing: Framing): void {
    if (this.#phase !== 'waiting') return;
    if (head.status === 402 && !this.#passesPaymentRequired) {
      this.abort(new UpstreamError('unpaid', 'the upstream asks for payment'));
      return;
    }
    this.#phase = 'answering';
    this.#settleHead({ ok: true, upstream: this, head, framing, upgraded: undefined });
  }

  onUpgrade(head: ResponseHead, socket: Duplex, rest: Buffer, origin: string): void {
    if (this.#phase !== 'waiting') {
      socket.destroy();
      return;
    }
    this.#phase = 'ended';
    this.#end = 'ended';
    this.#settleHead({ ok: true, upstream: this, head, framing: { kind: 'none' }, upgraded: { socket, rest, origin } });
  }

  onData(chunk: Buffer): boolean {
    if (this.#phase === 'ended') return true;
    if (this.#sink) return this.#sink.data(chunk);
    this.#waiting.push(chunk);
    this.#waitingBytes += chunk.length;
    return this.#waitingBytes < waitingBytesMax;
  }

  onEnd(trailers: string[]): void {
    if (this.#phase === 'ended') return;
    this.#phase = 'ended';
    this.#end = 'ended';
    this.#trailers = trailers;
    this.#sink?.end(trailers);
  }

  onError(error: Error): void {
    this.#fail(error);
  }

  #fail(error: Error): void {
    if (this.#phase === 'ended') return;
    const phase = this.#phase;
    this.#phase = 'ended';
    this.#end = error;
    if (phase === 'waiting') this.#settleHead(judgeFailure(error));
    else this.#sink?.broken(error);
  }
}
