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

/** In a ring, in the order of their last use; the ring begins and ends with one that is nobody's. */
type Linked<Key> = Bucket & { key: Key | undefined; older: Linked<Key>; newer: Linked<Key> };

/**
 * Buckets by key, in the order of their last use. A full bucket is worth as much as none, so each new key lets up to two
 * full ones at the old end go, and the number follows the keys in use. It is bounded as well: past `bucketsMax` the longest
 * unused one goes, which at worst gives its key a fresh burst; a map without bound would give an attacker the memory.
 *
 * The order is kept in links: a map in which each use moves a key to its end is copied whole every few thousand calls.
 */
export function createBuckets<Key>(bucketsMax: number): Buckets<Key> {
  const buckets = new Map<Key, Linked<Key>>();
  const ends = { key: undefined, level: 0, atMs: 0, fullAtMs: 0 } as Linked<Key>;
  ends.older = ends;
  ends.newer = ends;

  function putNewest(bucket: Linked<Key>): void {
    bucket.older = ends.older;
    bucket.newer = ends;
    ends.older.newer = bucket;
    ends.older = bucket;
  }

  function takeOut({ older, newer }: Linked<Key>): void {
    older.newer = newer;
    newer.older = older;
  }

  function dropOldest(): void {
    const oldest = ends.newer;
    takeOut(oldest);
    buckets.delete(oldest.key as Key);
  }

  function makeRoom(nowMs: number): void {
    for (let looks = 2; looks > 0 && buckets.size > 0 && ends.newer.fullAtMs <= nowMs; looks--) dropOldest();
    if (buckets.size >= bucketsMax && buckets.size > 0) dropOldest();
  }

  return {
    at(key, rate, nowMs) {
      const known = buckets.get(key);
      if (!known) {
        makeRoom(nowMs);
        const fresh = { key, level: rate.burst, atMs: nowMs, fullAtMs: nowMs, older: ends, newer: ends };
        putNewest(fresh);
        buckets.set(key, fresh);
        return fresh;
      }
      if (known.newer !== ends) {
        takeOut(known);
        putNewest(known);
      }
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
