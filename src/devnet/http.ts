/** The devnet's one HTTP server: RPC, friendbot and Horizon by path, open to every origin. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A request with its body read. Answers through `res` and may keep it open. */
export type Exchange = { req: IncomingMessage; res: ServerResponse; url: URL; body: string };
export type Handler = (exchange: Exchange) => Promise<void>;

/** Several times the largest transaction, as base64 in JSON. */
const BODY_BYTES_MAX = 1_048_576;

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
  if (req.method === 'OPTIONS') {
    res.writeHead(204, {
      'access-control-allow-methods': 'GET, POST, OPTIONS',
      'access-control-allow-headers': req.headers['access-control-request-headers'] ?? '*',
      'access-control-max-age': '86400',
    });
    res.end();
    return;
  }
  const url = new URL(req.url ?? '/', 'http://devnet');
  const body = await readBody(req);
  if (body === undefined) return sendJson(res, 413, { status: 413, title: 'Request Entity Too Large' });
  await handler({ req, res, url, body });
}

async function readBody(req: IncomingMessage): Promise<string | undefined> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of req as AsyncIterable<Buffer>) {
    length += part.length;
    if (length > BODY_BYTES_MAX) return undefined;
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

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
