import { GatewayError } from '../errors.ts';
import type { PageQuery } from './books.ts';

/** Longest page of any list, and the one without a wish. */
const limitMax = 500;
const limitDefault = 50;

/** A cursor is the id of the last row of the page before. */
export function readPage({ cursor, limit = limitDefault }: PageQuery): { before: number | undefined; limit: number } {
  if (!Number.isSafeInteger(limit) || limit < 1 || limit > limitMax) {
    throw new GatewayError('bad_parameter', `limit must be a whole number from 1 to ${limitMax}`);
  }
  if (cursor === undefined) return { before: undefined, limit };
  return { before: readId(cursor, 'cursor'), limit };
}

export function readId(text: string, name: string): number {
  const value = /^[0-9]{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(value)) throw new GatewayError('bad_parameter', `${name} must be a decimal id`);
  return value;
}
