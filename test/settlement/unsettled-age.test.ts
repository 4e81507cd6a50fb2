import { describe, expect, it } from 'vitest';
import { type FakeClock, fakeClock } from '../../src/clock.ts';
import { createUnsettledAge } from '../../src/settlement/unsettled-age.ts';
import type { UnsettledHead } from '../../src/store/unsettled-heads.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

/** Looks every second while time passes, as the program does, in steps of a minute. */
function ageRig() {
  const clock: FakeClock = fakeClock();
  let heads: UnsettledHead[] = [];
  let newest = 0;
  const age = createUnsettledAge({ clock, heads: () => heads, newest: () => newest });
  return {
    clock,
    ageMs: () => clock.nowMs() - (age.oldestAtMs() ?? Number.NaN),
    oldestAtMs: age.oldestAtMs,
    /** What is in the books from now on. */
    books(oldest: UnsettledHead[], newestId = Math.max(0, ...oldest.map(({ id }) => id))) {
      heads = oldest;
      newest = newestId;
      age.look();
    },
    pass(ms: number) {
      for (let left = ms; left > 0; left -= minuteMs) {
        clock.advance(Math.min(minuteMs, left));
        age.look();
      }
    },
  };
}

describe('the age of the oldest unsettled charge', () => {
  it('is told by its date while the clock is right, also after an outage', () => {
    const { books, ageMs, pass, clock, oldestAtMs } = ageRig();
    expect(oldestAtMs()).toBeUndefined();
    books([{ id: 5, atMs: clock.nowMs() - hourMs }]);
    expect(ageMs()).toBe(hourMs);
    pass(hourMs);
    expect(ageMs()).toBe(2 * hourMs);
    books([]);
    expect(oldestAtMs()).toBeUndefined();
  });

  it('grows with the time that passes, whatever the clock on the wall is set to', () => {
    const { books, ageMs, pass, clock } = ageRig();
    books([{ id: 5, atMs: clock.nowMs() }]);
    pass(2 * hourMs);
    clock.setWall(clock.nowMs() - 72 * hourMs);
    expect(ageMs()).toBe(2 * hourMs);
    pass(3 * hourMs);
    expect(ageMs()).toBe(5 * hourMs);
  });

  it('is that of a charge that others had hidden, once those are settled', () => {
    const { books, ageMs, pass, clock } = ageRig();
    books([{ id: 5, atMs: clock.nowMs() }]);
    pass(hourMs);
    books([{ id: 5, atMs: clock.nowMs() - hourMs }], 6);
    pass(2 * hourMs);
    clock.setWall(0);
    books([{ id: 6, atMs: hourMs }]);
    expect(ageMs()).toBeGreaterThanOrEqual(2 * hourMs - minuteMs);
    expect(ageMs()).toBeLessThanOrEqual(2 * hourMs);
  });

  it('is that of the oldest batch, whichever lane has it and however young the others are', () => {
    const { books, ageMs, pass, clock } = ageRig();
    books([{ id: 5, atMs: clock.nowMs() }]);
    clock.setWall(clock.nowMs() - 72 * hourMs);
    for (let id = 6; id < 20; id++) {
      books([
        { id: 5, atMs: clock.nowMs() + 72 * hourMs },
        { id, atMs: clock.nowMs() },
      ]);
      pass(hourMs);
    }
    expect(ageMs()).toBe(14 * hourMs);
  });

  it('of a call that broke off with an earlier process counts from the start of this one', () => {
    const { books, ageMs, pass } = ageRig();
    books([{ id: 5, atMs: undefined }]);
    expect(ageMs()).toBe(0);
    pass(hourMs);
    expect(ageMs()).toBe(hourMs);
  });

  it('stays known for weeks in a list that does not grow with them', () => {
    const { books, ageMs, pass, clock } = ageRig();
    const atMs = clock.nowMs();
    books([{ id: 5, atMs }]);
    for (let id = 6; id < 2_500; id++) {
      books([{ id: 5, atMs }], id);
      pass(minuteMs);
    }
    clock.setWall(0);
    expect(ageMs()).toBe(2_494 * minuteMs);
  });
});
