import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type Duplex, duplexPair } from 'node:stream';
import { ChunkedReader, chunkHead, lastChunk } from '../http1/chunked.ts';
import { fieldLines } from '../http1/field-lines.ts';
import { type Framing, responseFraming } from '../http1/response-framing.ts';
import { parseResponseHead, type ResponseHead } from '../http1/response-head.ts';
import { type Exchange, endsConnection, wantsBody } from './exchange.ts';
import { framingDown } from './framing-down.ts';
import { refuse } from './refuse.ts';
import type { BodyError } from './request-body.ts';

/** Answers a request for one of the gateway's own pages; false when nothing is there. */
export type OwnHandler = (req: IncomingMessage, res: ServerResponse, path: string) => boolean;

export type OwnPages = {
  /** Resolves when the answer has ended, so that a drain waits for it as for any other. */
  serve(exchange: Exchange, path: string): Promise<void>;
  close(): void;
};

/** Far above what one of them takes; each has a bound of its own. */
const ownBodyBytesMax = 1024 * 1024;
/** Idle times of a body that a client has to take an answer in: the largest has 2 MB, and lines are slow. */
const ownAnswerIdleTimes = 4;
const ownFieldsMax = 100;

/**
 * The gateway's own pages are written for Node's HTTP server. It never listens: each request that has passed the head's
 * and the path's judgement goes to it over a pair of streams in memory, in one canonical form, and its answer comes back
 * the way an upstream's does. So own pages and sold calls share one reader of clients' bytes.
 */
export function createOwnPages(handler: OwnHandler): OwnPages {
  const visits = new WeakMap<Duplex, Visit>();
  const server = createServer((req, res) => {
    const visit = visits.get(req.socket);
    if (!visit) {
      res.destroy();
      return;
    }
    const { fields, requestId } = visit.exchange;
    for (let i = 0; i + 1 < fields.length; i += 2) {
      if (fields[i] !== 'connection') res.setHeader(fields[i] ?? '', fields[i + 1] ?? '');
    }
    res.setHeader('x-request-id', requestId);
    if (!handler(req, res, visit.path)) visit.nothingThere();
  });

  return {
    serve(exchange, path) {
      exchange.own = path.startsWith('/.well-known/') ? '/.well-known/*' : '/_callora/*';
      return new Promise((resolve) => {
        const [near, far] = duplexPair();
        visits.set(far, new Visit(exchange, path, near, far, resolve));
        if (!far.destroyed) server.emit('connection', Object.assign(far, { remoteAddress: exchange.client.address }));
      });
    },
    close: () => void server.close(),
  };
}

/** One own request: what goes in, and its answer on the way back to the client. */
class Visit {
  readonly exchange: Exchange;
  readonly path: string;
  readonly #near: Duplex;
  readonly #far: Duplex;
  readonly #resolve: () => void;
  #pending: Buffer = Buffer.alloc(0);
  #framing: Framing | undefined;
  #chunks: ChunkedReader | undefined;
  #left = 0;
  #bytesOut = 0;
  /** The whole answer is here, if not yet with the client. */
  #whole = false;
  #over = false;

