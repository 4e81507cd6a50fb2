import type { Rate } from '../catalog/model.ts';

/** What one key has left of a rate: `perSecond` calls flow in, at most `burst` wait in it. */
export type Bucket = {
  level: number;
  atMs: number;
  /** From then on it is as full as one that nobody has used. */
  fullAtMs: number;
};

export type Buckets<Key> = {
  /** The bucket of a key, filled up to now; that of a key not seen before is full. */
  at(key: Key, rate: Rate, nowMs: number): Bucket;
  size(): number;
};

/**
 * Buckets by key, in the order of their last use. A full bucket is worth as much as none, so each new key lets up to two
 * full ones at the old end go, and the number follows the keys in use. It is bounded as well: past `bucketsMax` the longest
 * unused one goes, which at worst gives its key a fresh burst; a map without bound would give an attacker the memory.
 */
export function createBuckets<Key>(bucketsMax: number): Buckets<Key> {
  const buckets = new Map<Key, Bucket>();

  function makeRoom(nowMs: number): void {
    let looks = 2;
    for (const [key, bucket] of buckets) {
      if (looks-- === 0 || bucket.fullAtMs > nowMs) break;
      buckets.delete(key);
    }
    if (buckets.size < bucketsMax) return;
    const oldest = buckets.keys().next();
    if (!oldest.done) buckets.delete(oldest.value);
  }

  return {
    at(key, rate, nowMs) {
      const known = buckets.get(key);
      if (!known) {
        makeRoom(nowMs);
        const fresh = { level: rate.burst, atMs: nowMs, fullAtMs: nowMs };
        buckets.set(key, fresh);
        return fresh;
      }
      buckets.delete(key);
      buckets.set(key, known);
      const filled = known.level + ((nowMs - known.atMs) / 1000) * rate.perSecond;
      known.level = Math.min(rate.burst, Math.max(known.level, filled));
      known.atMs = nowMs;
      return known;
    },
    size: () => buckets.size,
  };
}

/** Takes one call from a bucket that has one. */
export function takeOne(bucket: Bucket, rate: Rate): void {
  bucket.level -= 1;
  bucket.fullAtMs = bucket.atMs + fullMs(bucket, rate);
}

/** Time until one more call fits, in whole seconds that are never too early; at least 1. */
export function waitS(bucket: Bucket, rate: Rate): number {
  return Math.max(1, Math.ceil((1 - bucket.level) / rate.perSecond));
}

/** Time until the bucket is full again, in whole seconds. */
export function fullS(bucket: Bucket, rate: Rate): number {
  return Math.ceil(fullMs(bucket, rate) / 1000);
}

function fullMs(bucket: Bucket, rate: Rate): number {
  return ((rate.burst - bucket.level) / rate.perSecond) * 1000;
}
