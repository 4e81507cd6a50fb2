import { expect, it } from 'vitest';
import { faultSpots } from '../simulation/fault-spots.ts';
import { classicScript, lifeScript, lossScript, type Script } from '../simulation/script.ts';
import { simulateShort } from '../simulation/short-life.ts';
import { changes, type DeathOptions, simulate, simulateDeath, simulateFault } from '../simulation/simulate.ts';

/**
 * test/simulation at length: 100,000 changes of state by chance, a death at every crash point of a whole life, and hundreds
 * of short lives, faults and power cuts, each at a spot of its own.
 */

const changesWanted = 100_000;
const commandsPerLife = 1_000;

/** Enough of each kind that a broken rule of it would show. */
const leastOfEach: Partial<Record<(typeof changes)[number], number>> = {
  deposit: 1_000,
  call: 20_000,
  charge: 10_000,
  'failed call': 5_000,
  'call without an answer': 2_000,
  finish: 5_000,
  refund: 3_000,
  'withdrawal requested': 500,
  'withdrawal cancelled': 50,
  withdrawal: 100,
  'limit set': 200,
  'exit signed': 150,
  'exit landed': 20,
  'batch settled': 400,
  shortfall: 3,
  'payout turn': 150,
  death: 200,
  restart: 50,
  'write without room': 200,
  backup: 300,
  restore: 100,
  'database deleted': 10,
  'copied in flight': 50,
  'lost in flight': 20,
  'taken over': 100,
  payment: 300,
  'payment to nobody': 150,
  'payment forwarded': 300,
  'payment assigned': 50,
  'price changed': 200,
  'price changed under calls': 80,
  'catalog refused': 30,
};

it(`the identities of the books hold after each of ${changesWanted} changes of state, and at the end on chain`, async () => {
  const total = new Map<string, number>();
  let changed = 0;
  let receipts = 0;
  for (let seed = 10_000; changed < changesWanted; seed++) {
    const { counts } = await simulate(seed, commandsPerLife);
    receipts += counts['receipt verified'] ?? 0;
    for (const kind of changes) {
      total.set(kind, (total.get(kind) ?? 0) + (counts[kind] ?? 0));
      changed += counts[kind] ?? 0;
    }
  }
  process.stdout.write(`${changed} changes: ${[...total].map(([kind, count]) => `${count} ${kind}`).join(', ')}\n`);
  process.stdout.write(`${receipts} receipts lead to the chain value in the vault\n`);
  expect(receipts).toBeGreaterThan(10_000);
  for (const [kind, least] of Object.entries(leastOfEach)) {
    expect([kind, (total.get(kind) ?? 0) >= least]).toEqual([kind, true]);
  }
}, 1_800_000);

it('a death at every crash point of a whole life loses nothing and takes nothing twice', async () => {
  const { crashPoints } = await simulateDeath(lifeScript, Number.POSITIVE_INFINITY);
  for (let point = 0; point < crashPoints; point++) {
    const { counts } = await simulateDeath(lifeScript, point);
    expect((counts.death ?? 0) + (counts['died while starting'] ?? 0)).toBe(1);
  }
  process.stdout.write(`${crashPoints} crash points, a death at each\n`);
});

/** A point in five: the way back takes ten minutes of chain time, and each death plays it all. */
const pointsApart = 5;

it.each([
  ['a loss of the database and of the way back', lossScript],
  ['payments on their way into the vault', classicScript],
])('a death at any crash point of %s changes nothing of what is due', async (_, script) => {
  const { crashPoints } = await simulateDeath(script, Number.POSITIVE_INFINITY);
  for (let point = 1; point < crashPoints; point += pointsApart) {
    const { counts } = await simulateDeath(script, point);
    expect((counts.death ?? 0) + (counts['died while starting'] ?? 0)).toBe(1);
  }
  process.stdout.write(`${crashPoints} crash points, a death at every fifth\n`);
});

const shortLives = 600;

it(`every unit is where it belongs after each command of ${shortLives} short lives with faults, and at the end on chain`, async () => {
  const total = new Map<string, number>();
  for (let seed = 100_000; seed < 100_000 + shortLives; seed++) {
    const { counts } = await simulateShort(seed);
    for (const [kind, count] of Object.entries(counts)) total.set(kind, (total.get(kind) ?? 0) + count);
  }
  process.stdout.write(`${[...total].map(([kind, count]) => `${count} ${kind}`).join(', ')}\n`);
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
  process.stdout.write(`${spots.length} pairs of a fault and a spot, one of ${apart} played\n`);
});

it.each<[string, Script, DeathOptions, number]>([
  ['a death, with two lanes, in a whole life', lifeScript, { lanes: [2] }, 4],
  ['a death, before a process with other lanes, in a loss and the way back', lossScript, { lanes: [3, 1, 2] }, 20],
  ['a power cut in a whole life', lifeScript, { unsyncedLeft: 0 }, 4],
  ['a power cut, with two lanes, in a loss and the way back', lossScript, { unsyncedLeft: 0, lanes: [2] }, 40],
  ['a power cut in payments on their way into the vault', classicScript, { unsyncedLeft: 0 }, 20],
])('%s loses nothing and takes nothing twice', async (_, script, options, apart) => {
  const { crashPoints } = await simulateDeath(script, Number.POSITIVE_INFINITY, options);
  for (let point = 3; point < crashPoints; point += apart) {
    const { counts } = await simulateDeath(script, point, options);
    expect((counts.death ?? 0) + (counts['died while starting'] ?? 0)).toBe(1);
  }
  process.stdout.write(`${crashPoints} crash points, one of ${apart} played\n`);
});
