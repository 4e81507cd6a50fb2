import { expect, it } from 'vitest';
import { simulateShort } from './short-life.ts';

/** Many short lives, each with a fault or two at a spot of its own. test/long plays more, `npm run simulate -- --short` any number. */

const lives = 50;

it(`every unit is where it belongs after each command of ${lives} short lives with faults, and at the end on chain`, async () => {
  const total = new Map<string, number>();
  for (let seed = 1; seed <= lives; seed++) {
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
