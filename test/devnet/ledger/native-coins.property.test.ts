import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TOTAL_COINS_STROOPS } from '../../../src/devnet/ledger/header.ts';
import { startChain } from '../chain-rig.ts';
import { entriesOf, life, live } from './random-life.ts';

describe('random classic transactions', () => {
  it('neither make nor lose native coins: accounts, what is set aside and fees hold all there ever was', () => {
    fc.assert(
      fc.property(life, (sendings) => {
        const rig = startChain();
        live(rig, sendings, () => {
          let held = rig.chain.history.latest().closed.header.feePool;
          for (const data of entriesOf(rig)) {
            if (data.type === 'account') held += data.account.balance;
            if (data.type !== 'claimableBalance') continue;
            if (data.claimableBalance.asset.type === 'assetTypeNative') held += data.claimableBalance.amount;
          }
          expect(held).toBe(TOTAL_COINS_STROOPS);
        });
      }),
      { numRuns: 8 },
    );
  });
});
