import { expect, it } from 'vitest';
import { classicScript, lifeScript, lossScript, type Script } from '../simulation/script.ts';
import { playFaults } from '../simulation/single-faults.ts';
import { figure } from '../support/figure.ts';

/** Single faults at numbered spots of the scripts; `npm run simulate -- --faults` plays every one. */
it.each<[string, Script, number]>([
  ['a whole life', lifeScript, 3],
  ['payments on their way into the vault', classicScript, 12],
  ['a loss of the database and of the way back', lossScript, 24],
])(
  'each fault of a request, a write or a sync, at any spot of %s, moves no unit',
  async (_, script, oneOf) => {
    const { pairs, played, same } = await playFaults(script, { oneOf });
    expect(played + same).toBeGreaterThan((0.9 * pairs) / oneOf);
    figure(
      `${pairs} pairs of a fault and a spot: ${played} played, ${same} the same as one of these, ${pairs - played - same} left out`,
    );
  },
  1_800_000,
);
