import { expect, it } from 'vitest';
import { simulateShort } from '../simulation/short-life.ts';
import { figure } from '../support/figure.ts';

/** A thousand short lives with a fault or two. */

const shortLives = 1_000;

it(`every unit is where it belongs after each command of ${shortLives} short lives with faults, and at the end on chain`, async () => {
  const total = new Map<string, number>();
  for (let seed = 100_000; seed < 100_000 + shortLives; seed++) {
    const { counts } = await simulateShort(seed);
    for (const [kind, count] of Object.entries(counts)) total.set(kind, (total.get(kind) ?? 0) + count);
  }
  figure(`${[...total].map(([kind, count]) => `${count} ${kind}`).join(', ')}`);
  for (const kind of [
    'death',
    'write without room',
    'write behind a lock',
    'write that failed',
    'sync that failed',
    'transactions to fail',
    'surge',
    'history pruned',
    'clock set',
    'batch of another lane',
  ]) {
    expect([kind, (total.get(kind) ?? 0) >= 5]).toEqual([kind, true]);
  }
}, 1_800_000);
