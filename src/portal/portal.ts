import type { IncomingMessage, ServerResponse } from 'node:http';
import type { PageHandler } from '../browser-page.ts';
import type { Config } from '../catalog/model.ts';
import type { Clock } from '../clock.ts';
import { type ErrorCode, errorTable, GatewayError, problem } from '../errors.ts';
import { type Headers, readObject, sendError, sendJson, sendProblem, sendText } from '../http-json.ts';
import { createRateLimiter, type RateLimiter } from '../limits/rate.ts';
import type { Log } from '../log.ts';
import { accountView, type CallerDeps, usageView } from './caller.ts';
import { type DepositDeps, depositDetails } from './classic-deposit.ts';
import { isErrorCode } from './error-help.ts';
import { errorPage } from './error-page.ts';
import { type OwnExitsDeps, ownExits, requestExit } from './exits.ts';
import { llmsText } from './llms-text.ts';
import { type LoginDeps, loginChallenge, loginSession, loginToken } from './login.ts';
import { openApi } from './openapi.ts';
import { issueOwnToken, type OwnTokensDeps, ownTokens, revokeOwnToken } from './own-tokens.ts';
import { publishedRoots, type RootsDeps } from './published-roots.ts';
import { callReceipt, ownLeaves, type ReceiptDeps } from './receipts.ts';
import { PortalRefusal } from './refusal.ts';
import { catalogView, serviceView } from './service.ts';
import { type UsageOverTimeDeps, usageOverTime } from './usage-over-time.ts';
import { authorizationServer, protectedResource, stellarToml } from './well-known.ts';

/**
 * What the gateway itself answers to consumers: `/_callora/…` and `/.well-known/…` on the gateway's listener. Nothing
 * here is sold, forwarded or charged; every answer is small, bounded and readable from any origin, because callers prove
 * themselves with a token they hold, never with a cookie.
 */
export type PortalDeps = CallerDeps &
  UsageOverTimeDeps &
  LoginDeps &
  OwnTokensDeps &
  DepositDeps &
  ReceiptDeps &
  Pick<RootsDeps, 'rootChain'> &
  OwnExitsDeps & {
    /** The catalog in force: it changes with a reload. */
    config: () => Config;
    /** Serves the page for people at `/_callora/app/`. */
    page: PageHandler;
    /** The public half of the token keys, as a JWKS object. */
    jwks: () => unknown;
    version: string;
    clock: Clock;
    log: Log;
  };

/** Answers the request and returns true when `path` (canonical, without query) is in a reserved namespace. */
export type PortalHandler = (req: IncomingMessage, res: ServerResponse, path: string) => boolean;

/** A login transaction is below 2 KB, the wish for a token below 4 KB. */
const bodyBytesMax = 8_192;
const bodyTimeoutMs = 10_000;

const publicFor5Minutes: Headers = { 'cache-control': 'public, max-age=300' };

type Exchange = { req: IncomingMessage; res: ServerResponse; query: URLSearchParams; address: string };
type Endpoint = (exchange: Exchange) => Promise<void> | void;
type Resource = { GET?: Endpoint; POST?: Endpoint };

export function createPortal(deps: PortalDeps): PortalHandler {
  const limited = { ...deps, limiter: createRateLimiter({ clock: deps.clock, bucketsMax: 10_000 }) };
  const resources = resourcesOf(limited);
  return (req, res, path) => {
    if (deps.page(req, res, path)) return true;
    if (path !== '/_callora' && !path.startsWith('/_callora/') && !path.startsWith('/.well-known/')) return false;
    res.setHeader('access-control-allow-origin', '*');
    const exchange = {
      req,
      res,
      query: new URL(req.url ?? '/', 'http://portal').searchParams,
      address: req.socket.remoteAddress ?? '',
    };
    answer(exchange, resources.get(path) ?? parametrized(path, limited)).catch((error: unknown) =>
      fail(exchange, error, deps.log),
    );
    return true;
  };
}

