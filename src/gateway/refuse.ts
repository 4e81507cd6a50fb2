import { type ErrorCode, problem } from '../errors.ts';
import { statusLine } from '../http1/status-line.ts';
import { type Exchange, endsConnection } from './exchange.ts';
import { proxyStatus } from './proxy-status.ts';

/** Why a call is not answered by the upstream: a value on its way to the client, never an exception. */
export type Refusal = {
  ok: false;
  code: ErrorCode;
  detail?: string | undefined;
  /** Further members of the problem document. */
  extra?: Record<string, unknown>;
  /** Flat pairs of header fields. */
  fields?: string[];
  /** What Proxy-Status says, when the code alone does not tell. */
  proxyStatus?: string;
  /** Ends the connection after the answer: its framing or its peer is not to be trusted. */
  close?: boolean;
};

/** Writes the problem document of a refusal. The only writer of answers that no upstream made. */
export function refuse(exchange: Exchange, refusal: Refusal): void {
  const { answer, body: requestBody, end } = exchange;
  end.outcome = refusal.code;
  if (exchange.clientGone || answer.headSent) return;
  const document = problem(refusal.code, refusal.detail, {
    ...refusal.extra,
    request_id: exchange.requestId,
  });
  const body = Buffer.from(JSON.stringify(document));
  const bodiless = exchange.head.method === 'HEAD';
  end.status = document.status;
  end.bytesOut = bodiless ? 0 : body.length;
  const fields = [
    'content-type',
    'application/problem+json',
    'cache-control',
    'no-store',
    'x-request-id',
    exchange.requestId,
    ...(refusal.fields ?? []),
  ];
  // The gateway is the origin of its own pages, and a proxy for all else.
  if (exchange.own === undefined) fields.push('proxy-status', refusal.proxyStatus ?? proxyStatus(refusal.code));
  if (bodiless) fields.push('content-length', String(body.length));
  // A body that is still coming in cannot be told from the next request once nobody reads it; and bytes that a client sent
  // for the protocol it asked for are no request.
  if (refusal.close || exchange.head.socket || (requestBody && !requestBody.complete)) endsConnection(exchange);
  answer.whole(document.status, [...fields, ...exchange.fields], body, bodiless);
}

/**
 * A refusal on a bare socket, before there is a request to answer: a broken head, a connection too many. Which API is meant,
 * and what page asks, nobody has read: it has no fields of CORS.
 */
export function rawRefusal(code: ErrorCode, detail: string | undefined, requestId: string, date: string): string {
  const document = problem(code, detail, { request_id: requestId });
  const body = JSON.stringify(document);
  return (
    `${statusLine(document.status)}content-type: application/problem+json\r\n` +
    `content-length: ${Buffer.byteLength(body)}\r\ncache-control: no-store\r\n` +
    `x-request-id: ${requestId}\r\ndate: ${date}\r\n` +
    `proxy-status: ${proxyStatus(code)}\r\nconnection: close\r\n\r\n${body}`
  );
}
