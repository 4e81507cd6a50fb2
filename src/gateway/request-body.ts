import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';

/** Why a request body did not arrive whole. */
export class BodyError extends Error {
  override readonly name = 'BodyError';
  readonly reason: 'body_too_large' | 'request_timeout' | 'client_gone';

  constructor(reason: BodyError['reason']) {
    super(`request body: ${reason}`);
    this.reason = reason;
  }
}

export type BodyLimits = { bytesMax: number; idleTimeoutMs: number };

/**
 * The request body on its way to the upstream: counted, bounded, timed, and with back-pressure. It stands between
 * Node's request and undici because undici destroys the stream it is given, and the request must stay whole so that
 * an answer can still be written. A client that leaves ends the whole call, so the upstream never sees a clean end.
 */
export class RequestBody extends Readable {
  bytes = 0;
  readonly #req: IncomingMessage;
  readonly #bytesMax: number;
  readonly #timer: NodeJS.Timeout;

  constructor(req: IncomingMessage, limits: BodyLimits) {
    super({ highWaterMark: 64 * 1024 });
    this.#req = req;
    this.#bytesMax = limits.bytesMax;
    this.#timer = setTimeout(this.#onIdle, limits.idleTimeoutMs);
    // The upstream may not have a connection yet when the body fails; without a listener that would end the process.
    this.on('error', () => {});
    req.on('data', this.#onData).once('end', this.#onEnd);
  }

  override _read(): void {
    this.#req.resume();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    clearTimeout(this.#timer);
    this.#req.off('data', this.#onData).off('end', this.#onEnd);
    done(error);
  }

  readonly #onData = (chunk: Buffer): void => {
    this.bytes += chunk.length;
    if (this.bytes > this.#bytesMax) {
      this.destroy(new BodyError('body_too_large'));
      return;
    }
    this.#timer.refresh();
    if (!this.push(chunk)) this.#req.pause();
  };

  readonly #onEnd = (): void => {
    clearTimeout(this.#timer);
    this.push(null);
  };

  /** A paused request waits for the upstream, which has its own time-outs; only a silent client is at fault. */
  readonly #onIdle = (): void => {
    if (this.#req.isPaused()) this.#timer.refresh();
    else this.destroy(new BodyError('request_timeout'));
  };
}
