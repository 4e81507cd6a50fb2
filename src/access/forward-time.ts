import type { Clock } from '../clock.ts';

/** Wall time that a clock set back cannot turn back: what has expired in this process stays expired. */
export function forwardTime(clock: Clock): () => number {
  const startedAtMs = clock.nowMs() - clock.monotonicMs();
  return () => Math.max(clock.nowMs(), startedAtMs + clock.monotonicMs());
}
