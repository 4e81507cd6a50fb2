import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fakeClock } from '../../../src/clock.ts';
import { createRateLimiter, HORIZON_QUOTA } from '../../../src/devnet/horizon/rate-limit.ts';
import { openStream } from './event-stream.ts';
import { startHorizonRig } from './horizon-rig.ts';

describe('the rate limit', () => {
  it('lets a burst through, then as much as is earned back', () => {
    const limiter = createRateLimiter(HORIZON_QUOTA);
    expect(limiter.take('a', 0)).toEqual({ retryAfterS: undefined, limit: 101, remaining: 100, resetS: 1 });
    for (let request = 0; request < 100; request++) expect(limiter.take('a', 0).retryAfterS).toBeUndefined();
    expect(limiter.take('a', 0)).toEqual({ retryAfterS: 1, limit: 101, remaining: 0, resetS: 101 });
    expect(limiter.take('b', 0)).toMatchObject({ retryAfterS: undefined, remaining: 100 });
    expect(limiter.take('a', 1_000)).toMatchObject({ retryAfterS: undefined, remaining: 0 });
    expect(limiter.take('a', 1_000).retryAfterS).toBe(1);
  });

  it('never lets more through in any time than burst and earnings allow', () => {
    const waits = fc.array(fc.integer({ min: 0, max: 3_000 }), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(waits, (pauses) => {
        const limiter = createRateLimiter({ perHour: 3_600, burst: 4 });
        let nowMs = 0;
        const passed: number[] = [];
        for (const pauseMs of pauses) {
          nowMs += pauseMs;
          if (limiter.take('a', nowMs).retryAfterS === undefined) passed.push(nowMs);
        }
        for (const [from, startMs] of passed.entries()) {
          for (const [to, endMs] of passed.entries()) {
            if (to >= from) expect(to - from + 1).toBeLessThanOrEqual(5 + (endMs - startMs) / 1_000);
          }
        }
      }),
    );
  });

  it('is told with each answer and refuses nobody by default', async () => {
    await using rig = await startHorizonRig();
    for (let request = 0; request < 3; request++) {
      const { headers, status } = await rig.get('/fee_stats');
      expect(status).toBe(200);
      expect(headers.get('x-ratelimit-limit')).toBe('101');
      expect(headers.get('x-ratelimit-remaining')).toBe('100');
      expect(headers.get('x-ratelimit-reset')).toBe('1');
    }
  });

  it('where it is wanted refuses requests and ends streams that are over it', async () => {
    const clock = fakeClock(Date.now());
    await using rig = await startHorizonRig({ clock, rateLimited: true });
    for (let request = 0; request < 100; request++) expect((await rig.get('/nothing')).status).toBe(404);
    await using stream = await openStream(`${rig.devnet.horizonUrl}/payments`);
    expect(await stream.next()).toMatchObject({ event: 'open' });
    const refused = await rig.get('/fee_stats');
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '1']);
    expect(await refused.json()).toMatchObject({ type: 'https://stellar.org/horizon-errors/rate_limit_exceeded' });
    await expect(openStream(`${rig.devnet.horizonUrl}/payments`)).rejects.toThrow('429');
    await rig.devnet.closeLedger();
    expect(await stream.next()).toEqual({ event: 'error', data: 'problem: rate_limit_exceeded' });
    clock.advance(1_000);
    expect((await rig.get('/fee_stats')).status).toBe(200);
  });
});
