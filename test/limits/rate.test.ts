import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fakeClock } from '../../src/clock.ts';
import { createRateLimiter } from '../../src/limits/rate.ts';

describe('a rate', () => {
  it('lets a burst through, then one call per step of time', () => {
    const clock = fakeClock();
    const limiter = createRateLimiter({ clock });
    const rate = { perSecond: 2, burst: 3 };
    const take = () => limiter.take('a', rate).ok;
    expect([take(), take(), take(), take()]).toEqual([true, true, true, false]);
    clock.advance(499);
    expect(take()).toBe(false);
    clock.advance(1);
    expect([take(), take()]).toEqual([true, false]);
  });

  it('says when the next call fits, in whole seconds that are never too early', () => {
    const clock = fakeClock();
    const limiter = createRateLimiter({ clock });
    const rate = { perSecond: 0.1, burst: 1 };
    limiter.take('a', rate);
    const refused = limiter.take('a', rate);
    expect(refused).toEqual({ ok: false, remaining: 0, resetS: 10 });
    clock.advance(refused.resetS * 1000);
    expect(limiter.take('a', rate).ok).toBe(true);
  });

  it('keeps keys apart', () => {
    const limiter = createRateLimiter({ clock: fakeClock() });
    const rate = { perSecond: 1, burst: 1 };
    expect([limiter.take('a', rate).ok, limiter.take('b', rate).ok, limiter.take('a', rate).ok]).toEqual([
      true,
      true,
      false,
    ]);
  });

  it('is not refilled by a wall clock that jumps', () => {
    const clock = fakeClock();
    const limiter = createRateLimiter({ clock });
    const rate = { perSecond: 1, burst: 1 };
    limiter.take('a', rate);
    clock.setWall(clock.nowMs() + 1e9);
    expect(limiter.take('a', rate).ok).toBe(false);
  });

  it('remembers a bounded number of keys and forgets the one unused for longest', () => {
    const limiter = createRateLimiter({ clock: fakeClock(), bucketsMax: 2 });
    const rate = { perSecond: 1, burst: 1 };
    limiter.take('a', rate);
    limiter.take('b', rate);
    limiter.take('a', rate);
    limiter.take('c', rate);
    expect(limiter.size()).toBe(2);
    expect([limiter.take('a', rate).ok, limiter.take('b', rate).ok]).toEqual([false, true]);
  });

  it('never lets more through than burst plus what has flowed in', () => {
    const step = fc.record({ advanceMs: fc.nat(2_000), calls: fc.nat(5) });
    fc.assert(
      fc.property(
        fc.array(step),
        fc.integer({ min: 1, max: 20 }),
        fc.integer({ min: 1, max: 10 }),
        (steps, perSecond, burst) => {
          const clock = fakeClock();
          const limiter = createRateLimiter({ clock });
          let passed = 0;
          let elapsedMs = 0;
          for (const { advanceMs, calls } of steps) {
            clock.advance(advanceMs);
            elapsedMs += advanceMs;
            for (let n = 0; n < calls; n++) if (limiter.take('a', { perSecond, burst }).ok) passed++;
            expect(passed).toBeLessThanOrEqual(burst + (elapsedMs / 1000) * perSecond + 1e-6);
          }
        },
      ),
    );
  });
});
