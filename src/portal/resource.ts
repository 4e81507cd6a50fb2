import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../clock.ts';
import { GatewayError } from '../errors.ts';
import { type Headers, readObject, sendJson } from '../http-json.ts';

/** One path of the portal: what it answers to which method. HEAD is GET. */
export type Resource = { GET?: Endpoint; POST?: Endpoint };

export type Endpoint = (exchange: Exchange) => Promise<void> | void;

export type Exchange = {
  req: IncomingMessage;
  res: ServerResponse;
  query: URLSearchParams;
  /** What the client counts as where requests are rationed: its address, or its /64 with IPv6. */
  address: string;
};

export const publicFor5Minutes: Headers = { 'cache-control': 'public, max-age=300' };

/** A resource that is read as JSON. */
export function jsonAt(read: (exchange: Exchange) => unknown): Resource {
  return { GET: async (exchange) => sendJson(exchange.res, 200, await read(exchange)) };
}

/** A login transaction is below 2 KB, the wish for a token below 4 KB. */
const bodyBytesMax = 8_192;
const bodyTimeoutMs = 10_000;

export type BodyReader = (req: IncomingMessage, form?: 'form') => Promise<Record<string, unknown>>;

/** Reads a JSON object, or a form where SEP-10 wants one taken. */
export function createBodyReader(clock: Clock): BodyReader {
  return async (req, form) => {
    const bounds = { bytesMax: bodyBytesMax, timeoutMs: bodyTimeoutMs, clock, form: form === 'form' };
    const body = await readObject(req, bounds);
    if (!body.ok) throw new GatewayError(body.code, body.detail);
    return body.fields;
  };
}
