import { type Exchange, endsConnection } from './exchange.ts';
import { type Refusal, refuse } from './refuse.ts';

/**
 * With a host of their own (`gateway.pages_url`) the gateway's pages for people share no origin with what is sold: what an
 * upstream answers as HTML can then neither read nor steer them. What programs ask stays at both hosts, since it takes no
 * credential that a browser adds by itself.
 */
const pagesPath = '/_callora/app';

/** Answers what came to the wrong one of the two hosts, and returns true; false where it may go on. */
export function turnedAway(exchange: Exchange, pagesUrl: URL, path: string, query: string, isOwn: boolean): boolean {
  const isPages = isHostOf(pagesUrl, exchange.head.host);
  if (isPages && !isOwn) {
    refuse(exchange, nothingSold);
    return true;
  }
  if (isPages || (path !== pagesPath && !path.startsWith(`${pagesPath}/`))) return false;
  redirect(exchange, pagesUrl.origin + path + query);
  return true;
}

const nothingSold: Refusal = { ok: false, code: 'not_found', detail: 'this host has pages only; nothing is sold here' };

const defaultPorts: Record<string, string> = { 'http:': ':80', 'https:': ':443' };

/** Host names have no case, and a port that goes without saying may be said. */
function isHostOf({ host, port, protocol }: URL, asked: string): boolean {
  const lower = asked.toLowerCase();
  return lower === host || (port === '' && lower === host + defaultPorts[protocol]);
}

function redirect(exchange: Exchange, location: string): void {
  const { answer, body, end, fields, requestId } = exchange;
  exchange.own = '/_callora/*';
  end.status = 308;
  end.outcome = 'completed';
  // A body that is still coming in cannot be told from the next request once nobody reads it.
  if (body && !body.complete) endsConnection(exchange);
  const own = ['location', location, 'cache-control', 'no-cache', 'x-request-id', requestId];
  answer.whole(308, [...own, ...fields], Buffer.alloc(0), false);
}
