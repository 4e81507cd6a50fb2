import type { Rate } from '../catalog/model.ts';
import type { RateLimiter } from '../limits/rate.ts';
import { PortalRefusal } from './refusal.ts';

/** A person logs in with two requests, issues a few tokens, asks for an exit; signatures cost CPU that paid calls need. */
export const actRate: Rate = { perSecond: 0.5, burst: 20 };

/**
 * Lists and sums of calls walk the queue of charges that are not sealed: 10 to 20 ms of the event loop when it is 200,000
 * long. A page that refreshes asks less than once a second.
 */
export const readRate: Rate = { perSecond: 2, burst: 40 };

/** Takes one request from the bucket of `key`, or refuses it. */
export function throttle(limiter: RateLimiter, key: string, rate: Rate): void {
  const decision = limiter.take(key, rate);
  if (decision.ok) return;
  const detail = `too many at once; try again in ${decision.resetS} s`;
  throw new PortalRefusal('rate_limited', detail, { 'retry-after': String(decision.resetS) });
}
