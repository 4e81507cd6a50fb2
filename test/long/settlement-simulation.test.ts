import { describe, expect, it } from 'vitest';
import { type Step, sendFaults, simulate } from '../settlement/simulation.ts';
import { figure } from '../support/figure.ts';

/** Thousands of batches under faults: the guarantee of test/settlement, at length. A failure prints its seed. */

const batchesWanted = 10_000;

/** One round of ordinary life, with trouble now and then: charges, ledgers, turns. */
function script(random: () => number): Step[] {
  const pick = (count: number) => Math.floor(random() * count);
  const steps: Step[] = [];
  for (let round = 0; round < 300; round++) {
    steps.push({ do: 'charge', account: pick(3), payee: pick(2), price: 1 + pick(1_000) });
    if (random() < 0.15) steps.push({ do: 'faults', faults: [sendFaults[pick(sendFaults.length)] ?? 'pending'] });
    if (random() < 0.03) steps.push({ do: 'congest' });
    if (random() < 0.05) steps.push({ do: 'crash' });
    if (random() < 0.05) steps.push({ do: 'lose_look_ups' });
    if (random() < 0.05) steps.push({ do: 'watch' });
    if (random() < 0.03) steps.push({ do: 'hide_events' });
    steps.push({ do: 'turn' }, { do: 'ledgers', seconds: random() < 0.1 ? 100 : 5 }, { do: 'turn' });
    steps.push({ do: 'ledgers', seconds: 5 }, { do: 'turn' });
    if (random() < 0.3) steps.push({ do: 'flow' });
  }
  return steps;
}

describe('settlement at length', () => {
  it(`takes every unit once over ${batchesWanted} batches under faults`, async () => {
    let batches = 0;
    let runs = 0;
    for (let seed = 1; batches < batchesWanted; seed++) {
      const random = mulberry(seed);
      try {
        batches += await simulate(script(random));
        runs++;
      } catch (cause) {
        throw new Error(`seed ${seed}`, { cause });
      }
    }
    figure(`${batches} batches in ${runs} lives`);
    expect(batches).toBeGreaterThanOrEqual(batchesWanted);
  });
});

/** A small generator with a seed: the script of a failing seed can be played again. */
function mulberry(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
