import { expect, it } from 'vitest';
import { classicScript, lifeScript, lossScript, type Script } from '../simulation/script.ts';
import { crashPointsOf, type DeathOptions, simulateDeath } from '../simulation/simulate.ts';
import { figure } from '../support/figure.ts';

/**
 * A process that dies at a crash point, which lies before and after each durable write and each request. Points between
 * which nothing was written, sent or told are one: a death at either leaves the same behind.
 */
async function dieAt(points: readonly number[], script: Script, options?: DeathOptions): Promise<void> {
  for (const point of points) {
    const { counts } = await simulateDeath(script, point, options);
    expect((counts.death ?? 0) + (counts['died while starting'] ?? 0)).toBe(1);
  }
}

it.each([
  ['a whole life', lifeScript],
  ['a loss of the database and of the way back', lossScript],
  ['payments on their way into the vault', classicScript],
])(
  'a death at every crash point of %s loses nothing and takes nothing twice',
  async (_, script) => {
    const { all, points } = await crashPointsOf(script);
    await dieAt(points, script);
    figure(
      `${all} crash points, of which ${points.length} leave something else behind than the one before: a death at each of these`,
    );
  },
  1_800_000,
);

it.each<[string, Script, DeathOptions, number]>([
  ['a death, with two lanes, in a whole life', lifeScript, { lanes: [2] }, 2],
  ['a death, before a process with other lanes, in a loss and the way back', lossScript, { lanes: [3, 1, 2] }, 8],
  ['a power cut in a whole life', lifeScript, { unsyncedLeft: 0 }, 2],
  ['a power cut, with two lanes, in a loss and the way back', lossScript, { unsyncedLeft: 0, lanes: [2] }, 12],
  ['a power cut in payments on their way into the vault', classicScript, { unsyncedLeft: 0 }, 8],
])(
  '%s loses nothing and takes nothing twice',
  async (_, script, options, apart) => {
    const { all, points } = await crashPointsOf(script, options);
    const some = points.filter((_, index) => index % apart === 1);
    await dieAt(some, script, options);
    figure(`${all} crash points, ${points.length} that differ, a death at ${some.length} of these`);
  },
  1_800_000,
);
