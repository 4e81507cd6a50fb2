import type { Clock } from '../clock.ts';

/**
 * What time it is on the network, by the close times of its ledgers: the host's clock is compared with it. A ledger that is
 * read late makes the network look late, never early, so of all that was read lately the latest time counts: a server that
 * lags for a while, or one of two that does, changes nothing.
 */
export type NetworkTime = {
  /** A newest ledger that a server showed just now. */
  note(closedAtMs: number): void;
  /**
   * How far the host's clock is ahead of the network's, below 0 when it is behind, ms; undefined before the first ledger.
   * Ahead is what it is at the most: less when every server lags.
   */
  hostAheadMs(): number | undefined;
};

/** So long one reading counts against later ones, ms: the monotonic clock strays by a second in it at the worst. */
const keptMs = 3_600_000;

export function createNetworkTime(clock: Pick<Clock, 'nowMs' | 'monotonicMs'>): NetworkTime {
  /** Network time at the zero of the monotonic clock, and when it was read. */
  let best: { zeroMs: number; readAtMs: number } | undefined;
  return {
    note(closedAtMs) {
      const readAtMs = clock.monotonicMs();
      const zeroMs = closedAtMs - readAtMs;
      if (best && zeroMs < best.zeroMs && readAtMs - best.readAtMs < keptMs) return;
      best = { zeroMs, readAtMs };
    },
    hostAheadMs: () => best && clock.nowMs() - clock.monotonicMs() - best.zeroMs,
  };
}
