import type { Clock } from '../clock.ts';

/** A token bucket: `perSecond` calls flow in, at most `burst` wait in it. */
export type Rate = { perSecond: number; burst: number };

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

type Bucket = { level: number; atMs: number };

/**
 * Buckets live in memory and start full. The map is bounded: past `bucketsMax` the longest unused one goes, which at
 * worst gives its key a fresh burst; a map without bound would give an attacker the gateway's memory.
 */
export function createRateLimiter(deps: { clock: Clock; bucketsMax?: number }): RateLimiter {
  const bucketsMax = deps.bucketsMax ?? 100_000;
  const buckets = new Map<string, Bucket>();

  function bucketOf(key: string, rate: Rate, nowMs: number): Bucket {
    const known = buckets.get(key);
    if (known) {
      buckets.delete(key);
      const filled = known.level + ((nowMs - known.atMs) / 1000) * rate.perSecond;
      known.level = Math.min(rate.burst, Math.max(known.level, filled));
      known.atMs = nowMs;
      buckets.set(key, known);
      return known;
    }
    if (buckets.size >= bucketsMax) {
      const oldest = buckets.keys().next();
      if (!oldest.done) buckets.delete(oldest.value);
    }
    const fresh = { level: rate.burst, atMs: nowMs };
    buckets.set(key, fresh);
    return fresh;
  }

  return {
    take(key, rate) {
      const bucket = bucketOf(key, rate, deps.clock.monotonicMs());
      if (bucket.level < 1) {
        const waitS = (1 - bucket.level) / rate.perSecond;
        return { ok: false, remaining: 0, resetS: Math.max(1, Math.ceil(waitS)) };
      }
      bucket.level -= 1;
      const fullS = (rate.burst - bucket.level) / rate.perSecond;
      return { ok: true, remaining: Math.floor(bucket.level), resetS: Math.ceil(fullS) };
    },
    size: () => buckets.size,
  };
}
