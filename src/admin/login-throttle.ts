import type { Clock } from '../clock.ts';

/** Slows down guessing of the admin token at the login form. Only failures count: right logins use nothing up. */
export type LoginThrottle = {
  /** Seconds until this address may try again; undefined when it may now. */
  waitS(address: string): number | undefined;
  failed(address: string): void;
};

/** Typing errors of a person; a token of 32 random bytes is not found at ten guesses a minute. */
const failuresMax = 10;
const windowMs = 60_000;
/** Addresses remembered at a time. Beyond it all unknown addresses wait, so that changing addresses gains nothing. */
const addressesMax = 1_000;

export function createLoginThrottle({ clock }: { clock: Clock }): LoginThrottle {
  const failures = new Map<string, { count: number; sinceMs: number }>();

  function forgetOld(nowMs: number): void {
    for (const [address, { sinceMs }] of failures) if (nowMs - sinceMs >= windowMs) failures.delete(address);
  }

  return {
    waitS(address) {
      const nowMs = clock.monotonicMs();
      forgetOld(nowMs);
      const seen = failures.get(address);
      if (!seen) return failures.size >= addressesMax ? windowMs / 1000 : undefined;
      return seen.count < failuresMax ? undefined : Math.ceil((seen.sinceMs + windowMs - nowMs) / 1000);
    },
    failed(address) {
      const seen = failures.get(address);
      if (seen) seen.count++;
      else failures.set(address, { count: 1, sinceMs: clock.monotonicMs() });
    },
  };
}
