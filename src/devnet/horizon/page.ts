/** Pages of records: where one begins and ends, and which records are on it. */
import { toid } from '../ledger/records.ts';
import { limitParam, type Order, orderParam, textParam } from './params.ts';
import { badRequest, beforeHistory } from './problem.ts';
import { type HorizonView, nowCursor } from './view.ts';

/**
 * Of a list of history. Positions are those of its tokens: a TOID, or what `pairPosition` makes of a pair.
 * `after` is exclusive, in the direction of `order`; nothing outside of `first` to `last` is there to be seen.
 */
export type PageQuery = { after: bigint; order: Order; limit: number; first: bigint; last: bigint };

/** Of a list of present entries, whose cursors each list reads itself; an empty one is the list's beginning. */
export type StateQuery = { cursor: string; order: Order; limit: number };

export type Tokens = 'toid' | 'pair';

const INT64_MAX = 2n ** 63n - 1n;
const PAIR_BITS = 32n;
const PAIR_MAX = 2n ** PAIR_BITS - 1n;

/** The position of the token `<id>-<index>`. */
export function pairPosition(id: bigint, index: bigint): bigint {
  return (id << PAIR_BITS) | (index > PAIR_MAX ? PAIR_MAX : index);
}

/**
 * The cursor that was asked for, with `now` as a number: what the links of the page begin from. The header Last-Event-ID
 * wins over the address, as clients send it with the old address when they come again.
 */
export function cursorText(
  query: URLSearchParams,
  view: HorizonView,
  lastEventId: string | readonly string[] | undefined,
): string {
  const asked = (typeof lastEventId === 'string' && lastEventId) || textParam(query, 'cursor');
  const cursor = asked === 'now' ? nowCursor(view).toString() : asked;
  if (/^-\d+$/.test(cursor)) throw badRequest('cursor', `the cursor ${cursor} is a negative number: `);
  return cursor;
}

export function readStatePage(query: URLSearchParams, cursor: string): StateQuery {
  return { cursor, order: orderParam(query), limit: limitParam(query) };
}

/** Throws 410 where a page that goes back begins before all that is kept. */
export function readHistoryPage(query: URLSearchParams, cursor: string, view: HorizonView, tokens: Tokens): PageQuery {
  const order = orderParam(query);
  const limit = limitParam(query);
  const elder = toid(view.oldest, 0, 0);
  const start = readToken(cursor);
  if (order === 'desc' && start && start.id <= elder) throw beforeHistory();
  const wide = (id: bigint, index: bigint) => (tokens === 'pair' ? pairPosition(id, index) : id);
  const { id, index } = start ?? (order === 'asc' ? { id: 0n, index: 0n } : { id: INT64_MAX, index: PAIR_MAX });
  return { after: wide(id, index), order, limit, ...windowOf(view, tokens) };
}

/** The positions that can be seen. */
export function windowOf(view: HorizonView, tokens: Tokens): Pick<PageQuery, 'first' | 'last'> {
  const first = toid(view.oldest, 0, 0);
  const last = nowCursor(view);
  return tokens === 'pair' ? { first: first << PAIR_BITS, last: pairPosition(last, PAIR_MAX) } : { first, last };
}

/** The first position of what has this TOID. */
export function firstPosition(id: bigint, tokens: Tokens): bigint {
  return tokens === 'pair' ? id << PAIR_BITS : id;
}

/** Position of a record's own token. */
export function positionOf(token: string, tokens: Tokens): bigint {
  const read = readToken(token);
  if (!read) throw new Error('every record of history has a paging token');
  return tokens === 'pair' ? pairPosition(read.id, read.index) : read.id;
}

/** `<id>` or `<id>-<n>`; an id alone stands after all that is in it. */
function readToken(token: string): { id: bigint; index: bigint } | undefined {
  if (token === '') return undefined;
  const [, id = '', index] = /^(\d{1,19})(?:-(\d{1,19}))?$/.exec(token) ?? [];
  if (id === '' || BigInt(id) > INT64_MAX) throw badRequest('cursor', 'invalid value');
  return { id: BigInt(id), index: index === undefined ? PAIR_MAX : BigInt(index) };
}

/** What an array and a `Tail` have in common. */
export type Items<Item> = Pick<readonly Item[], 'length' | 'at'>;

/** `items` are in ascending order of `positionOf`. Looks at no more of them than it must to fill the page. */
export function pageOf<Item>(
  items: Items<Item>,
  position: (item: Item) => bigint,
  { after, order, limit, first, last }: PageQuery,
  wanted: (item: Item) => boolean = () => true,
): Item[] {
  const from = order === 'asc' && after >= first ? after : first - 1n;
  const to = order === 'desc' && after <= last ? after - 1n : last;
  const start = firstAfter(items, position, from);
  const end = firstAfter(items, position, to);
  const page: Item[] = [];
  for (let step = 0; step < end - start && page.length < limit; step++) {
    const item = items.at(order === 'asc' ? start + step : end - 1 - step);
    if (item !== undefined && wanted(item)) page.push(item);
  }
  return page;
}

function firstAfter<Item>(items: Items<Item>, position: (item: Item) => bigint, after: bigint): number {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const item = items.at(middle);
    if (item !== undefined && position(item) <= after) low = middle + 1;
    else high = middle;
  }
  return low;
}
