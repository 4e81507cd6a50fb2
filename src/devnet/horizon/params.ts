/** Reading of query parameters, with the reasons that Horizon gives for those it does not take. */
import { badRequest } from './problem.ts';

export type Order = 'asc' | 'desc';

const LIMIT_DEFAULT = 10;
const LIMIT_MAX = 200;

/** Empty when absent. What is no text, such as a broken percent escape, is refused. */
export function textParam(query: URLSearchParams, name: string): string {
  const text = query.get(name) ?? '';
  // The replacement character is what bytes become that are no UTF-8.
  if (text.includes('\ufffd')) throw badRequest(name, 'invalid value');
  return text;
}

export function orderParam(query: URLSearchParams): Order {
  const order = textParam(query, 'order') || 'asc';
  if (order !== 'asc' && order !== 'desc') throw badRequest('order', 'order: invalid value');
  return order;
}

export function limitParam(query: URLSearchParams): number {
  const text = textParam(query, 'limit');
  if (text === '') return LIMIT_DEFAULT;
  if (!/^[+-]?\d{1,18}$/.test(text)) throw badRequest('limit', 'unparseable value');
  const limit = Number(text);
  if (limit <= 0) throw badRequest('limit', 'invalid limit: non-positive value provided');
  if (limit > LIMIT_MAX) {
    throw badRequest('limit', `invalid limit: value provided that is over limit max of ${LIMIT_MAX}`);
  }
  return limit;
}

const TRUE_TEXTS = ['1', 't', 'T', 'true', 'TRUE', 'True'];
const FALSE_TEXTS = ['0', 'f', 'F', 'false', 'FALSE', 'False', ''];

export function failedIncluded(query: URLSearchParams): boolean {
  const text = textParam(query, 'include_failed');
  if (TRUE_TEXTS.includes(text)) return true;
  if (FALSE_TEXTS.includes(text)) return false;
  throw badRequest('include_failed', 'Filter should be true or false');
}

/** Whether each operation is to bring its transaction along. */
export function transactionsJoined(query: URLSearchParams): boolean {
  const text = textParam(query, 'join');
  if (text === '' || text === 'transactions') return text !== '';
  throw badRequest('join', 'Accepted values: transactions');
}
