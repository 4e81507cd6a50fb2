import { ChunkedReader } from '../http1/chunked.ts';
import type { BodySink, OutgoingBody } from '../upstream/upstreams.ts';

/** Why a request body did not arrive whole. */
export class BodyError extends Error {
  override readonly name = 'BodyError';
  readonly reason: 'body_too_large' | 'request_timeout' | 'bad_request' | 'client_gone';
  /** For the client to read. */
  readonly detail: string | undefined;

  constructor(reason: BodyError['reason'], detail?: string) {
    super(detail ?? `request body: ${reason}`);
    this.reason = reason;
    this.detail = detail;
  }
}

/** The connection that a body comes in on: it stops reading while nobody takes the bytes. */
export type BodySource = { pauseBody(): void; resumeBody(): void };

/** Bytes kept while nobody takes them yet: the token is being checked, or the upstream has no connection free. */
const waitingBytesMax = 64 * 1024;
/** What a piece takes beside its bytes: a body that comes in single bytes must not take a hundred times what it counts. */
export const pieceBytes = 256;

/**
 * One request body on its way to the upstream: framed, counted, bounded and with back-pressure. The connection pushes,
 * the upstream takes. A client that leaves or breaks the framing fails the body, so that the upstream never sees a
 * clean end of something that had none.
 */
export class RequestBody implements OutgoingBody {
  /** Declared length; undefined for a chunked body. */
  readonly length: number | undefined;
  bytes = 0;
  complete = false;
  failure: BodyError | undefined;
  /** Told once when the body fails. */
  onFailed: ((error: BodyError) => void) | undefined;
  /** What of the client's trailers may pass on. */
  keptTrailers: (fields: string[]) => string[] = (fields) => fields;
  #bytesMax = Number.MAX_SAFE_INTEGER;
  readonly #source: BodySource;
  readonly #chunks: ChunkedReader | undefined;
  #sink: BodySink | undefined;
  #waiting: Buffer[] = [];
  #waitingBytes = 0;
  #trailers: string[] = [];
  #paused = false;
  #discarding = false;

  constructor(source: BodySource, length: number | undefined) {
    this.#source = source;
    this.length = length;
    this.#chunks = length === undefined ? new ChunkedReader() : undefined;
  }

  /** The route is known, and with it how much it takes. */
  limit(bytesMax: number): void {
    this.#bytesMax = bytesMax;
    if (this.bytes <= bytesMax) return;
    // It may have come whole while the token was checked: too large it is all the same.
    this.complete = false;
    this.fail(new BodyError('body_too_large', `at most ${bytesMax} bytes`));
  }

  /** Takes what belongs to this body from `bytes` at `at`; returns the offset behind it. */
  push(bytes: Buffer, at: number): number {
    return this.#chunks ? this.#pushChunked(this.#chunks, bytes, at) : this.#pushLength(bytes, at);
  }

  #pushLength(bytes: Buffer, at: number): number {
    const left = (this.length ?? 0) - this.bytes;
    const end = Math.min(bytes.length, at + left);
    this.#take(at === 0 && end === bytes.length ? bytes : bytes.subarray(at, end));
    if (this.bytes === this.length && !this.failure) this.#finish([]);
    return end;
  }

  #pushChunked(reader: ChunkedReader, bytes: Buffer, at: number): number {
    const end = reader.read(bytes, at, this.#take);
    if (reader.state === 'done') this.#finish(reader.trailers);
    else if (reader.state === 'broken') this.fail(new BodyError('bad_request', reader.fault));
    return end;
  }

  readonly #take = (chunk: Buffer): void => {
    this.bytes += chunk.length;
    if (this.failure || this.#discarding) return;
    if (this.bytes > this.#bytesMax) {
      this.fail(new BodyError('body_too_large', `at most ${this.#bytesMax} bytes`));
      return;
    }
    if (this.#sink) {
      if (!this.#sink.data(chunk)) this.#pause();
      return;
    }
    this.#waiting.push(chunk);
    this.#waitingBytes += chunk.length + pieceBytes;
    if (this.#waitingBytes >= waitingBytesMax) this.#pause();
  };

  #finish(trailers: string[]): void {
    if (this.failure) return;
    this.complete = true;
    this.#trailers = trailers;
    this.#end();
  }

  #end(): void {
    const trailers = this.#trailers;
    this.#sink?.end(trailers.length === 0 ? trailers : this.keptTrailers(trailers));
  }

  start(sink: BodySink): void {
    this.#sink = sink;
    const waiting = this.#waiting;
    this.#waiting = [];
    let ready = true;
    for (const chunk of waiting) ready = sink.data(chunk);
    if (this.failure) sink.fail(this.failure);
    else if (this.complete) this.#end();
    else if (ready) this.resume();
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#source.resumeBody();
  }

  #pause(): void {
    if (this.#paused) return;
    this.#paused = true;
    this.#source.pauseBody();
  }

  /** True while the upstream, and not the client, is what the body waits for. */
  get paused(): boolean {
    return this.#paused;
  }

  /** Nobody wants the rest: it is read and dropped. */
  discard(): void {
    this.#discarding = true;
    this.#waiting = [];
    this.#sink = undefined;
    this.resume();
  }

  fail(error: BodyError): void {
    if (this.complete || this.failure) return;
    this.failure = error;
    this.#waiting = [];
    this.#sink?.fail(error);
    this.onFailed?.(error);
  }
}
