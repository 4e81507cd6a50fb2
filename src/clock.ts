/**
 * The only reader of real time. Wall time dates rows and ends tokens; monotonic time measures durations.
 * Neither ever orders money: ids do.
 */
export type Clock = {
  /** Wall time, ms since 1970. */
  nowMs(): number;
  /** Monotonic time in ms from an arbitrary start; never goes back. */
  monotonicMs(): number;
  /** Resolves after `delayMs`, or at once when the signal aborts. Never rejects. */
  sleep(delayMs: number, signal?: AbortSignal): Promise<void>;
};

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  sleep(delayMs, signal) {
    return new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const done = () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, delayMs);
      signal?.addEventListener('abort', done);
    });
  },
};

export type FakeClock = Clock & {
  /** Moves both clocks forward and wakes the sleepers whose time has come, in order. */
  advance(byMs: number): void;
  /** Moves wall time alone, as an operator or NTP does; may go back. */
  setWall(nowMs: number): void;
  /** Those who wait for it to move. */
  sleepers(): readonly object[];
};

/** A clock that stands still until a test moves it. */
export function fakeClock(startMs = 1_800_000_000_000): FakeClock {
  let wallMs = startMs;
  let elapsedMs = 0;
  let sleepers: { dueMs: number; wake: () => void }[] = [];
  return {
    nowMs: () => wallMs,
    monotonicMs: () => elapsedMs,
    sleep(delayMs, signal) {
      return new Promise((resolve) => {
        if (signal?.aborted) return resolve();
        const sleeper = { dueMs: elapsedMs + delayMs, wake: resolve };
        sleepers = [...sleepers, sleeper];
        signal?.addEventListener('abort', () => {
          sleepers = sleepers.filter((other) => other !== sleeper);
          resolve();
        });
      });
    },
    advance(byMs) {
      wallMs += byMs;
      elapsedMs += byMs;
      const due = sleepers.filter((sleeper) => sleeper.dueMs <= elapsedMs).sort((a, b) => a.dueMs - b.dueMs);
      sleepers = sleepers.filter((sleeper) => sleeper.dueMs > elapsedMs);
      for (const sleeper of due) sleeper.wake();
    },
    setWall(nowMs) {
      wallMs = nowMs;
    },
    sleepers: () => sleepers,
  };
}
