import { randomBytes } from 'node:crypto';

/** Ids of requests that brought none: unique over restarts by a random prefix, and cheap. */
export function createRequestIds(): () => string {
  const prefix = randomBytes(6).toString('hex');
  let count = 0;
  return () => `${prefix}-${(++count).toString(36)}`;
}
