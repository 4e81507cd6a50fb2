import { METHODS } from 'node:http';
import type { ErrorCode } from '../errors.ts';
import { isHost } from '../http1/host.ts';
import type { RequestHead } from '../http1/request-head.ts';
import { readLength } from '../http1/response-framing.ts';

/** What one pass over the request head found. Fields keep their raw form; absent ones are undefined. */
export type Head = {
  method: string;
  /** 1.0 clients get no chunked answer and no informational one. */
  minor: 0 | 1;
  /** Empty where HTTP/1.0 names none; from then on the host of `public_url` stands for it. */
  host: string;
  /** Declared body length in bytes; undefined when chunked or without a body. */
  contentLength: number | undefined;
  hasBody: boolean;
  /** The client keeps the connection for another request. */
  persistent: boolean;
  /** The client waits for `100 Continue`. */
  expectsContinue: boolean;
  /** Lower-case names listed in Connection, without `close` and `keep-alive`. */
  connectionNames: string[] | undefined;
  origin: string | undefined;
  /** Set on a CORS preflight only. */
  preflightMethod: string | undefined;
  preflightHeaders: string | undefined;
  requestId: string | undefined;
  /** The client asks for a WebSocket: the one upgrade that is forwarded. */
  socket: boolean;
  /** As sent; a field that is there twice shows as the list it makes, which is no key. */
  idempotencyKey: string | undefined;
};

export type HeadResult = { ok: true; head: Head } | { ok: false; code: ErrorCode; detail: string };

type Mutable = Head & {
  hosts: number;
  lengths: number;
  transferEncoding: string | undefined;
  upgrade: string | undefined;
  worker: boolean;
  /** An expectation that nobody here knows how to meet. */
  expectsOther: boolean;
  closes: boolean;
};

/**
 * Judges what a well-formed request head means for its framing and its connection. Two parties that read one head
 * differently are how requests are smuggled, so whatever could be read in two ways is refused. A refusal here closes the
 * connection.
 */
export function readHead(request: RequestHead): HeadResult {
  const raw = request.fields;
  const head: Mutable = {
    method: request.method,
    minor: request.minor,
    host: '',
    contentLength: undefined,
    hasBody: false,
    persistent: request.minor === 1,
    expectsContinue: false,
    connectionNames: undefined,
    origin: undefined,
    preflightMethod: undefined,
    preflightHeaders: undefined,
    requestId: undefined,
    idempotencyKey: undefined,
    hosts: 0,
    lengths: 0,
    transferEncoding: undefined,
    socket: false,
    upgrade: undefined,
    worker: false,
    expectsOther: false,
    closes: false,
  };
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const problem = readField(head, (raw[i] ?? '').toLowerCase(), raw[i + 1] ?? '');
    if (problem) return bad('bad_request', problem);
  }
  return judge(head);
}

function readField(head: Mutable, name: string, value: string): string | undefined {
  switch (name) {
    case 'host':
      head.hosts++;
      head.host = value;
      return undefined;
    case 'content-length':
      head.lengths++;
      head.contentLength = readLength(value);
      return head.contentLength < 0 ? 'Content-Length is not a number of bytes' : undefined;
    case 'transfer-encoding':
      if (head.transferEncoding !== undefined) return 'Transfer-Encoding stands twice';
      head.transferEncoding = value.toLowerCase();
      return undefined;
    case 'connection':
      readConnection(head, value);
      return undefined;
    case 'expect':
      if (value.toLowerCase() === '100-continue') head.expectsContinue = true;
      else head.expectsOther = true;
      return undefined;
    case 'upgrade':
      if (head.upgrade !== undefined) return 'Upgrade stands twice';
      head.upgrade = value;
      return undefined;
    case 'service-worker':
      head.worker = true;
      return undefined;
    case 'origin':
      head.origin ??= value;
      return undefined;
    case 'access-control-request-method':
      head.preflightMethod ??= value;
      return undefined;
    case 'access-control-request-headers':
      head.preflightHeaders ??= value;
      return undefined;
    case 'x-request-id':
      head.requestId ??= value;
      return undefined;
    case 'idempotency-key':
      head.idempotencyKey = head.idempotencyKey === undefined ? value : `${head.idempotencyKey}, ${value}`;
      return undefined;
    default:
      return undefined;
  }
}

