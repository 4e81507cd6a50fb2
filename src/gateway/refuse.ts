import { type ErrorCode, problem } from '../errors.ts';
import { type Exchange, endsConnection } from './exchange.ts';

/** Why a call is not answered by the upstream: a value on its way to the client, never an exception. */
export type Refusal = {
  ok: false;
  code: ErrorCode;
  detail?: string | undefined;
  /** Further members of the problem document. */
  extra?: Record<string, unknown>;
  /** Flat pairs of header fields. */
  fields?: string[];
  /** Ends the connection after the answer: its framing or its peer is not to be trusted. */
  close?: boolean;
};

/** Longest wait for the rest of a refused body before the connection is ended, ms. */
const lingerMs = 2000;

/** Writes the problem document of a refusal. The only writer of answers that no upstream made. */
export function refuse(exchange: Exchange, refusal: Refusal): void {
  const { res, req, end } = exchange;
  end.outcome = refusal.code;
  exchange.refused = true;
  if (res.destroyed || res.headersSent) return;
  const document = problem(refusal.code, refusal.detail, {
    ...refusal.extra,
    request_id: exchange.requestId,
  });
  const body = Buffer.from(JSON.stringify(document));
  end.status = document.status;
  end.bytesOut = exchange.head.method === 'HEAD' ? 0 : body.length;
  const unread = !req.complete && !req.readableEnded;
  const fields = [
    'content-type',
    'application/problem+json',
    'content-length',
    String(body.length),
    'cache-control',
    'no-store',
    'x-request-id',
    exchange.requestId,
    ...(refusal.fields ?? []),
  ];
  if (refusal.close || unread) endsConnection(exchange);
  res.writeHead(document.status, [...fields, ...exchange.fields]);
  if (unread && exchange.head.hasBody && !exchange.expectsContinue) endAfterBody(exchange, body);
  else res.end(body);
}

/**
 * A client that is still sending would see a reset instead of the answer if the connection ended now, so the
 * answer is written whole at once and the connection ends when the body has come in, or after a short wait.
 */
function endAfterBody(exchange: Exchange, body: Buffer): void {
  const { req, res } = exchange;
  if (exchange.head.method !== 'HEAD') res.write(body);
  const end = () => {
    clearTimeout(timer);
    res.end();
  };
  const timer = setTimeout(() => {
    res.end();
    res.socket?.destroySoon();
  }, lingerMs);
  req.once('end', end).once('close', end);
  req.resume();
}

/** A refusal on a bare socket, before there is a request to answer: broken heads, too many connections, CONNECT. */
export function rawRefusal(code: ErrorCode, detail?: string): string {
  const document = problem(code, detail);
  const body = JSON.stringify(document);
  return (
    `HTTP/1.1 ${document.status} ${document.title}\r\ncontent-type: application/problem+json\r\n` +
    `content-length: ${Buffer.byteLength(body)}\r\ncache-control: no-store\r\nconnection: close\r\n\r\n${body}`
  );
}
