import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { GatewayLimits } from '../catalog/model.ts';
import type { ErrorCode } from '../errors.ts';
import type { HeadFault } from '../http1/fields.ts';
import { HeadSearch } from '../http1/head-search.ts';
import { parseRequestHead, type RequestHead } from '../http1/request-head.ts';
import { keepAliveTimeoutMs, lingerMs, requestsAtOnceMax, turnBytes } from './client-bounds.ts';
import { type ClientView, clientView } from './client-view.ts';
import { type Exchange, endsConnection } from './exchange.ts';
import { askEveryMs, HalfClosed } from './half-closed.ts';
import { BodyError, type RequestBody } from './request-body.ts';

/** What a connection tells the listener. */
export type ConnectionEvents = {
  /** A whole head. The listener makes an exchange of it and calls `begin` with that. */
  onRequest(connection: ClientConnection, request: RequestHead): void;
  /** What came is no request: the listener answers, and the connection ends. */
  onFault(connection: ClientConnection, code: ErrorCode, detail: string | undefined): void;
  nowMs(): number;
};

const nothing = Buffer.alloc(0);

/**
 * One client's connection: cuts what comes into requests, hands them out one at a time, and waits with the next until
 * the answer before it has been written. It keeps reading meanwhile, because only reading tells that a client has left,
 * but holds no more than one head of what comes early. A client that closes its sending side amid a request has left; behind
 * a whole one it may wait for the answer (decision 24).
 *
 *   idle ──bytes──► head ──whole──► busy ──answer over──► idle
 *     └──────────────┴── too long, too slow, broken ──► lingering ──► closed
 */
export class ClientConnection {
  readonly socket: Duplex;
  /** What carries `socket`: itself, or the connection below its TLS. */
  readonly raw: Socket;
  /** Plain address of the peer. */
  readonly address: string;
  /** The peer as a client, where no trusted proxy says otherwise. */
  readonly peer: ClientView;
  /** Requests begun so far. */
  requests = 0;
  /** True once an answer says that it is the last: what a client sends behind it is not looked at. */
  ended = false;
  /** The call that runs. */
  exchange: Exchange | undefined;
  closed = false;
  readonly #limits: GatewayLimits;
  readonly #events: ConnectionEvents;
  #body: RequestBody | undefined;
  #pending: Buffer | undefined;
  readonly #search = new HeadSearch();
  #lingering = false;
  #reading = true;
  /** Monotonic ms by which something has to happen; 0 while nothing is awaited from the client. */
  #deadlineMs: number;
  #stalledMs = 0;
  #parsing = false;
  #waitsForTurn = false;
  /** True once the time of a head on a kept-alive connection runs. */
  #inHead = false;
  /** Made when nothing more comes from the client. */
  #halfClosed: HalfClosed | undefined;

