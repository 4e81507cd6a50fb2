import { expect, it } from 'vitest';
import { simulateShort } from './short-life.ts';

/** Many short lives, each with a fault or two at a spot of its own. test/long plays more, `npm run simulate -- --short` any number. */

const lives = 50;

/** Seeds of lives that once broke. */
const kept = [
  // A call asked a gateway for its token that had given way to the next one meanwhile.
  100_934,
];

it(`every unit is where it belongs after each command of ${lives} short lives with faults, and at the end on chain`, async () => {
  const total = new Map<string, number>();
  for (const seed of [...kept, ...Array.from({ length: lives }, (_, at) => at + 1)]) {
    const { counts } = await simulateShort(seed);
    for (const [kind, count] of Object.entries(counts)) total.set(kind, (total.get(kind) ?? 0) + count);
  }
  for (const kind of [
    'charge',
    'refund',
    'death',
    'restore',
    'transactions to fail',
    'history pruned',
    'clock set',
    'vault upgraded',
  ]) {
    expect([kind, total.get(kind) ?? 0]).not.toEqual([kind, 0]);
  }
}, 120_000);