function resourcesOf(deps: PortalDeps & { limiter: RateLimiter }): Map<string, Resource> {
  const get = (endpoint: Endpoint): Resource => ({ GET: endpoint });
  const json = (read: () => unknown, headers: Headers = publicFor5Minutes) =>
    get(({ res }) => sendJson(res, 200, read(), headers));
  const service = get(({ req, res }) => {
    const headers = { ...publicFor5Minutes, vary: 'accept' };
    if (!wantsHtml(req)) return sendJson(res, 200, serviceView(deps.config(), deps.version), headers);
    res.writeHead(303, { ...headers, location: '/_callora/app/', 'content-length': 0 }).end();
  });
  return new Map<string, Resource>([
    ['/_callora', service],
    ['/_callora/', service],
    ['/_callora/catalog', json(() => catalogView(deps.config()), { 'cache-control': 'public, max-age=60' })],
    ['/_callora/openapi.json', json(() => openApi(deps.config(), deps.version))],
    [
      '/_callora/llms.txt',
      get(({ res }) => sendText(res, 200, 'text/plain; charset=utf-8', llmsText(deps.config()), publicFor5Minutes)),
    ],
    [
      '/_callora/deposit',
      get(async ({ req, res, query }) => sendJson(res, 200, await depositDetails(deps, req.rawHeaders, query))),
    ],
    [
      '/_callora/login',
      {
        GET: async ({ res, query, address }) => sendJson(res, 200, await loginChallenge(deps, query, address)),
        POST: async ({ req, res, address }) =>
          sendJson(res, 200, await loginToken(deps, await bodyOf(req, deps.clock, true), address)),
      },
    ],
    [
      '/_callora/session',
      {
        POST: async ({ req, res, address }) =>
          sendJson(res, 200, await loginSession(deps, await bodyOf(req, deps.clock, true), address)),
      },
    ],
    ['/_callora/account', get(async ({ req, res }) => sendJson(res, 200, await accountView(deps, req.rawHeaders)))],
    [
      '/_callora/usage',
      get(async ({ req, res, query }) => sendJson(res, 200, await usageView(deps, req.rawHeaders, query))),
    ],
    [
      '/_callora/usage/summary',
      get(async ({ req, res, query }) => sendJson(res, 200, await usageOverTime(deps, req.rawHeaders, query))),
    ],
    [
      '/_callora/tokens',
      {
        GET: async ({ req, res, query }) => sendJson(res, 200, await ownTokens(deps, req.rawHeaders, query)),
        POST: async ({ req, res }) =>
          sendJson(res, 201, await issueOwnToken(deps, req.rawHeaders, () => bodyOf(req, deps.clock, false))),
      },
    ],
    [
      '/_callora/roots',
      get(async ({ res, query, address }) => {
        const { body, headers } = await publishedRoots(deps, query, address);
        sendJson(res, 200, body, headers);
      }),
    ],
    [
      '/_callora/exits',
      {
        GET: async ({ req, res, query }) => sendJson(res, 200, await ownExits(deps, req.rawHeaders, query)),
        POST: async ({ req, res }) =>
          sendJson(res, 200, await requestExit(deps, req.rawHeaders, () => bodyOf(req, deps.clock, false))),
      },
    ],
    ['/.well-known/jwks.json', json(deps.jwks)],
    ['/.well-known/oauth-protected-resource', json(() => protectedResource(deps.config()))],
    ['/.well-known/oauth-authorization-server', json(() => authorizationServer(deps.config()))],
    [
      '/.well-known/stellar.toml',
      get(({ res }) => {
        const accounts = deps.classic ? [deps.classic.address] : [];
        const text = stellarToml(deps.config(), { signingKey: deps.loginAddress, accounts, ...deps.chain() });
        sendText(res, 200, 'text/plain; charset=utf-8', text, publicFor5Minutes);
      }),
    ],
  ]);
}

async function bodyOf(req: IncomingMessage, clock: Clock, form: boolean): Promise<Record<string, unknown>> {
  const body = await readObject(req, { bytesMax: bodyBytesMax, timeoutMs: bodyTimeoutMs, clock, form });
  if (!body.ok) throw new GatewayError(body.code, body.detail);
  return body.fields;
}

/** Paths with a name in them: an error code, the id of a token or a call, a batch. */
function parametrized(path: string, deps: PortalDeps & { limiter: RateLimiter }): Resource | undefined {
  const [, collection = '', name = '', act] = /^\/_callora\/([a-z]+)\/([\w-]{1,64})(?:\/([a-z]+))?$/.exec(path) ?? [];
  if (collection === 'errors' && act === undefined && isErrorCode(name)) {
    return { GET: ({ req, res }) => sendErrorPage(res, name, wantsHtml(req)) };
  }
  if (collection === 'tokens' && act === 'revoke') {
    return {
      POST: async ({ req, res }) =>
        sendJson(res, 200, await revokeOwnToken(deps, req.rawHeaders, name, () => bodyOf(req, deps.clock, false))),
    };
  }
  if (collection === 'receipts' && act === undefined) {
    return { GET: async ({ req, res }) => sendJson(res, 200, await callReceipt(deps, req.rawHeaders, name)) };
  }
  const leaves = /^\/_callora\/batches\/([0-9]{1,10})\/([0-9]{1,15})\/leaves$/.exec(path);
  if (!leaves) return undefined;
  const place: [number, number] = [Number(leaves[1]), Number(leaves[2])];
  return {
    GET: async ({ req, res, query }) => sendJson(res, 200, await ownLeaves(deps, req.rawHeaders, place, query)),
  };
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

/** Browsers name it; programs and curl take anything. */
function wantsHtml(req: IncomingMessage): boolean {
  return req.headers.accept?.includes('text/html') ?? false;
}

function sendErrorPage(res: ServerResponse, code: ErrorCode, html: boolean): void {
  const page = errorPage(code);
  const headers = { ...publicFor5Minutes, vary: 'accept' };
  if (html) sendText(res, 200, 'text/html; charset=utf-8', page.html, headers);
  else sendJson(res, 200, page.json, headers);
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
