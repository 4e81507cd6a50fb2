import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { PageHandler } from '../browser-page.ts';
import type { Config, Listen } from '../catalog/model.ts';
import type { Clock } from '../clock.ts';
import { GatewayError, problem } from '../errors.ts';
import { readObject, sendJson, sendProblem, sendText } from '../http-json.ts';
import type { Log } from '../log.ts';
import { AdminRefusal } from './admin-refusal.ts';
import { apiRoutes, matchRoute } from './api.ts';
import type { Books } from './books.ts';
import { bearerToken, hostFault, tokenCheck } from './guard.ts';
import { type Health, notReady, troubleAside } from './health.ts';
import { createSessionRequests, noSession, proofHeader, type SessionRequests } from './session-requests.ts';

/**
 * The operator's listener, apart from the one that sells: health for balancers, metrics, and the API behind which the
 * command line and the dashboard work. All but the health paths want the admin token.
 */
export type AdminDeps = {
  config: () => Config;
  listen: Listen;
  token: string;
  books: Books;
  health: () => Health;
  /** The text of `/metrics` in the format of Prometheus. */
  metrics: { contentType: string; text(): Promise<string> };
  /** The browser page, whose files are no secret, and the books for who acts there. */
  dashboard: { page: PageHandler; books: Books };
  version: string;
  clock: Clock;
  log: Log;
};

export type Admin = {
  listen(): Promise<{ port: number }>;
  /** Takes no new connection, lets running requests end. */
  close(): Promise<void>;
};

const bodyBytesMax = 65_536;
const bodyTimeoutMs = 10_000;

export function createAdmin(deps: AdminDeps): Admin {
  const isToken = tokenCheck(deps.token);
  const sessions = createSessionRequests({ isToken, clock: deps.clock, log: deps.log });
  const callers = { isToken, sessions };
  const server = http.createServer(
    { maxHeaderSize: 16_384, requestTimeout: 30_000, headersTimeout: 10_000, keepAliveTimeout: 5_000 },
    (req, res) => {
      answer(deps, callers, req, res).catch((error: unknown) => fail(deps, req, res, error));
    },
  );
  server.maxConnections = 256;
  return {
    listen: () =>
      new Promise((resolve, reject) => {
        server.once('error', reject);
        server.listen(deps.listen.port, deps.listen.host, () => {
          server.off('error', reject);
          resolve({ port: (server.address() as AddressInfo).port });
        });
      }),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeIdleConnections();
      }),
  };
}

type Callers = { isToken: (token: string) => boolean; sessions: SessionRequests };

async function answer(deps: AdminDeps, callers: Callers, req: IncomingMessage, res: ServerResponse): Promise<void> {
  const url = URL.parse(req.url ?? '/', 'http://admin');
  if (!url) throw new GatewayError('bad_request', 'the request target is no path');
  const isRead = req.method === 'GET' || req.method === 'HEAD';
  if (url.pathname === '/healthz' && isRead) return sendJson(res, 200, { ok: true, version: deps.version });
  if (url.pathname === '/readyz' && isRead) return sendReadiness(deps, res);
  if (url.pathname === '/' && isRead)
    return sendText(res, 302, 'text/plain', 'See /dashboard/\n', { location: '/dashboard/' });
  if (deps.dashboard.page(req, res, url.pathname)) return;
  if (url.pathname === '/session') {
    requireOurName(deps, req);
    return callers.sessions.answer(req, res);
  }

  const books = booksFor(deps, callers, req);
  // A scraper names this host as it likes; it holds the token and gets numbers only.
  if (url.pathname === '/metrics' && isRead) {
    return sendText(res, 200, deps.metrics.contentType, await deps.metrics.text());
  }
  requireOurName(deps, req);

  const found = matchRoute(apiRoutes, req.method === 'HEAD' ? 'GET' : (req.method ?? ''), url.pathname);
  if (found.kind === 'not_found') throw new GatewayError('not_found', 'the operator API has no such path');
  if (found.kind === 'method_not_allowed') {
    throw new AdminRefusal('method_not_allowed', `this path answers ${found.allow}`, { allow: found.allow });
  }
  if (found.route.tokenOnly && books !== deps.books) {
    throw new AdminRefusal('admin_token_invalid', 'this wants the admin token itself, as a bearer token', {
      'www-authenticate': 'Bearer realm="callora admin"',
    });
  }
  const body = isRead
    ? { ok: true as const, fields: {} }
    : await readObject(req, { bytesMax: bodyBytesMax, timeoutMs: bodyTimeoutMs, clock: deps.clock });
  if (!body.ok) throw new GatewayError(body.code, body.detail);
  sendJson(
    res,
    200,
    await found.route.run(books, { params: found.params, query: url.searchParams, body: body.fields }),
  );
}

/** The books under the name of who asks: a program with the token, or a person with a session. */
function booksFor(deps: AdminDeps, { isToken, sessions }: Callers, { headers }: IncomingMessage): Books {
  const token = bearerToken(headers.authorization);
  if (token !== undefined && isToken(token)) return deps.books;
  if (sessions.accepts(headers)) return deps.dashboard.books;
  const hasSession = headers.authorization === undefined && (headers.cookie ?? headers[proofHeader]) !== undefined;
  throw new AdminRefusal('admin_token_invalid', hasSession ? noSession : 'send the admin token as a bearer token', {
    'www-authenticate': 'Bearer realm="callora admin"',
  });
}

function requireOurName(deps: AdminDeps, { headers }: IncomingMessage): void {
  const fault = hostFault(headers, deps.listen.host);
  if (fault) throw new GatewayError('bad_request', fault);
}

function sendReadiness(deps: AdminDeps, res: ServerResponse): void {
  const health = deps.health();
  const reasons = notReady(health, deps.clock.nowMs());
  const ready = reasons.length === 0;
  sendJson(res, ready ? 200 : 503, { ready, reasons, warnings: troubleAside(health) });
}

function fail(deps: AdminDeps, req: IncomingMessage, res: ServerResponse, error: unknown): void {
  if (res.headersSent) {
    res.destroy();
    return;
  }
  const known = error instanceof GatewayError;
  if (!known) deps.log.error({ err: error, path: section(req.url ?? '') }, 'an operator request failed');
  const code = known ? error.code : 'internal';
  // Problem types resolve at the gateway's listener, not at this one.
  const type = `${deps.config().gateway.publicUrl}/_callora/errors/${code}`;
  const body = { ...problem(code, known ? error.detail : undefined), type };
  const close = req.method === 'GET' || req.method === 'HEAD' ? {} : { connection: 'close' };
  sendProblem(res, body, { ...(error instanceof AdminRefusal ? error.headers : {}), ...close });
}

/** What of a path may be logged: deeper segments are ids, or what somebody took for one. */
function section(target: string): string {
  return (target.split('?')[0] ?? '').split('/').slice(0, 3).join('/');
}
