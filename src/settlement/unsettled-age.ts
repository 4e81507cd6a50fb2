import type { Clock } from '../clock.ts';
import type { UnsettledHead } from '../store/unsettled-heads.ts';

/**
 * Knows since when the oldest charge has waited for the chain. Its date tells, and so does the time that has passed since
 * this process first knew of it, whichever is longer: a clock that is set back makes no charge young again. A call that
 * broke off with an earlier process has waited since this one began, however long the outage was.
 */
export type UnsettledAge = {
  /** Reads the books. */
  look(): void;
  /** By the clock on the wall as it is now, ms; undefined while nothing waits. Costs no read: it is asked on every call. */
  oldestAtMs(): number | undefined;
};

/** Monotonic ms at which every call up to this id was known. */
type Mark = { id: number; atMs: number };

/** So fine is the age by the time that has passed, at first. */
const markEveryMs = 60_000;
/** Past it every other mark goes: half a day of them is as fine as this, and more only half as fine. */
const marksMax = 1_000;

export function createUnsettledAge(deps: {
  clock: Pick<Clock, 'nowMs' | 'monotonicMs'>;
  heads: () => UnsettledHead[];
  /** Call id of the newest charge that waits. */
  newest: () => number;
}): UnsettledAge {
  const { clock } = deps;
  let marks: Mark[] = [];
  let waiting: { atMs: number; sinceMs: number }[] = [];

  function mark(heads: readonly UnsettledHead[], nowMs: number): void {
    const oldest = Math.min(...heads.map((head) => head.id));
    marks = marks.filter((past) => past.id >= oldest);
    const last = marks.at(-1);
    if (last && nowMs - last.atMs < markEveryMs) return;
    const id = Math.max(deps.newest(), ...heads.map((head) => head.id));
    if (last && last.id >= id) return;
    marks.push({ id, atMs: nowMs });
    if (marks.length > marksMax) marks = marks.filter((_, index) => index % 2 === 0);
  }

  return {
    look() {
      const heads = deps.heads();
      const nowMs = clock.monotonicMs();
      mark(heads, nowMs);
      waiting = heads.map(({ id, atMs = Number.POSITIVE_INFINITY }) => {
        return { atMs, sinceMs: marks.find((past) => past.id >= id)?.atMs ?? nowMs };
      });
    },
    oldestAtMs() {
      if (waiting.length === 0) return undefined;
      const wallAtStartMs = clock.nowMs() - clock.monotonicMs();
      let oldestMs = Number.POSITIVE_INFINITY;
      for (const { atMs, sinceMs } of waiting) oldestMs = Math.min(oldestMs, atMs, wallAtStartMs + sinceMs);
      return oldestMs;
    },
  };
}
