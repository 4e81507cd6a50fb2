import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createBuckets, takeOne } from '../../src/limits/buckets.ts';

const rate = { perSecond: 1, burst: 2 };

describe('buckets', () => {
  it('that are full again make room: the memory follows the keys in use', () => {
    const buckets = createBuckets<number>(1_000_000);
    for (let key = 0; key < 1_000; key++) takeOne(buckets.at(key, rate, 0), rate);
    expect(buckets.size()).toBe(1_000);
    for (let key = 1_000; key < 2_000; key++) takeOne(buckets.at(key, rate, 10_000), rate);
    expect(buckets.size()).toBe(1_000);
  });

  it('that are not full stay while there is room', () => {
    const buckets = createBuckets<string>(10);
    takeOne(buckets.at('a', rate, 0), rate);
    takeOne(buckets.at('b', rate, 0), rate);
    takeOne(buckets.at('c', rate, 999), rate);
    expect(buckets.at('a', rate, 999).level).toBeCloseTo(1.999);
  });

  it('are those used last, in whatever order keys come', () => {
    const uses = fc.array(fc.integer({ min: 0, max: 7 }), { maxLength: 60 });
    fc.assert(
      fc.property(uses, fc.integer({ min: 1, max: 5 }), (keys, bucketsMax) => {
        const buckets = createBuckets<number>(bucketsMax);
        const model = new Map<number, object>();
        for (const key of keys) {
          const bucket = buckets.at(key, rate, 0);
          // None is full again: nothing flows in at one moment.
          if (bucket.level === rate.burst) takeOne(bucket, rate);
          expect(model.get(key) ?? bucket).toBe(bucket);
          model.delete(key);
          model.set(key, bucket);
          if (model.size > bucketsMax) model.delete([...model.keys()][0] ?? -1);
          expect(buckets.size()).toBe(model.size);
        }
        for (const [key, bucket] of [...model].reverse()) expect(buckets.at(key, rate, 0)).toBe(bucket);
      }),
    );
  });
});
