/**
 * Whether calls may go to one target: the passive health check. Calls only raise a doubt; what settles it is a question of
 * the gateway's own (`own-question.ts`), which no caller has a part in.
 *
 * | state     | answer | doubt            | silence                                   | undecided | ask                         |
 * | --------- | ------ | ---------------- | ----------------------------------------- | --------- | --------------------------- |
 * | closed    | closed | closed, one more | in doubt: open; else closed               | closed    | closed, the call may go     |
 * | open      | closed | open             | open, until the same moment               | open      | due: half_open, it may go   |
 * | half_open | closed | half_open        | open, twice as long, eight times at most  | open, due | due: again, else not        |
 *
 * A doubt is a call that found no connection or got no head on it: refused, no address, no TLS, a time-out, a reset, an
 * answer that is not HTTP. Most of these can be one path's or one client's doing, for nothing: whoever knows a path that is
 * not answered in time would close an API to all others if calls alone could. So `failures` in a row make the gateway
 * ask, and so does each trial: only a silence, its question without an answer, opens the breaker, and nobody's slow call
 * keeps it open. An answer, to the question or to any call, closes it whatever its status: 502, 503 and 504 are often said
 * about one path or one client too. It counts also when its call began before the breaker opened: whoever answers is there.
 * A call that ended for a reason of its own (its client left, its body broke off or did not come, the upstream hung up on
 * it) is undecided. While a trial is on its way the next one is due after `open_for`: a call may wait long for its first
 * byte, and all others must not wait for it.
 */
export type Breaker = {
  readonly state: 'closed' | 'open' | 'half_open';
  /** Doubts in a row while closed. */
  readonly failures: number;
  /** Openings since the last answer. */
  readonly openings: number;
  /** When the next trial may begin, once it is not closed. */
  readonly openUntilMs: number;
};

export type BreakerRules = { failures: number; openForMs: number };
export type BreakerEvent = 'answer' | 'doubt' | 'silence' | 'undecided' | 'ask';

/** Closed without a doubt: what it nearly always is, so that a call compares it and is done. */
export const quietBreaker: Breaker = { state: 'closed', failures: 0, openings: 0, openUntilMs: 0 };

const longestFactor = 8;

export function nextBreaker(breaker: Breaker, event: BreakerEvent, nowMs: number, rules: BreakerRules): Breaker {
  switch (event) {
    case 'answer':
      return quietBreaker;
    case 'doubt':
      return breaker.state === 'closed' ? { ...breaker, failures: breaker.failures + 1 } : breaker;
    case 'silence':
      // A call may have been answered since the question was put.
      return isDoubtful(breaker, rules) ? opened(breaker, nowMs, rules) : breaker;
    case 'undecided':
      return breaker.state === 'half_open' ? { ...breaker, state: 'open', openUntilMs: nowMs } : breaker;
    case 'ask':
      if (breaker.state === 'closed' || !admits(breaker, nowMs)) return breaker;
      return { ...breaker, state: 'half_open', openUntilMs: nowMs + rules.openForMs };
  }
}

/** True while the gateway is to ask for itself. */
export function isDoubtful({ state, failures }: Breaker, rules: BreakerRules): boolean {
  return state === 'half_open' || (state === 'closed' && failures >= rules.failures);
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
