import type { Rate } from '../catalog/model.ts';
import type { Clock } from '../clock.ts';
import { createBuckets, fullS, takeOne, waitS } from './buckets.ts';

export type RateDecision = {
  ok: boolean;
  /** Whole calls left in the bucket. */
  remaining: number;
  /** Whole seconds until one more call fits (refused) or the bucket is full again (let in); at least 1 when refused. */
  resetS: number;
};

export type RateLimiter = {
  /** Takes one call from the bucket of `key`, or says when the next one fits. Check and take are one step. */
  take(key: string, rate: Rate): RateDecision;
  size(): number;
};

/** One bounded set of buckets for callers whose rate is fixed in the program. */
export function createRateLimiter(deps: { clock: Clock; bucketsMax?: number }): RateLimiter {
  const buckets = createBuckets<string>(deps.bucketsMax ?? 100_000);
  return {
    take(key, rate) {
      const bucket = buckets.at(key, rate, deps.clock.monotonicMs());
      if (bucket.level < 1) return { ok: false, remaining: 0, resetS: waitS(bucket, rate) };
      takeOne(bucket, rate);
      return { ok: true, remaining: Math.floor(bucket.level), resetS: fullS(bucket, rate) };
    },
    size: buckets.size,
  };
}
