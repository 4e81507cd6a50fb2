import { GatewayError } from '../errors.ts';

/** One flat envelope; `next` is the cursor of the following page, null on the last. */
export type Page<Item> = { items: Item[]; next: string | null };

const limitMax = 200;
const limitDefault = 50;

/** Where a page begins and how long it is, from its query. */
export function pageOf(query: URLSearchParams): { before: number | undefined; limit: number } {
  return {
    before: wholeNumber(query, 'cursor', 0, Number.MAX_SAFE_INTEGER),
    limit: wholeNumber(query, 'limit', 1, limitMax) ?? limitDefault,
  };
}

/** A parameter of the query; undefined when it is not there. */
export function wholeNumber(query: URLSearchParams, name: string, min: number, max: number): number | undefined {
  const text = query.get(name);
  if (text === null) return undefined;
  const value = /^[0-9]{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(value) || value < min || value > max) {
    throw new GatewayError('bad_parameter', `${name} must be a whole number from ${min} to ${max}`);
  }
  return value;
}
