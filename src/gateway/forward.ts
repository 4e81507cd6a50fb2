import type { Dispatcher } from 'undici';
import type { RequestBody } from './request-body.ts';
import { judgeFailure, type UpstreamFailure } from './upstream-failure.ts';

export type UpstreamRequest = {
  method: string;
  /** Raw canonical path with the upstream's prefix, and the query. */
  path: string;
  /** Flat pairs, ours included. */
  headers: string[];
  body: RequestBody | null;
  headersTimeoutMs: number;
  idleTimeoutMs: number;
};

export type UpstreamHead = { ok: true; status: number; rawHeaders: Buffer[] };

/** Where the answer's body goes once its head may leave. `data` returns false when the client is behind. */
export type Sink = {
  data(chunk: Buffer): boolean;
  end(): void;
  broken(error: Error): void;
};

/** Bytes of an answer that may wait for the charge to be committed; past it the upstream is held back. */
const waitingBytesMax = 64 * 1024;

/**
 * One request to an upstream. Until a sink is attached, what arrives waits here: the head decides about money, and
 * nothing may reach the client before that is written. No URL is built: undici sends the path as it is.
 */
export class UpstreamCall implements Dispatcher.DispatchHandler {
  readonly head: Promise<UpstreamHead | UpstreamFailure>;
  /** True from the moment bytes may have left for the upstream. */
  started = false;
  #settleHead: (result: UpstreamHead | UpstreamFailure) => void = () => {};
  #controller: Dispatcher.DispatchController | undefined;
  #phase: 'waiting' | 'answering' | 'ended' = 'waiting';
  #timer: NodeJS.Timeout | undefined;
  #answered = false;
  #sink: Sink | undefined;
  #waiting: Buffer[] = [];
  #waitingBytes = 0;
  #end: 'open' | 'ended' | Error = 'open';

  constructor(dispatcher: Dispatcher, request: UpstreamRequest) {
    this.head = new Promise((resolve) => {
      this.#settleHead = resolve;
    });
    // undici's own time-out starts with the connection; waiting for a free one counts too.
    this.#timer = setTimeout(this.#onQueueTimeout, request.headersTimeoutMs);
    try {
      dispatcher.dispatch(
        {
          method: request.method,
          path: request.path,
          headers: request.headers,
          body: request.body,
          headersTimeout: request.headersTimeoutMs,
          bodyTimeout: request.idleTimeoutMs,
        },
        this,
      );
    } catch (error) {
      this.#fail(error instanceof Error ? error : new Error(String(error)));
    }
  }

  /** Ends the call towards the upstream: its connection is closed, so it can tell. */
  abort(reason: Error): void {
    if (this.#phase === 'ended') return;
    if (this.#controller) this.#controller.abort(reason);
    this.#fail(reason);
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
    if (this.#end === 'ended') sink.end();
    else if (this.#end !== 'open') sink.broken(this.#end);
    else if (ready) this.resume();
  }

  resume(): void {
    if (this.#controller?.paused) this.#controller.resume();
  }

  /** What broke the answer off after its head, if anything has. */
  get failure(): Error | undefined {
    return this.#end instanceof Error ? this.#end : undefined;
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    clearTimeout(this.#timer);
    // Throwing drops the request before a byte is written; aborting would cost the upstream connection too.
    if (this.#phase === 'ended') throw new Error('the call ended while it waited for a connection');
    this.#controller = controller;
    this.started = true;
  }

  onResponseStarted(): void {
    this.#answered = true;
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number): void {
    // An informational head decides nothing; the final one follows.
    if (status < 200 || this.#phase !== 'waiting') return;
    this.#phase = 'answering';
    const raw = controller.rawHeaders;
    this.#settleHead({ ok: true, status, rawHeaders: isBuffers(raw) ? raw : [] });
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#sink) {
      if (!this.#sink.data(chunk)) controller.pause();
      return;
    }
    this.#waiting.push(chunk);
    this.#waitingBytes += chunk.length;
    if (this.#waitingBytes >= waitingBytesMax) controller.pause();
  }

  onResponseEnd(): void {
    this.#phase = 'ended';
    this.#end = 'ended';
    this.#sink?.end();
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#fail(error);
  }

  readonly #onQueueTimeout = (): void => {
    this.#fail(
      Object.assign(new Error('no connection to the upstream became free'), { code: 'UND_ERR_HEADERS_TIMEOUT' }),
    );
  };

  #fail(error: Error): void {
    if (this.#phase === 'ended') return;
    clearTimeout(this.#timer);
    const phase = this.#phase;
    this.#phase = 'ended';
    this.#end = error;
    if (phase === 'waiting') {
      this.#settleHead(judgeFailure(error, { started: this.started, answered: this.#answered }));
      return;
    }
    this.#sink?.broken(error);
  }
}

function isBuffers(raw: unknown): raw is Buffer[] {
  return Array.isArray(raw) && (raw.length === 0 || Buffer.isBuffer(raw[0]));
}
