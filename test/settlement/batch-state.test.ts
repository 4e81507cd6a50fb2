import { describe, expect, it } from 'vitest';
import { type BatchEvent, type BatchState, judgeEnvelope, nextBatchState } from '../../src/settlement/batch-state.ts';

describe('the states of a batch', () => {
  const states: BatchState[] = ['open', 'sealed', 'submitted', 'confirmed'];
  const events: BatchEvent[] = ['seal', 'record', 'land', 'unlandable'];
  const allowed: Record<string, BatchState> = {
    'open seal': 'sealed',
    'sealed record': 'submitted',
    'sealed land': 'confirmed',
    'submitted land': 'confirmed',
    'submitted unlandable': 'sealed',
    'confirmed land': 'confirmed',
  };

  it.each(states.flatMap((state) => events.map((event) => [state, event] as const)))(
    'from %s by %s lead only where the table says',
    (state, event) => {
      expect(nextBatchState(state, event)).toBe(allowed[`${state} ${event}`]);
    },
  );
});

describe('the verdict on an envelope', () => {
  const maxTimeS = 100;
  it.each([
    ['SUCCESS', 1, 0, 'landed'],
    ['FAILED', 1, 0, 'failed'],
    ['NOT_FOUND', 99, 0, 'may_land'],
    ['NOT_FOUND', 100, 0, 'may_land'],
    ['NOT_FOUND', 101, 1, 'look_again'],
    ['NOT_FOUND', 101, 2, 'absent'],
    ['NOT_FOUND', 10_000, 1, 'look_again'],
  ] as const)(
    'on %s at time %i after %i late absences is %s',
    (status, latestClosedAtS, absentAfterMaxTime, verdict) => {
      expect(judgeEnvelope({ status, latestClosedAtS, maxTimeS, absentAfterMaxTime })).toBe(verdict);
    },
  );
});
