import type { Clock } from '../clock.ts';

/**
 * Knows which calls began at least `ageMaxMs` ago, without their wall times: by the call ids that were the newest then. A
 * clock that is set forward makes no running call old, and what an earlier process left unfinished grows old from the start
 * of this one on: after an outage, however long, a person has that time to refund it.
 */
export type AgeMarks = {
  /** Looks at the newest call id, if it is time to. */
  note(): void;
  /** The newest call that is too old to be waited for; 0 for none. */
  beganBefore(): number;
};

/** Marks within one age: a call is taken at most a hundredth of the age late, and the list stays short. */
const marksPerAge = 100;

export function createAgeMarks(deps: {
  clock: Pick<Clock, 'monotonicMs'>;
  ageMaxMs: number;
  /** Call id of the newest charge that waits. */
  newest: () => number;
}): AgeMarks {
  const { clock, ageMaxMs, newest } = deps;
  const marks: { atMs: number; id: number }[] = [];
  let old = 0;

  function note(): void {
    const nowMs = clock.monotonicMs();
    const last = marks.at(-1);
    if (!last || nowMs - last.atMs >= ageMaxMs / marksPerAge) marks.push({ atMs: nowMs, id: newest() });
  }

  return {
    note,
    beganBefore() {
      note();
      const nowMs = clock.monotonicMs();
      for (;;) {
        const [first] = marks;
        if (!first || nowMs - first.atMs < ageMaxMs) return old;
        old = Math.max(old, first.id);
        marks.shift();
      }
    },
  };
}