  constructor(socket: Duplex, raw: Socket, address: string, limits: GatewayLimits, events: ConnectionEvents) {
    this.socket = socket;
    this.raw = raw;
    this.address = address;
    this.peer = clientView({ address, via: [] });
    this.#limits = limits;
    this.#events = events;
    // The first head has its time from the start: a connection that says nothing is worth nothing.
    this.#deadlineMs = events.nowMs() + limits.headTimeoutMs;
    socket.on('data', this.#onData);
    socket.on('end', this.#onEnd);
    socket.on('drain', this.#onDrain);
  }

  readonly #onData = (chunk: Buffer): void => {
    if (this.#lingering || (this.ended && !this.#body)) return;
    if (chunk.length >= turnBytes) this.#waitATurn();
    let at = 0;
    if (this.#body) {
      at = this.#feed(this.#body, chunk);
      if (at === chunk.length) return;
    }
    const rest = at === 0 ? chunk : chunk.subarray(at);
    this.#pending = this.#pending ? Buffer.concat([this.#pending, rest]) : rest;
    if (!this.exchange && !this.#waitsForTurn) this.#parse();
    else if (this.#pending.length > this.#limits.headBytesMax) this.#pauseReading();
  };

  #waitATurn(): void {
    if (!this.#reading) return;
    this.socket.pause();
    setImmediate(() => {
      if (this.#reading) this.socket.resume();
    });
  }

  #feed(body: RequestBody, chunk: Buffer): number {
    const { bytes } = body;
    const at = body.push(chunk, 0);
    if (body.complete || body.failure) {
      this.#body = undefined;
      this.#deadlineMs = 0;
    } else if (body.bytes > bytes && this.#deadlineMs !== 0) {
      // Framing alone buys no time: nothing of it goes upstream. Nor does it run while nobody takes the body.
      this.#deadlineMs = this.#events.nowMs() + this.#limits.bodyIdleTimeoutMs;
    }
    // Behind a broken body nothing can be told from it.
    return body.failure ? chunk.length : at;
  }

  /** Cuts the next request off what has come. */
  #parse(): void {
    if (this.#parsing) return;
    this.#parsing = true;
    // An exchange may be over before `onRequest` returns: a loop, and not a call into itself for each pipelined request.
    let left = requestsAtOnceMax;
    while (this.#pending && !this.exchange && !this.ended && !this.socket.writableNeedDrain) {
      if (left-- === 0) {
        this.#parseLater();
        break;
      }
      if (!this.#takeHead(this.#pending)) break;
    }
    this.#parsing = false;
    if (this.#halfClosed) this.#lingerIfOver();
  }

  /** What is left of a client that sends no more makes no request. */
  #lingerIfOver(): void {
    if (!this.exchange && !this.#waitsForTurn && !this.socket.writableNeedDrain) this.linger();
  }

  /** Goes on when the other connections have had their turn; until then no more is read. */
  #parseLater(): void {
    if (this.#waitsForTurn) return;
    this.#waitsForTurn = true;
    this.#pauseReading();
    setImmediate(() => {
      this.#waitsForTurn = false;
      if (!this.closed && !this.exchange && !this.ended) this.#next();
    });
  }

  /** Begins the next request; false when its head is not whole yet or the connection has ended. */
  #takeHead(bytes: Buffer): boolean {
    const found = this.#search.look(bytes, this.#limits.headBytesMax);
    const { start, end } = this.#search;
    if (found === 'whole') {
      this.#pending = end + 4 === bytes.length ? undefined : bytes.subarray(end + 4);
      this.#begin(bytes, start, end);
      return true;
    }
    this.#pending = start === bytes.length ? undefined : start === 0 ? bytes : bytes.subarray(start);
    if (found !== 'part') {
      this.#fault(codeOf(found), found.detail);
    } else if (this.#pending && this.requests > 0 && !this.#inHead) {
      this.#inHead = true;
      this.#deadlineMs = this.#events.nowMs() + this.#limits.headTimeoutMs;
    }
    return false;
  }

  #begin(bytes: Buffer, from: number, to: number): void {
    this.#inHead = false;
    this.#deadlineMs = 0;
    const request = parseRequestHead(bytes, from, to, this.#limits.headFieldsMax);
    if ('fault' in request) {
      this.#fault(codeOf(request), request.detail);
      return;
    }
    this.requests++;
    this.#events.onRequest(this, request);
  }

  /** The request has become a call, whose body is fed from now on. */
  begin(exchange: Exchange): void {
    this.exchange = exchange;
    const { body } = exchange;
    if (body) this.#beginBody(body);
    if (!this.#halfClosed) return;
    if (!this.#pending) exchange.head.persistent = false;
    this.#goOnWithout(exchange);
  }

  #beginBody(body: RequestBody): void {
    this.#body = body;
    this.#deadlineMs = this.#events.nowMs() + this.#limits.bodyIdleTimeoutMs;
    const pending = this.#pending;
    if (!pending) return;
    const at = this.#feed(body, pending);
    this.#pending = at === pending.length ? undefined : pending.subarray(at);
  }

  /** The exchange is over and its answer written: the next request may begin. */
  done(): void {
    // A body that broke is not fed any more and not whole either: what comes behind it is no request.
    const isUnread = this.exchange?.body?.complete === false;
    this.exchange = undefined;
    if (this.closed) return;
    if (this.ended || isUnread) {
      this.#body?.discard();
      this.linger();
      return;
    }
    this.#deadlineMs = this.#events.nowMs() + keepAliveTimeoutMs;
    // A client that asks and asks without reading the answers would fill the memory with them.
    if (this.socket.writableNeedDrain) this.stalled(this.#limits.bodyIdleTimeoutMs);
    else this.#next();
  }

  #next(): void {
    this.#resumeReading();
    if (this.#pending || this.#halfClosed) this.#parse();
  }

  /**
   * Ends the sending side and waits a while for the client to hang up: closing at once, with bytes of the client unread,
   * would reset the connection and could cost the client its answer.
   */
  linger(): void {
    if (this.#lingering || this.closed) return;
    this.ended = true;
    this.#lingering = true;
    this.#pending = undefined;
    this.#body = undefined;
    this.#deadlineMs = this.#events.nowMs() + lingerMs;
    this.socket.end();
    this.#resumeReading(true);
  }

  /** Hands the socket over to another protocol, paused, with what has come behind the request. */
  takeOver(): { socket: Duplex; rest: Buffer } {
    const { socket } = this;
    const rest = this.#pending ?? nothing;
    this.#pending = undefined;
    this.ended = true;
    this.#deadlineMs = 0;
    this.#stalledMs = 0;
    this.#reading = false;
    socket.pause();
    socket.off('data', this.#onData).off('end', this.#onEnd).off('drain', this.#onDrain);
    return { socket, rest };
  }

  pauseBody(): void {
    this.#deadlineMs = 0;
    this.#pauseReading();
  }

  resumeBody(): void {
    if (this.#body) this.#deadlineMs = this.#events.nowMs() + this.#limits.bodyIdleTimeoutMs;
    this.#resumeReading();
  }

  #pauseReading(): void {
    if (!this.#reading) return;
    this.#reading = false;
    this.socket.pause();
  }

  #resumeReading(always = false): void {
    if (this.#reading && !always) return;
    this.#reading = true;
    this.socket.resume();
  }

  /** The client is behind with reading: it has `timeoutMs` from now to catch up. */
  stalled(timeoutMs: number): void {
    this.#stalledMs ||= this.#events.nowMs() + timeoutMs;
  }

  /** The client has read what was written. */
  caughtUp(): void {
    this.#stalledMs = 0;
  }

  readonly #onDrain = (): void => {
    this.#stalledMs = 0;
    if (this.exchange) this.exchange.onDrain?.();
    else this.#next();
  };

  readonly #onEnd = (): void => {
    this.#halfClosed = new HalfClosed();
    const { exchange } = this;
    if (!exchange) {
      this.#lingerIfOver();
      return;
    }
    if (!this.#pending) endsConnection(exchange);
    this.#goOnWithout(exchange);
  };

  /** Nothing more comes for this exchange: it has all that it needs, or its client has left. */
  #goOnWithout(exchange: Exchange): void {
    if (this.#body || exchange.head.socket) {
      this.destroy();
      return;
    }
    this.#deadlineMs = this.#events.nowMs() + askEveryMs;
  }

  /** Ends the connection at once because the gateway stops: its running call is not the client's to pay. */
  cutOff(): void {
    if (this.exchange) this.exchange.cutOff = true;
    this.destroy();
  }

  /** Ends the connection at once; an answer under way is seen to be broken off. */
  destroy(): void {
    if (this.exchange) this.exchange.answer.break();
    else this.socket.destroy();
  }

  /** Ends the connection in a way that no reader takes for the end of an answer. */
  readonly reset = (): void => {
    this.raw.resetAndDestroy();
  };

  /** The client has gone, or has to go: the running call learns of it. */
  leave(): void {
    if (this.closed) return;
    this.closed = true;
    this.#body?.fail(new BodyError('client_gone'));
    this.#body = undefined;
    const { exchange } = this;
    if (!exchange) return;
    exchange.clientGone = true;
    exchange.onGone?.();
  }

  /** Looked at now and then: what a client was given time for is over. */
  checkTime(nowMs: number): void {
    if (this.#stalledMs !== 0 && nowMs >= this.#stalledMs) {
      this.destroy();
      return;
    }
    if (this.#deadlineMs === 0 || nowMs < this.#deadlineMs) return;
    this.#deadlineMs = 0;
    if (this.#lingering) this.socket.destroy();
    else if (this.#body) {
      const body = this.#body;
      this.#body = undefined;
      body.fail(new BodyError('request_timeout'));
    } else if (this.exchange) {
      if (!this.#halfClosed?.ask(this.raw, this.exchange, nowMs)) this.destroy();
      this.#deadlineMs = nowMs + askEveryMs;
    } else if (this.#pending || this.requests === 0) this.#fault('request_timeout', undefined);
    else this.linger();
  }

  #fault(code: ErrorCode, detail: string | undefined): void {
    this.#events.onFault(this, code, detail);
    this.linger();
  }
}

function codeOf({ fault }: HeadFault): ErrorCode {
  return fault === 'too_many_fields' || fault === 'too_long' ? 'head_too_large' : 'bad_request';
}
