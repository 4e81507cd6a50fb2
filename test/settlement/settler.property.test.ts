import fc from 'fast-check';
import { describe, it } from 'vitest';
import { type Step, sendFaults, simulate } from './simulation.ts';

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('charge' as const),
      account: fc.nat(2),
      payee: fc.nat(1),
      price: fc.integer({ min: 1, max: 5_000 }),
    }),
  },
  { weight: 8, arbitrary: fc.record({ do: fc.constant('turn' as const) }) },
  {
    weight: 5,
    arbitrary: fc.record({ do: fc.constant('ledgers' as const), seconds: fc.constantFrom(5, 10, 45, 100) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('faults' as const),
      faults: fc.array(fc.constantFrom(...sendFaults), { maxLength: 3 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constantFrom('congest', 'flow', 'flow', 'lose_look_ups', 'hide_events', 'watch', 'crash', 'lag'),
    }),
  },
);

describe('settlement under any order of faults', () => {
  it('takes every charged unit once, and the books agree with the chain', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 60 }), async (steps) => {
        await simulate(steps);
      }),
      { numRuns: 40 },
    );
  });
});
