import { expect, it } from 'vitest';
import { changes } from './changes.ts';
import { classicScript, lifeScript, lossScript, type Script } from './script.ts';
import { crashPointsOf, simulate, simulateDeath } from './simulate.ts';

/**
 * The gateway's core as the program joins it (database, ledger, journal, watchers, settler, payouts, exits, classic deposits,
 * catalog), before the real contract, in lives by chance: a model outside knows what was forwarded, served and deposited.
 * test/long plays more.
 */

/** Lives that once broke something, as [seed, commands]. */
const kept: [number, number][] = [
  [23, 900],
  // A batch of a lane that the config no longer names waited for its channel account for ever.
  [10_001, 1_000],
  // A restored gateway with fewer lanes than the lost one took a batch on its way in another lane for foreign.
  [10_129, 1_000],
];

it.each([...kept, [1, 600], [2, 600], [5, 600], [6, 600]] as [number, number][])(
  'through faults, deaths and a full disk every unit is where it belongs, after each command and on chain (seed %i, %i commands)',
  async (seed, commands) => {
    const { counts } = await simulate(seed, commands);
    const changed = changes.reduce((sum, kind) => sum + (counts[kind] ?? 0), 0);
    expect(changed).toBeGreaterThan(commands / 10);
    expect(counts['receipt verified']).toBeGreaterThan(20);
  },
  60_000,
);

/** Lives of which one guard or another was found missing: call ids, caps and tokens after a loss, chain values, refunds lost. */
const keptLosses: [number, number][] = [
  [4, 600],
  [16, 600],
  [80, 500],
  [10_032, 400],
];

it.each(keptLosses)(
  'a gateway that loses its database again and again bills nobody twice (seed %i, %i commands)',
  async (seed, commands) => {
    const { counts } = await simulate(seed, commands);
    expect(counts.restore).toBeGreaterThan(1);
    expect(counts['taken over']).toBeGreaterThan(1);
  },
  60_000,
);

it.each<[string, Script, string[]]>([
  [
    'a loss and of the way back bills nobody twice',
    lossScript,
    ['backup', 'restore', 'database deleted', 'copied in flight', 'lost in flight', 'taken over', 'receipt verified'],
  ],
  [
    'payments on their way into the vault moves each of them once',
    classicScript,
    ['payment', 'payment to nobody', 'payment assigned', 'payment forwarded', 'taken over'],
  ],
  [
    'a whole life loses nothing and takes nothing twice',
    lifeScript,
    ['charge', 'refund', 'finish', 'exit landed', 'batch settled', 'payout turn', 'restart', 'withdrawal requested'],
  ],
])(
  'a death at any crash point of %s (every 16th of them here)',
  async (_, script, kinds) => {
    const { points, counts } = await crashPointsOf(script);
    // The script is worth its name only while all of this happens in it.
    for (const kind of kinds) expect([kind, counts[kind] ?? 0]).not.toEqual([kind, 0]);
    expect(points.length).toBeGreaterThan(150);
    for (const point of points.filter((_, index) => index % 16 === 0)) {
      const { counts: after } = await simulateDeath(script, point);
      expect((after.death ?? 0) + (after['died while starting'] ?? 0)).toBe(1);
    }
  },
  120_000,
);
