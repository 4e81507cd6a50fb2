import { expect, it } from 'vitest';
import { classicScript, lifeScript, lossScript, type Script } from '../simulation/script.ts';
import { type DeathOptions, simulateDeath } from '../simulation/simulate.ts';
import { figure } from '../support/figure.ts';

/** A process that dies at a crash point, which lies before and after each durable write and each request. */

it('a death at every crash point of a whole life loses nothing and takes nothing twice', async () => {
  const { crashPoints } = await simulateDeath(lifeScript, Number.POSITIVE_INFINITY);
  for (let point = 0; point < crashPoints; point++) {
    const { counts } = await simulateDeath(lifeScript, point);
    expect((counts.death ?? 0) + (counts['died while starting'] ?? 0)).toBe(1);
  }
  figure(`${crashPoints} crash points, a death at each`);
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
  figure(`${crashPoints} crash points, a death at every fifth`);
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
  figure(`${crashPoints} crash points, one of ${apart} played`);
});
