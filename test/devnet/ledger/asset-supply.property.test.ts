import { scValToNative, xdr } from '@stellar/stellar-sdk';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ChainRig, startChain } from '../chain-rig.ts';
import { entriesOf, life, live } from './random-life.ts';

describe('random classic transactions', () => {
  it('leave of an asset what their events say was minted, less what was burned and taken back', () => {
    fc.assert(
      fc.property(life, (sendings) => {
        const rig = startChain();
        live(rig, sendings);
        let held = 0n;
        for (const data of entriesOf(rig)) {
          if (data.type === 'trustline') held += data.trustLine.balance;
          if (data.type !== 'claimableBalance') continue;
          if (data.claimableBalance.asset.type !== 'assetTypeNative') held += data.claimableBalance.amount;
        }
        expect(held).toBe(issuedOf(rig));
      }),
      { numRuns: 12 },
    );
  });
});

/** USDC by the events of all transactions (CAP-67); only those that succeeded have any. */
function issuedOf(rig: ChainRig): bigint {
  let issued = 0n;
  for (const { record } of rig.closed) {
    for (const transaction of record.transactions) {
      const meta = xdr.TransactionMeta.fromXdr(transaction.meta);
      if (meta.type !== 'v4') throw new Error('meta is of version 4');
      for (const { body } of meta.v4.operations.flatMap(({ events }) => events)) {
        const [kind] = body.v0.topics.map((topic) => scValToNative(topic));
        const data = scValToNative(body.v0.data);
        const amount = typeof data === 'bigint' ? data : data.amount;
        if (kind === 'mint') issued += amount;
        if (kind === 'burn' || kind === 'clawback') issued -= amount;
      }
    }
  }
  return issued;
}
