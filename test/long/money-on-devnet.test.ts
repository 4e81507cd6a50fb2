import { describe, expect, it } from 'vitest';
import { live } from '../stellar/devnet-life.ts';
import { deployedChain } from '../stellar/devnet-rig.ts';
import { figure } from '../support/figure.ts';

describe('the money of a gateway on the embedded network', () => {
  it.each([1, 2, 3, 4, 5, 6])('is not off by a unit after a random life (seed %i)', async (seed) => {
    const chain = await deployedChain();
    try {
      const lived = await live(chain, 600, mulberry(seed));
      figure(`${lived.settled} units settled in ${lived.batches} batches`);
      expect(lived.settled).toBeGreaterThan(0n);
    } finally {
      await chain.devnet.close();
    }
  });
});

/** A small generator with a seed: a failing life can be lived again. */
function mulberry(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
