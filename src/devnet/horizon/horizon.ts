/** Horizon's wire: which route answers, in which form, and what stands in the headers. */
import type { ServerResponse } from 'node:http';
import type { Clock } from '../../clock.ts';
import type { Exchange } from '../http.ts';
import type { Chain } from '../ledger/chain.ts';
import { negotiate } from './accept.ts';
import { createArchive } from './archive.ts';
import { HAL, sendDocument } from './document.ts';
import { createEffectArchive } from './effect-archive.ts';
import { follow, streams } from './follow.ts';
import { readEnvelopeField } from './form.ts';
import { baseOf, hypertextPage } from './links.ts';
import { type Found, paramText, routeFinder } from './match.ts';
import { cursorText, readHistoryPage, readStatePage } from './page.ts';
import { bodyTooLarge, HorizonRefusal, notAcceptable, notFound, rateLimitExceeded, sendProblem } from './problem.ts';
import type { Allowance, RateLimiter } from './rate-limit.ts';
import type { Asked, HistoryRoute, ObjectRoute, Route, Site, StateRoute } from './route.ts';
import { routes } from './routes.ts';
import { viewOf } from './view.ts';

export type HorizonDeps = {
  chain: Chain;
  clock: Clock;
  /** For links, where a request does not say which host it was meant for. */
  baseUrl: () => string;
  limiter: RateLimiter;
};

export type Horizon = {
  /** What faults of this request are set on, the narrowest first. */
  targets(exchange: Exchange): string[];
  /** Answers from the network as the request sees it. */
  answer(exchange: Exchange, chain: Chain): Promise<void>;
};

/** What Horizon takes of a body. */
export const HORIZON_BODY_BYTES_MAX = 200_000;

export function createHorizon(deps: HorizonDeps): Horizon {
  const archive = createArchive(deps.chain);
  const effects = createEffectArchive(deps.chain);
  const find = routeFinder(routes);
  return {
    targets({ req, url }) {
      const route = find(url.pathname).find((found) => takes(found.route, req.method))?.route;
      return route ? [`horizon.${route.fault}`, 'horizon'] : ['horizon'];
    },
    async answer(exchange, chain) {
      const { req, res, url } = exchange;
      res.setHeader('access-control-expose-headers', 'Date, Latest-Ledger');
      res.setHeader('cache-control', 'no-cache, no-store, max-age=0');
      const charge = () => deps.limiter.take(req.socket.remoteAddress ?? '', deps.clock.monotonicMs());
      const found = find(url.pathname);
      const fitting = found.find(({ route }) => takes(route, req.method));
      try {
        // A stream pays each time it looks for news instead, from its first on.
        if (negotiate(req.headers.accept) !== 'events') pay(res, charge());
        if (found.length === 0) throw notFound();
        if (!fitting) return void res.writeHead(405).end();
        const base = baseOf(req, deps.baseUrl());
        const site = { chain, view: viewOf(chain), archive, effects, clock: deps.clock, base };
        await respond(site, fitting, exchange, () => refuseOver(charge()));
      } catch (error) {
        if (!(error instanceof HorizonRefusal)) throw error;
        sendProblem(res, error.problem);
      }
    },
  };
}

function takes({ kind }: Route, method: string | undefined): boolean {
  return method === (kind === 'submit' ? 'POST' : 'GET');
}

function pay(res: ServerResponse, allowance: Allowance): void {
  res.setHeader('x-ratelimit-limit', String(allowance.limit));
  res.setHeader('x-ratelimit-remaining', String(allowance.remaining));
  res.setHeader('x-ratelimit-reset', String(allowance.resetS));
  if (allowance.retryAfterS !== undefined) res.setHeader('retry-after', String(allowance.retryAfterS));
  refuseOver(allowance);
}

function refuseOver({ retryAfterS }: Allowance): void {
  if (retryAfterS !== undefined) throw rateLimitExceeded();
}

/** `payForNews` throws where a stream looks too often. */
async function respond(
  site: Site,
  { route, params }: Found,
  exchange: Exchange,
  payForNews: () => void,
): Promise<void> {
  const { req, url } = exchange;
  const form = negotiate(req.headers.accept);
  const asked: Asked = {
    param: (name) => paramText(params, name),
    has: (name) => params.has(name),
    query: url.searchParams,
  };
  if (form === 'octets' && route.kind === 'object' && route.octets) {
    const bytes = route.octets(site, asked);
    exchange.res.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': bytes.length });
    return void exchange.res.end(bytes);
  }
  if (form === 'events' && streams(route)) return follow(site, route, asked, exchange, payForNews);
  if (form !== 'document') throw notAcceptable();
  if (route.kind === 'submit') {
    if (exchange.body === undefined) throw bodyTooLarge(HORIZON_BODY_BYTES_MAX);
    const envelope = await readEnvelopeField(req.headers['content-type'], exchange.body, url.searchParams);
    const { status, body } = await route.answer(site, envelope, exchange);
    return sendHal(exchange, status, body);
  }
  const document = documentOf(site, route, asked, exchange);
  if (route.kind === 'state' || (route.kind === 'object' && route.state)) {
    exchange.res.setHeader('latest-ledger', String(site.view.latest));
  }
  sendHal(exchange, 200, document, route.kind === 'object' ? route.type : undefined);
}

function documentOf(
  site: Site,
  route: ObjectRoute | HistoryRoute | StateRoute,
  asked: Asked,
  { req, url }: Exchange,
): unknown {
  if (route.kind === 'object') return route.answer(site, asked);
  const cursor = cursorText(asked.query, site.view, req.headers['last-event-id']);
  if (route.kind === 'state') {
    const query = readStatePage(asked.query, cursor);
    return hypertextPage(route.answer(site, asked, query), { ...query, base: site.base, url, cursor });
  }
  const query = readHistoryPage(asked.query, cursor, site.view, route.tokens);
  return hypertextPage(route.answer(site, asked).page(query), { ...query, base: site.base, url, cursor });
}

function sendHal({ res }: Exchange, status: number, document: unknown, type = HAL): void {
  res.setHeader('content-disposition', 'inline');
  sendDocument(res, status, document, type);
}
