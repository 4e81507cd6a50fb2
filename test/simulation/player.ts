import { parentPort, workerData } from 'node:worker_threads';
import { scripts } from './script.ts';
import { simulateShort } from './short-life.ts';
import { simulate } from './simulate.ts';
import { type FaultsPlayed, playFaults } from './single-faults.ts';

/** A thread that plays one share of what was asked for: every so many-th life, or every so many-th spot. */

/** `at` is the number of the share, from 0, `of` how many shares there are. */
export type Share = { at: number; of: number };

export type Wish =
  | { play: 'lives'; first: number; lives: number; commands: number | 'short' }
  | { play: 'faults'; script: keyof typeof scripts; oneOf: number };

export type Told =
  | { what: 'life'; counts: Record<string, number> }
  | { what: 'faults'; progress: FaultsPlayed }
  /** It broke; `seed` is the life's, if it has one. */
  | { what: 'broken'; text: string; seed?: number };

if (parentPort) {
  const tell = (told: Told) => parentPort?.postMessage(told);
  await playShare(workerData as { wish: Wish; share: Share }, tell);
}

async function playShare({ wish, share }: { wish: Wish; share: Share }, tell: (told: Told) => void): Promise<void> {
  if (wish.play === 'faults') {
    const told = (progress: FaultsPlayed) => tell({ what: 'faults', progress });
    await playFaults(scripts[wish.script], { oneOf: wish.oneOf, share, told }).then(told, (error: unknown) =>
      tell({ what: 'broken', text: textOf(error) }),
    );
    return;
  }
  const { first, lives, commands } = wish;
  for (let seed = first + share.at; seed < first + lives; seed += share.of) {
    try {
      const { counts } = await (commands === 'short' ? simulateShort(seed) : simulate(seed, commands));
      tell({ what: 'life', counts });
    } catch (error) {
      tell({ what: 'broken', text: textOf(error), seed });
      return;
    }
  }
}

function textOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
