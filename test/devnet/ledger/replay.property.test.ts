import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { startChain } from '../chain-rig.ts';
import { life, live } from './random-life.ts';

describe('random classic transactions', () => {
  it('give the same ledger hash when they are sent again to a network of the same seed', () => {
    fc.assert(
      fc.property(life, (sendings) => {
        const [one, two] = [startChain(), startChain()];
        for (const rig of [one, two]) live(rig, sendings);
        const hashes = [one, two].map((rig) => Buffer.from(rig.chain.history.latest().closed.hash).toString('hex'));
        expect(hashes[0]).toBe(hashes[1]);
      }),
      { numRuns: 5 },
    );
  });
});
