import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TOTAL_COINS_STROOPS } from '../../../src/devnet/ledger/header.ts';
import { startChain } from '../chain-rig.ts';
import { heldOf, live } from './random-life.ts';
import { life } from './random-steps.ts';

describe('random classic transactions', () => {
  it('neither make nor lose native coins: accounts, what is set aside and fees hold all there ever was', () => {
    fc.assert(
      fc.property(life, (sendings) => {
        const rig = startChain();
        live(rig, sendings, () => {
          const { feePool } = rig.chain.history.latest().closed.header;
          expect(heldOf(rig, 'native') + feePool).toBe(TOTAL_COINS_STROOPS);
        });
      }),
      { numRuns: 120 },
    );
  });
});
