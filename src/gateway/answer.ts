import type { ServerResponse } from 'node:http';
import type { FinishOutcome } from '../billing/charging.ts';
import type { Exchange } from './exchange.ts';
import type { Sink, UpstreamCall } from './forward.ts';

export type Relayed = { outcome: FinishOutcome; bytesOut: number };

export type Answer = {
  status: number;
  fields: string[];
  /** Declared length, or -1 when the end of the upstream's body is the end. */
  contentLength: number;
  /** HEAD, 204 and 304 end with their head. */
  bodiless: boolean;
  /** Longest time a client may leave its answer unread, ms. */
  idleTimeoutMs: number;
};

/**
 * Writes the answer as it comes, with back-pressure, and resolves when it has ended one way or the other. The first
 * byte leaves here: whatever had to be decided or written before it has been.
 */
export function relay(exchange: Exchange, upstream: UpstreamCall, answer: Answer): Promise<Relayed> {
  const { res } = exchange;
  return new Promise((resolve) => {
    const sink = new AnswerSink(res, upstream, answer, resolve);
    if (exchange.clientGone) {
      sink.closed();
      return;
    }
    res.once('close', sink.closed);
    exchange.onGone = sink.closed;
    res.writeHead(answer.status, answer.fields);
    upstream.attach(sink);
    // An event stream may be silent for long after its head: the head leaves now, with whatever has come.
    if (!sink.wrote) res.flushHeaders();
  });
}

class AnswerSink implements Sink {
  wrote = false;
  readonly #res: ServerResponse;
  readonly #upstream: UpstreamCall;
  readonly #answer: Answer;
  #resolve: ((relayed: Relayed) => void) | undefined;
  #bytesOut = 0;
  #ended = false;
  #stalled: NodeJS.Timeout | undefined;

  constructor(res: ServerResponse, upstream: UpstreamCall, answer: Answer, resolve: (relayed: Relayed) => void) {
    this.#res = res;
    this.#upstream = upstream;
    this.#answer = answer;
    this.#resolve = resolve;
  }

  data(chunk: Buffer): boolean {
    this.wrote = true;
    this.#bytesOut += chunk.length;
    if (this.#bytesOut === this.#answer.contentLength) {
      // The last byte of a body of known length leaves with the end in one write.
      this.#ended = true;
      this.#res.end(chunk);
      this.#boundFlush();
      return true;
    }
    if (this.#res.write(chunk)) return true;
    this.#waitForClient();
    return false;
  }

  end(): void {
    this.wrote = true;
    if (this.#ended) return;
    const { contentLength, bodiless } = this.#answer;
    if (contentLength > this.#bytesOut && !bodiless) {
      this.broken(new Error('the body is shorter than declared'));
      return;
    }
    this.#ended = true;
    this.#res.end();
    this.#boundFlush();
  }

  /** The client must see that the answer is not whole: no last chunk, no further bytes, the connection ends. */
  broken(_error: Error): void {
    this.wrote = true;
    if (this.#ended) return;
    const res = this.#res;
    this.#done('upstream_broke');
    // Without chunks or a length a closed connection is a clean end; only a reset tells HTTP/1.0 clients.
    if (!res.chunkedEncoding && this.#answer.contentLength < 0) res.socket?.resetAndDestroy();
    res.destroy();
  }

  /** The answer is over for the client: read to its end, or left. */
  readonly closed = (): void => {
    const whole = this.#ended && this.#res.writableFinished;
    this.#done(whole ? 'completed' : 'client_gone');
    if (!whole) this.#upstream.abort(new Error('the client left'));
  };

  /** What is left after the end must be read in bounded time too. */
  #boundFlush(): void {
    if (this.#res.writableLength > 0) this.#boundStall();
  }

  #boundStall(): void {
    this.#stalled ??= setTimeout(() => this.#res.destroy(), this.#answer.idleTimeoutMs);
  }

  #waitForClient(): void {
    if (this.#stalled) return;
    this.#boundStall();
    this.#res.once('drain', () => {
      clearTimeout(this.#stalled);
      this.#stalled = undefined;
      this.#upstream.resume();
    });
  }

  #done(outcome: FinishOutcome): void {
    clearTimeout(this.#stalled);
    this.#resolve?.({ outcome, bytesOut: this.#bytesOut });
    this.#resolve = undefined;
  }
}
