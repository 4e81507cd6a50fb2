import { ChunkedReader } from '../http1/chunked.ts';
import type { HeadFault } from '../http1/fields.ts';
import { type Framing, responseFraming } from '../http1/response-framing.ts';
import { parseResponseHead, type ResponseHead } from '../http1/response-head.ts';

/** What comes out of the bytes of one answer. Exactly one of `done`, `upgraded` and `fault` ends it. */
export type AnswerSink = {
  informational(head: ResponseHead): void;
  head(head: ResponseHead, framing: Framing): void;
  /** A view of the bytes that were read: it is overwritten by the next read. */
  data(view: Buffer): void;
  done(trailers: string[]): void;
  upgraded(head: ResponseHead, rest: Buffer): void;
  fault(kind: 'protocol' | 'head_too_large' | 'closed', detail: string): void;
};

/** Many more than an upstream has a reason for; each is read before the final head. */
const informationalMax = 16;
/** Fields of one head. */
const fieldsMax = 256;

const headEnd = Buffer.from('\r\n\r\n');
const lineFeed = 0x0a;
const carriageReturn = 0x0d;
const versionStart = 'HTTP/1.';

/**
 * Reads the answers of one connection, one after the other, from bytes in any pieces. Nothing is repaired: what is
 * not clearly an answer is a fault, and bytes behind an answer that nobody has asked for end the connection.
 */
export class AnswerReader {
  /** False when nothing may follow on this connection. */
  mayKeep = false;
  /** How long the upstream says it keeps the connection, ms; -1 when it does not say. */
  keepAliveMs = -1;
  readonly #sink: AnswerSink;
  readonly #headBytesMax: number;
  #phase: 'idle' | 'head' | 'length' | 'chunked' | 'until_close' = 'idle';
  #method = '';
  #upgrade = false;
  #informational = 0;
  #left = 0;
  #chunked: ChunkedReader | undefined;
  /** The beginning of a head of which the end has not come: made at the first such head, of the size a head may have. */
  #kept: Buffer | undefined;
  #keptBytes = 0;
  #keepAliveText = '';
  #keepAliveLimitMs = -1;

  constructor(sink: AnswerSink, headBytesMax: number) {
    this.#sink = sink;
    this.#headBytesMax = headBytesMax;
  }

  /** The next bytes are an answer to this method. */
  begin(method: string, upgrade: boolean): void {
    this.#phase = 'head';
    this.#method = method;
    this.#upgrade = upgrade;
    this.#informational = 0;
    this.#keptBytes = 0;
    this.mayKeep = false;
  }

  /** Nothing more is told about the answer that is being read. */
  stop(): void {
    this.#phase = 'idle';
    this.#kept = undefined;
    this.#chunked = undefined;
  }

  read(bytes: Buffer): void {
    let at = 0;
    // Informational heads come before the final one.
    while (this.#phase === 'head') {
      at = this.#readHead(bytes, at);
      if (at < 0) return;
    }
    this.#readBody(bytes, at);
  }

