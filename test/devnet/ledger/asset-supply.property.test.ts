import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ChainRig, startChain } from '../chain-rig.ts';
import { keypair } from '../rig.ts';
import { entriesOf, life, live } from './random-life.ts';

describe('random classic transactions', () => {
  it('leave of an asset what its issuer paid out less what came back', () => {
    fc.assert(
      fc.property(life, (sendings) => {
        const rig = startChain();
        live(rig, sendings);
        let issued = 0n;
        for (const { record } of rig.closed) {
          for (const transaction of record.transactions) if (transaction.successful) issued += issuedBy(transaction);
        }
        let held = 0n;
        for (const data of entriesOf(rig)) if (data.type === 'trustline') held += data.trustLine.balance;
        expect(held).toBe(issued);
      }),
      { numRuns: 8 },
    );
  });
});

/** USDC that a successful transaction of anybody made (from the issuer) or ended (to the issuer). */
function issuedBy({ signed }: ChainRig['closed'][number]['record']['transactions'][number]): bigint {
  const issuer = keypair('issuer').xdrPublicKey();
  return signed.tx.operations.reduce((sum, { body }) => {
    if (body.type !== 'payment' || body.paymentOp.asset.type === 'assetTypeNative') return sum;
    const { destination, amount: moved } = body.paymentOp;
    const toIssuer = destination.type === 'keyTypeEd25519' && issuer.ed25519.equals(destination.ed25519);
    const fromIssuer = signed.source.equals(issuer);
    if (fromIssuer === toIssuer) return sum;
    return fromIssuer ? sum + moved : sum - moved;
  }, 0n);
}