  constructor(exchange: Exchange, path: string, near: Duplex, far: Duplex, resolve: () => void) {
    this.exchange = exchange;
    this.path = path;
    this.#near = near;
    this.#far = far;
    this.#resolve = resolve;
    near
      .on('data', this.#onData)
      .on('end', this.#onEnd)
      .on('error', () => {});
    const gone = () => this.#finish('client_gone');
    exchange.onGone = gone;
    const caughtUp = () => near.resume();
    exchange.onDrain = caughtUp;
    this.#ask();
  }

  /** The request in the one form Node's server is shown: framing is ours, and the connection is for this alone. */
  #ask(): void {
    const { head, request, body } = this.exchange;
    const kept: string[] = [];
    for (let i = 0; i + 1 < request.fields.length; i += 2) {
      const name = (request.fields[i] ?? '').toLowerCase();
      if (!framingFields.has(name)) kept.push(name, request.fields[i + 1] ?? '');
    }
    kept.push('host', head.host, 'connection', 'close');
    if (body?.length !== undefined) kept.push('content-length', String(body.length));
    else if (body) kept.push('transfer-encoding', 'chunked');
    this.#near.write(`${request.method} ${request.target} HTTP/1.1\r\n${fieldLines(kept)}\r\n`, 'latin1');
    if (body) this.#send(body);
  }

  #send(body: NonNullable<Exchange['body']>): void {
    const near = this.#near;
    const isChunked = body.length === undefined;
    wantsBody(this.exchange);
    const failed = (error: BodyError) => {
      if (this.#over || error.reason === 'client_gone') return;
      refuse(this.exchange, { ok: false, code: error.reason, detail: error.message, close: true });
      this.#finish('completed');
    };
    body.onFailed = failed;
    body.limit(ownBodyBytesMax);
    // It may have broken with its head, before anyone was told.
    if (body.failure) failed(body.failure);
    near.on('drain', () => body.resume());
    body.start({
      data(chunk: Buffer) {
        if (!isChunked) return near.write(chunk);
        near.write(chunkHead(chunk.length));
        near.write(chunk);
        return near.write('\r\n');
      },
      end: () => void (isChunked && near.write(lastChunk([]))),
      fail: () => undefined,
    });
  }

  nothingThere(): void {
    if (this.#over) return;
    refuse(this.exchange, { ok: false, code: 'not_found' });
    this.#finish('completed');
  }

  readonly #onData = (chunk: Buffer): void => {
    if (this.#over || this.#whole) return;
    if (this.#framing) {
      this.#body(this.#framing, chunk, 0);
      return;
    }
    this.#pending = Buffer.concat([this.#pending, chunk]);
    const end = this.#pending.indexOf('\r\n\r\n');
    if (end < 0) return;
    const head = parseResponseHead(this.#pending, 0, end, ownFieldsMax);
    const framing = 'fault' in head ? undefined : responseFraming(this.exchange.head.method, head);
    if ('fault' in head || framing === undefined || 'fault' in framing) {
      this.#broken();
      return;
    }
    this.#framing = framing;
    this.#begin(head, framing);
    this.#body(framing, this.#pending, end + 4);
  };

  #begin(head: ResponseHead, framing: Framing): void {
    const { exchange } = this;
    const { end, answer, body } = exchange;
    end.status = head.status;
    const fields: string[] = [];
    for (let i = 0; i + 1 < head.fields.length; i += 2) {
      const name = (head.fields[i] ?? '').toLowerCase();
      const isLength = name === 'content-length' && framing.kind === 'none' && head.status !== 204;
      if (!framingFields.has(name) || isLength) fields.push(name, head.fields[i + 1] ?? '');
    }
    if (body && !body.complete) endsConnection(exchange);
    const down = framingDown(exchange, framing);
    if (exchange.connection.ended) fields.push('connection', 'close');
    if (framing.kind === 'length') this.#left = framing.bytes;
    else if (framing.kind === 'chunked') this.#chunks = new ChunkedReader();
    answer.head(head.status, fields, down, fields.includes('date'));
    if (framing.kind === 'none' || (framing.kind === 'length' && this.#left === 0)) this.#end();
  }

  #body(framing: Framing, bytes: Buffer, at: number): void {
    if (this.#whole || at === bytes.length) return;
    if (framing.kind === 'chunked' && this.#chunks) {
      this.#chunks.read(bytes, at, this.#pass);
      if (this.#chunks.state === 'done') this.#end();
      else if (this.#chunks.state === 'broken') this.#broken();
      return;
    }
    this.#pass(bytes.subarray(at));
    if (framing.kind !== 'length') return;
    this.#left -= bytes.length - at;
    if (this.#left <= 0) this.#end();
  }

  readonly #pass = (chunk: Buffer): void => {
    const { answer, connection, config } = this.exchange;
    this.#bytesOut += chunk.length;
    if (answer.write(chunk)) return;
    connection.stalled(config.gateway.limits.bodyIdleTimeoutMs * ownAnswerIdleTimes);
    this.#near.pause();
  };

  readonly #onEnd = (): void => {
    if (this.#over || this.#whole) return;
    if (this.#framing?.kind === 'until_close') this.#end();
    else this.#broken();
  };

  #end(): void {
    const { answer, connection, config } = this.exchange;
    this.#whole = true;
    answer.end();
    if (answer.waitingBytes > 0) connection.stalled(config.gateway.limits.bodyIdleTimeoutMs * ownAnswerIdleTimes);
    answer.whenFlushed(() => {
      connection.caughtUp();
      this.#finish('completed');
    });
  }

  #broken(): void {
    this.exchange.answer.break();
    this.#finish('gateway_failed');
  }

  #finish(outcome: 'completed' | 'client_gone' | 'gateway_failed'): void {
    if (this.#over) return;
    this.#over = true;
    const { exchange } = this;
    exchange.onGone = undefined;
    exchange.onDrain = undefined;
    // A refusal has said how it ended.
    if (this.#framing || outcome !== 'completed') {
      exchange.end.outcome = outcome;
      exchange.end.bytesOut = this.#bytesOut;
    }
    this.#near.destroy();
    this.#far.destroy();
    this.#resolve();
  }
}

const framingFields = new Set([
  'host',
  'connection',
  'keep-alive',
  'transfer-encoding',
  'content-length',
  'expect',
  'te',
  'trailer',
  'upgrade',
]);
