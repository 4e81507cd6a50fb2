/** Horizon's wire: which route answers, in which form, and what stands in the headers. */
import type { Clock } from '../../clock.ts';
import type { Exchange } from '../http.ts';
import type { Chain } from '../ledger/chain.ts';
import { negotiate } from './accept.ts';
import { createArchive } from './archive.ts';
import { sendDocument } from './document.ts';
import { readEnvelopeField } from './form.ts';
import { baseOf, hypertextPage } from './links.ts';
import { type Found, paramText, routeFinder } from './match.ts';
import { cursorText, positionOf, readHistoryPage, readStatePage, windowOf } from './page.ts';
import { bodyTooLarge, HorizonRefusal, notAcceptable, notFound, sendProblem } from './problem.ts';
import type { Asked, HistoryRoute, ObjectRoute, Route, Site, StateRoute } from './route.ts';
import { routes } from './routes.ts';
import { serveStream } from './stream.ts';
import { viewOf } from './view.ts';

export type HorizonDeps = { chain: Chain; clock: Clock; baseUrl: () => string };

export type Horizon = {
  /** What faults of this request are set on, the narrowest first. */
  targets(exchange: Exchange): string[];
  /** Answers from the network as the request sees it. */
  answer(exchange: Exchange, chain: Chain): Promise<void>;
};

/** What Horizon takes of a body. */
export const HORIZON_BODY_BYTES_MAX = 200_000;
/** How often an object is sent again over one stream. */
const OBJECT_EVENTS_MAX = 10;
const HAL = 'application/hal+json; charset=utf-8';

export function createHorizon(deps: HorizonDeps): Horizon {
  const archive = createArchive(deps.chain);
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
      const found = find(url.pathname);
      const fitting = found.find(({ route }) => takes(route, req.method));
      try {
        if (found.length === 0) throw notFound();
        if (!fitting) return void res.writeHead(405).end();
        const base = baseOf(req, deps.baseUrl());
        await respond({ chain, view: viewOf(chain), archive, clock: deps.clock, base }, fitting, exchange);
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

async function respond(site: Site, { route, params }: Found, exchange: Exchange): Promise<void> {
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
  if (form === 'events' && streams(route)) return followed(site, route, asked, exchange);
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
  sendHal(exchange, 200, document);
}

function streams(route: Route): route is ObjectRoute | HistoryRoute | StateRoute {
  return route.kind === 'history' || (route.kind !== 'submit' && route.streams === true);
}

function documentOf(
  site: Site,
  route: ObjectRoute | HistoryRoute | StateRoute,
  asked: Asked,
  { req, url }: Exchange,
): unknown {
  if (route.kind === 'object') return route.answer(site, asked);
  const cursor = cursorText(asked.query, site.view, lastEventId(req));
  if (route.kind === 'state') {
    const query = readStatePage(asked.query, cursor);
    return hypertextPage(route.answer(site, asked, query), { ...query, base: site.base, url, cursor });
  }
  const query = readHistoryPage(asked.query, cursor, site.view, route.tokens);
  return hypertextPage(route.answer(site, asked).page(query), { ...query, base: site.base, url, cursor });
}

async function followed(
  site: Site,
  route: ObjectRoute | HistoryRoute | StateRoute,
  asked: Asked,
  { req, res }: Exchange,
): Promise<void> {
  if (route.kind === 'history') return followHistory(site, route, asked, { req, res });
  const read = route.kind === 'object' ? () => [route.answer(site, asked)] : stateReader(site, route, asked, req);
  let before = '';
  return serveStream(res, site, OBJECT_EVENTS_MAX, () => {
    const now = read();
    const text = JSON.stringify(now);
    if (text === before) return [];
    before = text;
    return now.map((data) => ({ data }));
  });
}

function stateReader(site: Site, route: StateRoute, asked: Asked, req: Exchange['req']) {
  const query = readStatePage(asked.query, cursorText(asked.query, site.view, lastEventId(req)));
  return () => route.answer(site, asked, query);
}

function followHistory(
  site: Site,
  route: HistoryRoute,
  asked: Asked,
  { req, res }: Pick<Exchange, 'req' | 'res'>,
): Promise<void> {
  const cursor = cursorText(asked.query, site.view, lastEventId(req));
  const query = readHistoryPage(asked.query, cursor, site.view, route.tokens);
  const shelf = route.answer(site, asked);
  let { after, limit } = query;
  return serveStream(res, site, query.limit, () => {
    const records = shelf.page({ ...query, after, limit, ...windowOf(viewOf(site.chain), route.tokens) });
    limit -= records.length;
    return records.map((record) => {
      const id = String(record.paging_token);
      after = positionOf(id, route.tokens);
      return { id, data: record };
    });
  });
}

function lastEventId({ headers }: Exchange['req']): string {
  const id = headers['last-event-id'];
  return typeof id === 'string' ? id : '';
}

function sendHal({ res }: Exchange, status: number, document: unknown): void {
  res.setHeader('content-disposition', 'inline');
  sendDocument(res, status, document, HAL);
}