function judge(head: Mutable): HeadResult {
  // HTTP/1.0 knows no Host, and RFC 9112 section 3.2 asks it of HTTP/1.1 alone.
  const isHostless = head.hosts === 0 && head.minor === 0;
  if (head.hosts !== 1 && !isHostless) return bad('bad_request', 'exactly one Host field is needed');
  if (!isHostless && !isHost(head.host)) return bad('bad_request', 'the Host field is malformed');
  if (head.lengths > 1) return bad('bad_request', 'Content-Length stands twice');
  if (head.transferEncoding !== undefined) {
    if (head.lengths > 0) return bad('bad_request', 'Content-Length and Transfer-Encoding exclude each other');
    if (head.minor === 0) return bad('bad_request', 'HTTP/1.0 has no Transfer-Encoding');
    if (head.transferEncoding !== 'chunked') {
      return bad('not_implemented', 'the only transfer coding understood is chunked');
    }
  }
  // A Connection that names an Upgrade which is not there asks for nothing, and goes no further. nginx sends it with
  // every plain call when it is set up for WebSockets in the usual way.
  if (head.upgrade !== undefined) {
    const refused = judgeUpgrade(head);
    if (refused) return refused;
    head.socket = true;
  }
  // A browser asks for the script of a service worker with this field. One that a sold API had planted would stand
  // before the gateway's own pages, with what people type there.
  if (head.worker) return bad('not_implemented', 'service workers are not served');
  if (!forwardedMethods.has(head.method)) return bad('not_implemented', 'this method is not forwarded');
  if (head.expectsOther) return bad('expectation_failed', 'the one expectation that is met is 100-continue');
  // RFC 9110 section 10.1.1: an expectation of a client that does not know it, or without a body, says nothing.
  head.hasBody = head.transferEncoding !== undefined || (head.contentLength ?? 0) > 0;
  if (head.minor === 0 || !head.hasBody) head.expectsContinue = false;
  if (head.closes) head.persistent = false;
  if (head.requestId !== undefined && !isRequestId(head.requestId)) head.requestId = undefined;
  return { ok: true, head };
}

/** Behind an upgrade that one side sees and the other does not, the two read different requests: only one is let on. */
function judgeUpgrade(head: Mutable): HeadResult | undefined {
  if (head.minor === 0) return bad('bad_request', 'HTTP/1.0 has no upgrades');
  if (head.transferEncoding !== undefined || (head.contentLength ?? 0) > 0) {
    return bad('bad_request', 'a request with a body cannot ask for an upgrade');
  }
  const named = head.connectionNames?.includes('upgrade') ?? false;
  if (head.method === 'GET' && named && head.upgrade?.toLowerCase() === 'websocket') return undefined;
  return bad('not_implemented', 'the one upgrade that is forwarded is that of a GET to websocket');
}

/**
 * The methods that can be sold. Any other word would travel into logs, metrics and receipts, where a client could write
 * what it likes. TRACE echoes a request, credentials and all; CONNECT asks for a tunnel.
 */
const forwardedMethods = new Set(METHODS.filter((method) => method !== 'TRACE' && method !== 'CONNECT'));

function bad(code: ErrorCode, detail: string): HeadResult {
  return { ok: false, code, detail };
}

/** Collects the names that Connection lists. `close` and `keep-alive` are about the socket, not about fields. */
function readConnection(head: Mutable, value: string): void {
  if (value === 'keep-alive') {
    head.persistent = true;
    return;
  }
  for (const part of value.split(',')) {
    const name = part.trim().toLowerCase();
    if (name === 'close') head.closes = true;
    else if (name === 'keep-alive') head.persistent = true;
    else if (name !== '') {
      head.connectionNames ??= [];
      head.connectionNames.push(name);
    }
  }
}

/** Ids are echoed into headers and logs, so only plain short ones are taken from clients. */
function isRequestId(text: string): boolean {
  if (text.length === 0 || text.length > 128) return false;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    const letter = (code | 32) >= 97 && (code | 32) <= 122;
    const digit = code >= 48 && code <= 57;
    if (!letter && !digit && code !== 45 && code !== 46 && code !== 95 && code !== 58) return false;
  }
  return true;
}

/** Stands in until the head has been read, so that a refusal can be written at any time. */
export const unreadHead: Head = {
  method: '',
  minor: 1,
  host: '',
  contentLength: undefined,
  hasBody: true,
  persistent: false,
  expectsContinue: false,
  connectionNames: undefined,
  origin: undefined,
  preflightMethod: undefined,
  preflightHeaders: undefined,
  requestId: undefined,
  socket: false,
  idempotencyKey: undefined,
};
