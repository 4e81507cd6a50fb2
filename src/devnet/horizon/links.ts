/** Links: they lead back to where the request came in, and keep what it asked for. */
import type { IncomingMessage } from 'node:http';
import type { Order } from './params.ts';
import type { HalRecord } from './route.ts';

/**
 * Scheme and host as the client named them: behind a mapped port or a proxy the address that this server is bound to
 * leads nowhere. `fallback` is for requests without a usable Host.
 */
export function baseOf({ headers }: IncomingMessage, fallback: string): string {
  const { host } = headers;
  if (host === undefined || !/^[A-Za-z0-9._~:[\]-]+$/.test(host)) return fallback;
  return `${headers['x-forwarded-proto'] === 'https' ? 'https' : 'http'}://${host}`;
}

/** A page as HAL: next goes on after its last record, prev comes back before its first. */
export function hypertextPage(
  records: readonly HalRecord[],
  { base, url, cursor, order, limit }: { base: string; url: URL; cursor: string; order: Order; limit: number },
): HalRecord {
  const link = (at: string, direction: Order) => {
    const params = new URLSearchParams(url.searchParams);
    params.set('cursor', at);
    params.set('limit', String(limit));
    params.set('order', direction);
    params.sort();
    return { href: `${base}${url.pathname}?${params}` };
  };
  const first = String(records[0]?.paging_token ?? cursor);
  const last = String(records.at(-1)?.paging_token ?? cursor);
  return {
    _links: { self: link(cursor, order), next: link(last, order), prev: link(first, order === 'asc' ? 'desc' : 'asc') },
    _embedded: { records },
  };
}
