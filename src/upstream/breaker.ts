/**
 * Whether calls may go to one target, judged by the calls themselves: the passive health check.
 *
 * | state     | success | failure                                            | undecided | ask                       |
 * | --------- | ------- | -------------------------------------------------- | --------- | ------------------------- |
 * | closed    | closed  | closed, one more; at `failures` in a row open      | closed    | closed, the call may go   |
 * | open      | closed  | open, until the same moment                        | open      | due: half_open, it may go |
 * | half_open | closed  | open, twice as long as before, eight times at most | open, due | due: again, else not       |
 *
 * A failure is a call that found no connection or got no head on it: refused, no address, no TLS, a time-out, a reset,
 * an answer that is not HTTP. An answer is a success whatever its status: 502, 503 and 504 are often said about one
 * path or one client, and one consumer must not be able to close an API to all others. A call that ended for a reason
 * of its own (its client left, its body broke off or did not come, the upstream hung up on it) is undecided. A success
 * counts also when its call began before the breaker opened: whoever answers is there. While a trial is on its way the next
 * one is due after `open_for`: a call may wait long for its first byte, and all others must not wait for it.
 */
export type Breaker = {
  readonly state: 'closed' | 'open' | 'half_open';
  /** Failures in a row while closed. */
  readonly failures: number;
  /** Openings since the last success. */
  readonly openings: number;
  /** When the next trial may begin, once it is not closed. */
  readonly openUntilMs: number;
};

export type BreakerRules = { failures: number; openForMs: number };
export type BreakerEvent = 'success' | 'failure' | 'undecided' | 'ask';

/** Closed without a failure: what it nearly always is, so that a call compares it and is done. */
export const quietBreaker: Breaker = { state: 'closed', failures: 0, openings: 0, openUntilMs: 0 };

const longestFactor = 8;

export function nextBreaker(breaker: Breaker, event: BreakerEvent, nowMs: number, rules: BreakerRules): Breaker {
  switch (event) {
    case 'success':
      return quietBreaker;
    case 'failure':
      if (breaker.state === 'open') return breaker;
      if (breaker.state === 'half_open') return opened(breaker, nowMs, rules);
      return breaker.failures + 1 < rules.failures
        ? { ...breaker, failures: breaker.failures + 1 }
        : opened(breaker, nowMs, rules);
    case 'undecided':
      return breaker.state === 'half_open' ? { ...breaker, state: 'open', openUntilMs: nowMs } : breaker;
    case 'ask':
      if (breaker.state === 'closed' || !admits(breaker, nowMs)) return breaker;
      return { ...breaker, state: 'half_open', openUntilMs: nowMs + rules.openForMs };
  }
}

/** True when an `ask` now lets a call through. */
export function admits(breaker: Breaker, nowMs: number): boolean {
  return breaker.state === 'closed' || nowMs >= breaker.openUntilMs;
}

function opened(breaker: Breaker, nowMs: number, { openForMs }: BreakerRules): Breaker {
  const factor = Math.min(longestFactor, 2 ** breaker.openings);
  return {
    state: 'open',
    failures: 0,
    openings: breaker.openings + 1,
    openUntilMs: nowMs + openForMs * factor,
  };
}
