/**
 * How many requests an address may send: the generic cell rate algorithm, which needs one time for each address. It is
 * the time at which all that was sent would have been earned back; a request is let through while that time lies no
 * further ahead than the burst allows.
 */
export type RateQuota = {
  /** Requests earned back in an hour. */
  perHour: number;
  /** Requests at once beyond the one that is always earned. */
  burst: number;
};

/** What public servers of Horizon allow by default. */
export const HORIZON_QUOTA: RateQuota = { perHour: 3_600, burst: 100 };

export type Allowance = {
  /** Undefined when the request is let through; else when to come again, whole seconds. */
  retryAfterS: number | undefined;
  limit: number;
  remaining: number;
  /** Until all of the limit is there again, whole seconds. */
  resetS: number;
};

export type RateLimiter = { take(address: string, nowMs: number): Allowance };

/** Addresses whose quota is whole again are forgotten when there are more than so many. */
const ADDRESSES_MAX = 10_000;

export function createRateLimiter({ perHour, burst }: RateQuota): RateLimiter {
  const stepMs = 3_600_000 / perHour;
  const limit = burst + 1;
  const earnedBackMs = new Map<string, number>();

  function forgetWhole(nowMs: number): void {
    for (const [address, at] of earnedBackMs) if (at <= nowMs) earnedBackMs.delete(address);
  }

  return {
    take(address, nowMs) {
      if (earnedBackMs.size > ADDRESSES_MAX) forgetWhole(nowMs);
      const before = Math.max(earnedBackMs.get(address) ?? nowMs, nowMs);
      const wanted = before + stepMs;
      const earlyMs = wanted - limit * stepMs - nowMs;
      const after = earlyMs > 0 ? before : wanted;
      earnedBackMs.set(address, after);
      return {
        retryAfterS: earlyMs > 0 ? seconds(earlyMs) : undefined,
        limit,
        remaining: Math.max(0, Math.floor((limit * stepMs - (after - nowMs)) / stepMs)),
        resetS: seconds(after - nowMs),
      };
    },
  };
}

/** Counts nobody: each request is told what the first one would be. */
export function countsNobody(quota: RateQuota): RateLimiter {
  const first = createRateLimiter(quota).take('', 0);
  return { take: () => first };
}

function seconds(ms: number): number {
  return Math.ceil(ms / 1_000);
}
