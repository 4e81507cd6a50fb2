/** Answers that are followed: what a stream of each kind of route sends, and when. */
import type { Exchange } from '../http.ts';
import { cursorText, positionOf, readHistoryPage, readStatePage, windowOf } from './page.ts';
import type { Asked, HalRecord, HistoryRoute, ObjectRoute, Route, Site, StateRoute } from './route.ts';
import { type StreamEvent, serveStream } from './stream.ts';
import { viewOf } from './view.ts';

type Followed = ObjectRoute | HistoryRoute | StateRoute;

/** How often an object is sent over one stream. */
const OBJECT_EVENTS_MAX = 10;

export function streams(route: Route): route is Followed {
  return route.kind === 'history' || (route.kind !== 'submit' && route.streams === true);
}

/** `payForNews` is called before each look and may refuse it. Resolves when the stream has ended. */
export function follow(
  site: Site,
  route: Followed,
  asked: Asked,
  { req, res }: Exchange,
  payForNews: () => void,
): Promise<void> {
  const cursor = cursorText(asked.query, site.view, req.headers['last-event-id']);
  const { limit, next } =
    route.kind === 'history' ? history(site, route, asked, cursor) : state(site, route, asked, cursor);
  return serveStream(res, site, limit, () => {
    payForNews();
    return next();
  });
}

type News = { limit: number; next: () => StreamEvent[] };

/** Each record once, on from the cursor. */
function history(site: Site, route: HistoryRoute, asked: Asked, cursor: string): News {
  const query = readHistoryPage(asked.query, cursor, site.view, route.tokens);
  const shelf = route.answer(site, asked);
  let { after } = query;
  return {
    limit: query.limit,
    next() {
      const records = shelf.page({ ...query, after, ...windowOf(viewOf(site.chain), route.tokens) });
      return records.map((record) => {
        const id = String(record.paging_token);
        after = positionOf(id, route.tokens);
        return { id, data: record };
      });
    },
  };
}

/** All of it at first, and again whenever it has changed. */
function state(site: Site, route: ObjectRoute | StateRoute, asked: Asked, cursor: string): News {
  const read = (): HalRecord[] => {
    const now = { ...site, view: viewOf(site.chain) };
    return route.kind === 'object'
      ? [route.answer(now, asked)]
      : route.answer(now, asked, readStatePage(asked.query, cursor));
  };
  let before = '';
  return {
    limit: OBJECT_EVENTS_MAX,
    next() {
      const records = read();
      const text = JSON.stringify(records);
      if (text === before) return [];
      before = text;
      return records.map((data) => ({ data }));
    },
  };
}