  /** The connection has ended. Only a body without a declared end may end so. */
  ended(): void {
    if (this.#phase === 'until_close') this.#end(true, []);
    else if (this.#phase === 'head') this.#fault('closed', 'the upstream closed the connection without an answer');
    else if (this.#phase !== 'idle') this.#fault('closed', 'the upstream closed the connection within an answer');
  }

  #readBody(bytes: Buffer, at: number): void {
    switch (this.#phase) {
      case 'idle':
      case 'head':
        return;
      case 'length': {
        const end = Math.min(bytes.length, at + this.#left);
        this.#left -= end - at;
        if (end > at) this.#sink.data(at === 0 && end === bytes.length ? bytes : bytes.subarray(at, end));
        if (this.#left === 0) this.#end(end === bytes.length, []);
        return;
      }
      case 'chunked':
        this.#readChunked(bytes, at);
        return;
      case 'until_close':
        if (at < bytes.length) this.#sink.data(at === 0 ? bytes : bytes.subarray(at));
        return;
    }
  }

  /** Returns the offset behind the head, or -1 when nothing more is to be read of these bytes. */
  #readHead(bytes: Buffer, from: number): number {
    if (this.#keptBytes > 0) return this.#readKeptHead(bytes, from);
    const end = bytes.indexOf(headEnd, from);
    if (end < 0) {
      this.#keep(bytes, from);
      return -1;
    }
    if (end - from > this.#headBytesMax) return this.#fault('head_too_large', 'the head of the answer is too large');
    return this.#takeHead(parseResponseHead(bytes, from, end, fieldsMax), bytes, end + headEnd.length);
  }

  #readKeptHead(bytes: Buffer, from: number): number {
    const before = this.#keptBytes;
    const end = this.#keep(bytes, from);
    if (end < 0 || !this.#kept) return -1;
    this.#keptBytes = 0;
    const head = parseResponseHead(this.#kept, 0, end, fieldsMax);
    return this.#takeHead(head, bytes, from + end + headEnd.length - before);
  }

  /** Puts bytes by until the head is whole; returns its length then, and -1 before and when they are no head. */
  #keep(bytes: Buffer, from: number): number {
    this.#kept ??= Buffer.allocUnsafeSlow(this.#headBytesMax + headEnd.length);
    const before = this.#keptBytes;
    const copied = bytes.copy(this.#kept, before, from);
    this.#keptBytes += copied;
    const kept = this.#kept.subarray(0, this.#keptBytes);
    const end = kept.indexOf(headEnd, Math.max(0, before - headEnd.length + 1));
    // What can no longer become a head would otherwise be waited for until the time-out.
    const start = kept.toString('latin1', 0, versionStart.length);
    if (!versionStart.startsWith(start)) return this.#fault('protocol', 'the answer is not HTTP/1.0 or HTTP/1.1');
    const lines = end < 0 ? kept : kept.subarray(0, end);
    for (let at = lines.indexOf(lineFeed, before); at >= 0; at = lines.indexOf(lineFeed, at + 1)) {
      if (lines[at - 1] !== carriageReturn) return this.#fault('protocol', 'a line of the head does not end with CRLF');
    }
    if (end < 0 && from + copied < bytes.length) {
      return this.#fault('head_too_large', 'the head of the answer is too large');
    }
    return end;
  }

  #takeHead(head: ResponseHead | HeadFault, bytes: Buffer, behind: number): number {
    if ('fault' in head) return this.#fault('protocol', head.detail);
    if (head.status < 200) return this.#takeInformational(head, bytes, behind);
    const framing = responseFraming(this.#method, head);
    if ('fault' in framing) return this.#fault('protocol', framing.fault);
    this.#readPersistence(head);
    if (framing.kind === 'until_close' || (framing.kind === 'none' && framing.mayOverrun)) this.mayKeep = false;
    this.#start(framing);
    this.#sink.head(head, framing);
    if (this.#phase === 'idle' || !isBodiless(framing)) return behind;
    this.#end(behind === bytes.length, []);
    return -1;
  }

  #takeInformational(head: ResponseHead, bytes: Buffer, behind: number): number {
    if (head.status === 101) {
      if (!this.#upgrade) return this.#fault('protocol', 'the upstream changed the protocol unasked');
      const { minor } = head;
      if (minor === 0) return this.#fault('protocol', 'HTTP/1.0 cannot change the protocol');
      this.stop();
      this.#sink.upgraded(head, bytes.subarray(behind));
      return -1;
    }
    if (++this.#informational > informationalMax) return this.#fault('protocol', 'too many informational heads');
    this.#sink.informational(head);
    return this.#phase === 'head' ? behind : -1;
  }

  #start(framing: Framing): void {
    switch (framing.kind) {
      case 'length':
        this.#left = framing.bytes;
        this.#phase = 'length';
        return;
      case 'chunked':
        this.#chunked = new ChunkedReader();
        this.#phase = 'chunked';
        return;
      case 'until_close':
        this.#phase = 'until_close';
        return;
      case 'none':
        this.#left = 0;
        this.#phase = 'length';
        return;
    }
  }

  #readChunked(bytes: Buffer, at: number): void {
    const chunked = this.#chunked;
    if (!chunked) return;
    const end = chunked.read(bytes, at, this.#onData);
    // Its consumer may have ended the call on that.
    if (this.#phase !== 'chunked') return;
    if (chunked.state === 'done') this.#end(end === bytes.length, chunked.trailers);
    else if (chunked.state === 'broken') this.#fault('protocol', chunked.fault ?? 'the chunked body is malformed');
  }

  readonly #onData = (view: Buffer): void => this.#sink.data(view);

  #end(clean: boolean, trailers: string[]): void {
    if (this.#phase === 'idle') return;
    if (!clean) this.mayKeep = false;
    this.#phase = 'idle';
    this.#chunked = undefined;
    this.#sink.done(trailers);
  }

  #fault(kind: 'protocol' | 'head_too_large' | 'closed', detail: string): number {
    this.stop();
    this.mayKeep = false;
    this.#sink.fault(kind, detail);
    return -1;
  }

  /** An upstream says the same each time. */
  #keepAliveOf(value: string): number {
    if (value !== this.#keepAliveText) {
      this.#keepAliveText = value;
      this.#keepAliveLimitMs = timeoutOf(value);
    }
    return this.#keepAliveLimitMs;
  }

  /** HTTP/1.1 keeps a connection unless it says otherwise; from HTTP/1.0 nothing is kept. */
  #readPersistence({ minor, fields }: ResponseHead): void {
    this.mayKeep = minor === 1;
    this.keepAliveMs = -1;
    for (let i = 0; i + 1 < fields.length; i += 2) {
      const name = fields[i] ?? '';
      // `connection` and `keep-alive` are the only names of this length that matter.
      if (name.length !== 10) continue;
      const lower = name.toLowerCase();
      const value = fields[i + 1] ?? '';
      if (lower === 'connection') {
        if (value !== 'keep-alive' && hasToken(value, 'close')) this.mayKeep = false;
      } else if (lower === 'keep-alive') this.keepAliveMs = this.#keepAliveOf(value);
    }
  }
}

function isBodiless(framing: Framing): boolean {
  return framing.kind === 'none' || (framing.kind === 'length' && framing.bytes === 0);
}

function hasToken(list: string, token: string): boolean {
  return list.split(',').some((part) => part.trim().toLowerCase() === token);
}

/** `timeout=5, max=100` in ms; -1 without one. */
function timeoutOf(value: string): number {
  for (const part of value.split(',')) {
    const [name = '', seconds = ''] = part.split('=');
    if (name.trim().toLowerCase() === 'timeout' && /^[0-9]{1,9}$/.test(seconds.trim())) return Number(seconds) * 1_000;
  }
  return -1;
}
