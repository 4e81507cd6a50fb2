/** Pages of records: cursor, order and limit, with links to the next and the one before. */
import { badRequest } from './problem.ts';

export type PageQuery = { after: bigint; order: 'asc' | 'desc'; limit: number };

const LIMIT_DEFAULT = 10;
const LIMIT_MAX = 200;
const LAST = 2n ** 63n - 1n;

/** `newest` is where the cursor `now` stands. `Last-Event-ID` wins over the cursor in the address. */
export function readPage(url: URL, newest: bigint, lastEventId?: string): PageQuery {
  const order = url.searchParams.get('order') || 'asc';
  if (order !== 'asc' && order !== 'desc') throw badRequest('order', 'order must be asc or desc');
  const limitText = url.searchParams.get('limit') || String(LIMIT_DEFAULT);
  const limit = /^\d{1,9}$/.test(limitText) ? Number(limitText) : 0;
  if (limit < 1 || limit > LIMIT_MAX) throw badRequest('limit', `limit must be from 1 to ${LIMIT_MAX}`);
  const cursor = lastEventId || url.searchParams.get('cursor') || '';
  return { after: readCursor(cursor, order, newest), order, limit };
}

function readCursor(cursor: string, order: 'asc' | 'desc', newest: bigint): bigint {
  if (cursor === 'now') return newest;
  if (cursor === '') return order === 'asc' ? 0n : LAST;
  if (!/^\d{1,19}$/.test(cursor) || BigInt(cursor) > LAST) {
    throw badRequest('cursor', 'cursor must contain exactly one non-negative number');
  }
  return BigInt(cursor);
}

/** `items` are in ascending order of `tokenOf`. */
export function pageOf<Item>(items: readonly Item[], tokenOf: (item: Item) => bigint, query: PageQuery): Item[] {
  const { after, order, limit } = query;
  const start = firstAfter(items, tokenOf, order === 'asc' ? after : after - 1n);
  return order === 'asc' ? items.slice(start, start + limit) : items.slice(Math.max(0, start - limit), start).reverse();
}

function firstAfter<Item>(items: readonly Item[], tokenOf: (item: Item) => bigint, after: bigint): number {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const item = items[middle];
    if (item !== undefined && tokenOf(item) <= after) low = middle + 1;
    else high = middle;
  }
  return low;
}

export function collection(records: Record<string, unknown>[], url: URL, base: string, query: PageQuery) {
  const link = (cursor: string, order: string) => {
    const params = new URLSearchParams(url.searchParams);
    params.set('cursor', cursor);
    params.set('limit', String(query.limit));
    params.set('order', order);
    return { href: `${base}${url.pathname}?${params}` };
  };
  const here = url.searchParams.get('cursor') ?? '';
  const first = String(records[0]?.paging_token ?? here);
  const last = String(records.at(-1)?.paging_token ?? here);
  const opposite = query.order === 'asc' ? 'desc' : 'asc';
  return {
    _links: { self: link(here, query.order), next: link(last, query.order), prev: link(first, opposite) },
    _embedded: { records },
  };
}
