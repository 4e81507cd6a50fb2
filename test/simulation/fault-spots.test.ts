import { expect, it } from 'vitest';
import { alike, faultSpots } from './fault-spots.ts';
import { lifeScript, lossScript } from './script.ts';
import { type LifeReport, simulateDeath, simulateFault } from './simulate.ts';

/** One fault at one spot of a scripted life. Here a sample of the spots; test/long plays many more. */

it('each fault of a request, a write or a sync, at any spot of a whole life, moves no unit (every 73rd spot here)', async () => {
  const spots = faultSpots(await simulateDeath(lifeScript, Number.POSITIVE_INFINITY));
  expect(spots.length).toBeGreaterThan(1_300);
  for (const spot of spots.filter((_, index) => index % 73 === 0)) await simulateFault(lifeScript, spot);
}, 120_000);

it('a fault before a request that sends nothing and one behind it leave the same life, so that one stands for both', async () => {
  const script = { seed: 3, commands: 'watch, call, head, end, watch'.split(', ') };
  const spots = faultSpots(await simulateDeath(script, Number.POSITIVE_INFINITY));
  const groups = alike(spots);
  expect(groups.flat()).toHaveLength(spots.length);
  const pairs = groups.filter((group) => group.length > 1 && group[0]?.at === 6);
  expect(pairs).toHaveLength(3);
  for (const pair of pairs) {
    const [before, behind] = await Promise.all(pair.map((spot) => simulateFault(script, spot).then(playedIn)));
    expect(behind).toEqual(before);
  }
}, 120_000);

/** All but the fault's own name, and the crash point that only a request reaches which took effect. */
function playedIn({ counts, crashPoints, ...spots }: LifeReport): object {
  return {
    ...spots,
    counts: Object.entries(counts).map(([name, count]) => [name.replace(/^\w+: /, 'a fault: '), count]),
  };
}

it('a death at any crash point of a gateway with two lanes takes nothing twice (every 40th of them here)', async () => {
  const { crashPoints, counts } = await simulateDeath(lifeScript, Number.POSITIVE_INFINITY, { lanes: [2] });
  expect(counts['batch of another lane']).toBeGreaterThan(0);
  for (let point = 0; point < crashPoints; point += 40) {
    const { counts: after } = await simulateDeath(lifeScript, point, { lanes: [2] });
    expect((after.death ?? 0) + (after['died while starting'] ?? 0)).toBe(1);
  }
}, 120_000);

it('a death at a crash point of a loss finds lanes that the next process no longer has (every 300th of them here)', async () => {
  const { crashPoints, counts } = await simulateDeath(lossScript, Number.POSITIVE_INFINITY, { lanes: [3, 1, 2] });
  expect(counts['batch of another lane']).toBeGreaterThan(0);
  for (let point = 0; point < crashPoints; point += 300) {
    await simulateDeath(lossScript, point, { lanes: [3, 1, 2] });
  }
}, 120_000);

it('a power cut at any crash point takes what was not synced, and nothing that anybody relied on (every 40th of them here)', async () => {
  const { crashPoints } = await simulateDeath(lifeScript, Number.POSITIVE_INFINITY, { unsyncedLeft: 0 });
  for (let point = 8; point < crashPoints; point += 40) {
    const { counts } = await simulateDeath(lifeScript, point, { unsyncedLeft: 0 });
    expect((counts.death ?? 0) + (counts['died while starting'] ?? 0)).toBe(1);
  }
}, 120_000);

it('a power cut soon after a start has no call id given out again', async () => {
  const commands = 'watch, restart, call, call, watch, call, watch'.split(', ');
  const { crashPoints } = await simulateDeath({ seed: 3, commands }, Number.POSITIVE_INFINITY, { unsyncedLeft: 0 });
  const script = { seed: 3, commands: [...commands, 'call', 'call'] };
  for (let point = crashPoints - 12; point < crashPoints; point++) {
    const broken = simulateDeath(script, point, { unsyncedLeft: 0 }).then(() => 'nothing', String);
    expect(await broken).toBe('nothing');
  }
}, 120_000);
