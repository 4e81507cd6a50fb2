/** The devnet's one HTTP server: RPC, friendbot and Horizon by path, open to every origin. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * A request with its body read; undefined when the body is larger than its handler takes. Answers through `res` and may
 * keep it open.
 */
export type Exchange = { req: IncomingMessage; res: ServerResponse; url: URL; body: string | undefined };

export type Handler = {
  answer(exchange: Exchange): Promise<void>;
  /** Bytes of body that are read for a request at most. */
  bodyBytesMax(req: IncomingMessage, url: URL): number;
};

export type HttpServer = { port: number; close(): Promise<void> };

/** Rejects when the port is taken. */
export async function listen(host: string, port: number, handler: Handler): Promise<HttpServer> {
  const server = createServer((req, res) => {
    res.setHeader('access-control-allow-origin', '*');
    exchange(req, res, handler).catch((error: unknown) => fail(res, error));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  const bound = server.address() as AddressInfo;
  return { port: bound.port, close: () => closeServer(server) };
}

async function exchange(req: IncomingMessage, res: ServerResponse, handler: Handler): Promise<void> {
  if (isPreflight(req)) {
    res.writeHead(204, {
      'access-control-allow-methods': 'GET, POST, OPTIONS',
      'access-control-allow-headers': req.headers['access-control-request-headers'] ?? '*',
      'access-control-max-age': '86400',
    });
    res.end();
    return;
  }
  const url = targetOf(req);
  const body = await readBody(req, handler.bodyBytesMax(req, url));
  await handler.answer({ req, res, url, body });
}

/** The question that a browser asks before a request to another origin (Fetch, section 3.3.2). */
function isPreflight({ method, headers }: IncomingMessage): boolean {
  const asks = headers['access-control-request-method'] ?? headers['access-control-request-headers'];
  return method === 'OPTIONS' && headers.origin !== undefined && asks !== undefined;
}

/** Only path and query of the target count (RFC 9112 section 3.2): a path that begins with two slashes is no host. */
function targetOf({ url = '/' }: IncomingMessage): URL {
  const target = url.replace(/^https?:\/\/[^/?#]*/i, '');
  return new URL(`http://devnet${target.startsWith('/') ? target : `/${target}`}`);
}

/** Reads on to the end of what is too large, so that the client gets to see its answer. */
async function readBody(req: IncomingMessage, bytesMax: number): Promise<string | undefined> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of req as AsyncIterable<Buffer>) {
    length += part.length;
    if (length > DRAINED_BYTES_MAX) return undefined;
    if (length <= bytesMax) parts.push(part);
  }
  return length > bytesMax ? undefined : Buffer.concat(parts).toString('utf8');
}

/** What is read of a body that is too large before its connection is given up. */
const DRAINED_BYTES_MAX = 16 * 1_048_576;

export function sendJson(res: ServerResponse, status: number, value: unknown, contentType = 'application/json'): void {
  const text = JSON.stringify(value);
  res.writeHead(status, { 'content-type': contentType, 'content-length': Buffer.byteLength(text) });
  res.end(text);
}

function fail(res: ServerResponse, error: unknown): void {
  if (res.destroyed) return;
  if (res.headersSent) res.destroy();
  else sendJson(res, 500, { status: 500, title: 'Internal Server Error', detail: String(error) });
}

/** Open streams are cut: a network that stops does not wait for its listeners. */
function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
