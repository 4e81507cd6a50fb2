import type { IncomingMessage, ServerResponse } from 'node:http';
import type { PageHandler } from '../browser-page.ts';
import { type ErrorCode, errorTable, GatewayError, problem } from '../errors.ts';
import { type Headers, sendError, sendProblem } from '../http-json.ts';
import { addressGroup, plainAddress } from '../limits/addresses.ts';
import { createRateLimiter } from '../limits/rate.ts';
import type { Log } from '../log.ts';
import { type DocumentsDeps, documents, errorDocument } from './documents.ts';
import { type OwnResourcesDeps, ownResourceAt, ownResources } from './own-resources.ts';
import { PortalRefusal } from './refusal.ts';
import { createBodyReader, type Endpoint, type Exchange, type Resource } from './resource.ts';

/**
 * What the gateway itself answers to consumers: `/_callora/…` and `/.well-known/…` on the gateway's listener. Nothing
 * here is sold, forwarded or charged; every answer is small, bounded and readable from any origin, because callers prove
 * themselves with a token they hold, never with a cookie.
 */
export type PortalDeps = DocumentsDeps &
  OwnResourcesDeps & {
    /** Serves the page for people at `/_callora/app/`. */
    page: PageHandler;
    log: Log;
  };

/** Answers the request and returns true when `path` (canonical, without query) is in a reserved namespace. */
export type PortalHandler = (req: IncomingMessage, res: ServerResponse, path: string) => boolean;

export function createPortal(deps: PortalDeps): PortalHandler {
  const all = {
    ...deps,
    limiter: createRateLimiter({ clock: deps.clock, bucketsMax: 10_000 }),
    body: createBodyReader(deps.clock),
  };
  const resources = new Map([...documents(all), ...ownResources(all)]);
  const resourceAt = (path: string) => resources.get(path) ?? errorDocumentAt(path) ?? ownResourceAt(path, all);
  return (req, res, path) => {
    if (deps.page(req, res, path)) return true;
    if (path !== '/_callora' && !path.startsWith('/_callora/') && !path.startsWith('/.well-known/')) return false;
    res.setHeader('access-control-allow-origin', '*');
    const exchange = {
      req,
      res,
      query: new URL(req.url ?? '/', 'http://portal').searchParams,
      address: addressGroup(plainAddress(req.socket.remoteAddress ?? '')),
    };
    answer(exchange, resourceAt(path)).catch((error: unknown) => fail(exchange, error, deps.log));
    return true;
  };
}

function errorDocumentAt(path: string): Resource | undefined {
  const prefix = '/_callora/errors/';
  return path.startsWith(prefix) ? errorDocument(path.slice(prefix.length)) : undefined;
}

async function answer(exchange: Exchange, resource: Resource | undefined): Promise<void> {
  const { req, res } = exchange;
  if (!resource) return refuse(exchange, 'not_found', 'see /_callora/ for what this gateway answers itself');
  const methods = ['GET', 'HEAD', 'POST', 'OPTIONS'].filter(
    (name) => name === 'OPTIONS' || (name === 'POST' ? resource.POST : resource.GET),
  );
  if (req.method === 'OPTIONS') return preflight(res, methods);
  const endpoint = endpointFor(req.method, resource);
  if (!endpoint) {
    const allow = methods.join(', ');
    return refuse(exchange, 'method_not_allowed', `this path answers ${allow}`, { allow });
  }
  await endpoint(exchange);
}

/** HEAD is GET; Node leaves the body out. */
function endpointFor(method: string | undefined, resource: Resource): Endpoint | undefined {
  if (method === 'GET' || method === 'HEAD') return resource.GET;
  return method === 'POST' ? resource.POST : undefined;
}

function preflight(res: ServerResponse, methods: string[]): void {
  res.writeHead(204, {
    allow: methods.join(', '),
    'access-control-allow-methods': methods.join(', '),
    'access-control-allow-headers': 'authorization, content-type',
    'access-control-max-age': '600',
  });
  res.end();
}

/** A refused request may carry a body nobody reads: its connection is not used again. */
function refuse(exchange: Exchange, code: ErrorCode, detail?: string, headers: Headers = {}): void {
  const hasBody = exchange.req.method !== 'GET' && exchange.req.method !== 'HEAD';
  sendError(exchange.res, code, detail, { ...headers, ...(hasBody ? { connection: 'close' } : {}) });
}

function fail(exchange: Exchange, error: unknown, log: Log): void {
  const { res } = exchange;
  if (res.headersSent) {
    res.destroy();
    return;
  }
  if (!(error instanceof GatewayError)) {
    log.error({ err: error }, 'a portal request failed');
    refuse(exchange, 'internal');
    return;
  }
  const headers = error instanceof PortalRefusal ? error.headers : {};
  // SEP-10 names its errors in a member `error`; problem+json allows any member, so one body serves both.
  const body = problem(error.code, error.detail, { error: error.detail ?? errorTable[error.code][1] });
  sendProblem(res, body, { ...headers, ...(exchange.req.method === 'POST' ? { connection: 'close' } : {}) });
}
