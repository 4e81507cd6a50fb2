/** What a row of the table of routes says, and what its answer gets. */
import type { Clock } from '../../clock.ts';
import type { Exchange } from '../http.ts';
import type { Chain } from '../ledger/chain.ts';
import type { Archive } from './archive.ts';
import type { EffectArchive } from './effect-archive.ts';
import type { PageQuery, StateQuery } from './page.ts';
import type { HorizonView } from './view.ts';

export type HalRecord = Record<string, unknown>;

/** The network as this request sees it. */
export type Site = {
  readonly chain: Chain;
  readonly view: HorizonView;
  readonly archive: Archive;
  readonly effects: EffectArchive;
  readonly clock: Clock;
  /** Scheme and host that links begin with, without a slash at the end. */
  readonly base: string;
};

export type Asked = {
  /** The part of the path that stands for `{name}`, decoded. */
  param(name: string): string;
  /** Whether the path has a part that stands for `{name}`: one answer may serve several paths. */
  has(name: string): boolean;
  readonly query: URLSearchParams;
};

/** A list of history that can be paged and followed: its records have a `paging_token`. */
export type Shelf = { page(query: PageQuery): HalRecord[] };

/** A body of its own status, as the asynchronous submission answers. */
export type Reply = { status: number; body: HalRecord };

type Row = {
  /** `{name}` stands for one part of the path that is not empty. */
  readonly path: string;
  /** `horizon.` and this name are what a fault of the route is set on. */
  readonly fault: string;
};

/** One document. */
export type ObjectRoute = Row & {
  kind: 'object';
  answer(site: Site, asked: Asked): HalRecord;
  /** Whether it is part of the ledger's present state: the newest ledger is then named in a header. */
  state?: true;
  /** Whether it can be followed: it is sent again when it has changed. */
  streams?: true;
  /** Of the document, where it is not HAL. */
  type?: string;
  /** Its bare bytes, for those that accept no document. */
  octets?(site: Site, asked: Asked): Uint8Array;
};

/** A list of history, in ledger order. Always streams. */
export type HistoryRoute = Row & {
  kind: 'history';
  answer(site: Site, asked: Asked): Shelf;
  /** `pair`: tokens are those of an operation and a number in it, `<id>-<n>`. */
  tokens: 'toid' | 'pair';
};

/** A list of the ledger's present entries, with cursors of its own. Never streams, but for offers. */
export type StateRoute = Row & {
  kind: 'state';
  answer(site: Site, asked: Asked, query: StateQuery): HalRecord[];
  streams?: true;
};

/** POST of a form with the field `tx`. */
export type SubmitRoute = Row & {
  kind: 'submit';
  answer(site: Site, envelope: string, exchange: Exchange): Promise<Reply>;
};

export type Route = ObjectRoute | HistoryRoute | StateRoute | SubmitRoute;
