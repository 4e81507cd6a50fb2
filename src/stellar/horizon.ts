import type { Clock } from '../clock.ts';
import { AnswerTooLargeError, boundedFetch, fetchFault } from './bounded-fetch.ts';
import { isRecord } from './json-rpc.ts';
import { readRetryAfter } from './retry-after.ts';

/**
 * The two questions we ask a Horizon server: how far it has come, and what was paid to an account. Pages are the truth;
 * whatever is not a whole answer of our network is an error, and then nothing is taken from it.
 */
export type Horizon = {
  /** Throws `wrong_network` unless the server serves our passphrase. */
  root(signal?: AbortSignal): Promise<HorizonRoot>;
  /** Records behind the cursor in the order of the chain, as they came; from the oldest the server has without one. */
  payments(query: PaymentsQuery, signal?: AbortSignal): Promise<unknown[]>;
};

export type HorizonRoot = {
  latestLedger: number;
  latestClosedAtMs: number;
  /** The oldest ledger the server still has. A page behind an older cursor silently begins here. */
  elderLedger: number;
};

export type PaymentsQuery = { account: string; cursor: string | undefined; limit: number };

export type HorizonFailure =
  /** No answer, a 5xx, or one that is no JSON. */
  | 'transport'
  /** 429: `retryAfterMs` says when to ask again. */
  | 'throttled'
  /** 410: the server no longer has what was asked for. */
  | 'gone'
  | 'not_found'
  | 'refused'
  | 'too_large'
  | 'unreadable'
  | 'wrong_network'
  /** The server is behind what was seen before, or lacks ledgers that were not read yet. */
  | 'lagging'
  | 'gap';

export class HorizonError extends Error {
  override readonly name = 'HorizonError';
  readonly failure: HorizonFailure;
  readonly retryAfterMs: number | undefined;

  constructor(failure: HorizonFailure, message: string, options: { cause?: unknown; retryAfterMs?: number } = {}) {
    super(message, { cause: options.cause });
    this.failure = failure;
    this.retryAfterMs = options.retryAfterMs;
  }
}

export type HorizonOptions = {
  url: string;
  passphrase: string;
  clock: Clock;
  timeoutMs?: number;
  fetch?: typeof globalThis.fetch;
};

/** A page of 200 payments by contracts, with the whole result of each transaction, stays below this. */
const answerBytesMax = 32 * 1024 * 1024;
const timeoutMsDefault = 20_000;

/** Public servers count by the hour; a server that names a longer pause is asked again after it anyway. */
const retryAfterMaxMs = 3_600_000;
const retryAfterDefaultMs = 60_000;

export function createHorizon(options: HorizonOptions): Horizon {
  const base = options.url.replace(/\/+$/, '');
  const { clock, fetch, timeoutMs = timeoutMsDefault } = options;
  const bounds = { clock, timeoutMs, bytesMax: answerBytesMax, ...(fetch ? { fetch } : {}) };

  async function get(path: string, signal?: AbortSignal): Promise<Record<string, unknown>> {
    try {
      const init = { headers: { accept: 'application/hal+json, application/json' } };
      const { status, headers, text } = await boundedFetch(`${base}${path}`, init, bounds, signal);
      return readAnswer(path, status, headers.get('retry-after'), text, clock);
    } catch (cause) {
      if (cause instanceof HorizonError) throw cause;
      const failure = cause instanceof AnswerTooLargeError ? 'too_large' : 'transport';
      throw new HorizonError(failure, `Horizon: ${fetchFault(cause)}`, { cause });
    }
  }

  return {
    async root(signal) {
      const root = await get('/', signal);
      if (root.network_passphrase !== options.passphrase) {
        const served = String(root.network_passphrase);
        throw new HorizonError('wrong_network', `Horizon serves "${served}", not "${options.passphrase}"`);
      }
      return readRoot(root);
    },
    async payments({ account, cursor, limit }, signal) {
      const query = new URLSearchParams({ order: 'asc', limit: String(limit), join: 'transactions' });
      if (cursor !== undefined) query.set('cursor', cursor);
      const page = await get(`/accounts/${account}/payments?${query}`, signal);
      const embedded = page._embedded;
      if (!isRecord(embedded) || !Array.isArray(embedded.records)) {
        throw new HorizonError('unreadable', 'Horizon: a page of payments without records');
      }
      if (embedded.records.length > limit) {
        throw new HorizonError('unreadable', `Horizon: a page of ${embedded.records.length} records, not ${limit}`);
      }
      return embedded.records;
    },
  };
}

function readAnswer(
  path: string,
  status: number,
  retryAfter: string | null,
  text: string,
  clock: Clock,
): Record<string, unknown> {
  const what = `Horizon: ${path.split('?')[0]} answered ${status}`;
  if (status === 429) {
    throw new HorizonError('throttled', what, {
      retryAfterMs: Math.min(retryAfterMaxMs, readRetryAfter(retryAfter, clock) ?? retryAfterDefaultMs),
    });
  }
  let answer: unknown;
  try {
    answer = JSON.parse(text);
  } catch (cause) {
    throw new HorizonError('transport', `${what} without JSON`, { cause });
  }
  if (!isRecord(answer)) throw new HorizonError('transport', `${what} without an object`);
  if (status === 200) return answer;
  const detail = `${what}: ${String(answer.detail ?? answer.title ?? 'no reason given').slice(0, 200)}`;
  if (status === 410) throw new HorizonError('gone', detail);
  if (status === 404) throw new HorizonError('not_found', detail);
  throw new HorizonError(status >= 500 ? 'transport' : 'refused', detail);
}

function readRoot(root: Record<string, unknown>): HorizonRoot {
  const { history_latest_ledger: latest, history_elder_ledger: elder, history_latest_ledger_closed_at: closed } = root;
  const latestClosedAtMs = typeof closed === 'string' ? Date.parse(closed) : Number.NaN;
  if (!isLedger(latest) || !isLedger(elder) || elder > latest || Number.isNaN(latestClosedAtMs)) {
    throw new HorizonError('unreadable', 'Horizon: its root does not say which ledgers it has');
  }
  return { latestLedger: latest, latestClosedAtMs, elderLedger: elder };
}

function isLedger(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 1;
}
