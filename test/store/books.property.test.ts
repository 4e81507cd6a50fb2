import fc from 'fast-check';
import { describe, it } from 'vitest';
import { step, World } from './books-world.ts';

/**
 * Random histories through the real database and the ledger side by side, with a small vault as the chain. After every
 * step: memory equals database, the identities hold, the daily sums equal the sealed rows, sums equal their rows, and what
 * the vault gave is what the books say. The store is closed and opened again at random, which is what a restart does.
 */

describe('the books', () => {
  it('are the same in memory and in the database through any history and any number of restarts', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 120, size: 'max' }), async (steps) => {
        const world = new World();
        world.open();
        try {
          for (const next of steps) {
            await world.take(next);
            world.check();
          }
        } finally {
          await world.close();
        }
      }),
      { numRuns: 25 },
    );
  }, 120_000);
});
