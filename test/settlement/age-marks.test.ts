import { describe, expect, it } from 'vitest';
import { fakeClock } from '../../src/clock.ts';
import { createAgeMarks } from '../../src/settlement/age-marks.ts';

function marksRig(ageMaxMs = 1_000) {
  const clock = fakeClock();
  let id = 0;
  const marks = createAgeMarks({ clock, ageMaxMs, newest: () => id });
  return { clock, marks, begin: (next: number) => (id = next) };
}

describe('the calls that began too long ago', () => {
  it('are those that were known when the age began, and no newer one', () => {
    const { clock, marks, begin } = marksRig();
    begin(7);
    marks.note();
    clock.advance(400);
    begin(8);
    expect(marks.beganBefore()).toBe(0);
    clock.advance(599);
    expect(marks.beganBefore()).toBe(0);
    clock.advance(1);
    expect(marks.beganBefore()).toBe(7);
    clock.advance(400);
    expect(marks.beganBefore()).toBe(8);
  });

  it('do not change with the clock on the wall', () => {
    const { clock, marks, begin } = marksRig();
    begin(7);
    marks.note();
    clock.setWall(clock.nowMs() + 86_400_000);
    expect(marks.beganBefore()).toBe(0);
    clock.setWall(0);
    clock.advance(1_000);
    expect(marks.beganBefore()).toBe(7);
  });

  it('stay old once they were, also when the queue is empty', () => {
    const { clock, marks, begin } = marksRig();
    begin(7);
    marks.note();
    clock.advance(1_000);
    begin(0);
    expect(marks.beganBefore()).toBe(7);
    clock.advance(5_000);
    expect(marks.beganBefore()).toBe(7);
  });

  it('cost a look at the queue a hundred times within the age, however often they are asked for', () => {
    const clock = fakeClock();
    let looks = 0;
    const marks = createAgeMarks({ clock, ageMaxMs: 10_000, newest: () => ++looks });
    for (let passedMs = 0; passedMs < 20_000; passedMs += 10) {
      marks.note();
      clock.advance(10);
    }
    expect(looks).toBe(200);
  });
});
