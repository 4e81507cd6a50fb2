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
});
