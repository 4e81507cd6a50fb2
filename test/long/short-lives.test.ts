import { expect, it } from 'vitest';
import { faultSpots } from '../simulation/fault-spots.ts';
import { classicScript, lifeScript, type Script } from '../simulation/script.ts';
import { simulateShort } from '../simulation/short-life.ts';
import { simulateDeath, simulateFault } from '../simulation/simulate.ts';
import { figure } from '../support/figure.ts';

/** Hundreds of short lives with a fault or two, and single faults at numbered spots of the scripts. */

const shortLives = 600;

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

it.each<[string, Script, number]>([
  ['a whole life', lifeScript, 10],
  ['payments on their way into the vault', classicScript, 40],
])('each fault of a request, a write or a sync, at any spot of %s, moves no unit', async (_, script, apart) => {
  const spots = faultSpots(await simulateDeath(script, Number.POSITIVE_INFINITY));
  for (const spot of spots.filter((_, index) => index % apart === 1)) await simulateFault(script, spot);
  figure(`${spots.length} pairs of a fault and a spot, one of ${apart} played`);
});
