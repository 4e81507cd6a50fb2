import { Asset, scValToNative, xdr } from '@stellar/stellar-sdk';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TOTAL_COINS_STROOPS } from '../../../src/devnet/ledger/header.ts';
import { type ChainRig, startChain } from '../chain-rig.ts';
import { contractLife, liveWithContracts, usdc } from './contract-life.ts';
import { heldOf } from './random-life.ts';

describe('random transactions, classic and of contracts', () => {
  it('change what is held of an asset by what their events say was minted, burned and clawed back', () => {
    fc.assert(
      fc.property(contractLife, (turns) => {
        const rig = startChain();
        liveWithContracts(rig, turns, () => {
          expect(heldOf(rig, 'usdc')).toBe(issued(rig, usdc));
        });
      }),
      { numRuns: 8 },
    );
  });

  it('move coins between accounts and fees, and their events tell of fees alone', () => {
    fc.assert(
      fc.property(contractLife, (turns) => {
        const rig = startChain();
        liveWithContracts(rig, turns, () => {
          const { feePool } = rig.chain.history.latest().closed.header;
          expect(heldOf(rig, 'native') + feePool).toBe(TOTAL_COINS_STROOPS);
          expect(issued(rig, Asset.native())).toBe(0n);
          expect(total(rig, Asset.native(), { fee: 1n })).toBe(feePool);
        });
      }),
      { numRuns: 8 },
    );
  });
});

function issued(rig: ChainRig, asset: Asset): bigint {
  return total(rig, asset, { mint: 1n, burn: -1n, clawback: -1n });
}

/** Of all events of the asset since genesis whose names have a sign. */
function total(rig: ChainRig, asset: Asset, signs: Readonly<Record<string, bigint>>): bigint {
  const contract = asset.contractId(rig.passphrase);
  let sum = 0n;
  for (const { contractId, topics, value } of rig.closed.flatMap(({ record }) => record.events)) {
    if (contractId !== contract) continue;
    const sign = signs[String(scValToNative(xdr.ScVal.fromXdr(topics[0] ?? '', 'base64')))];
    if (sign === undefined) continue;
    const data = scValToNative(xdr.ScVal.fromXdr(value, 'base64'));
    sum += sign * BigInt(typeof data === 'object' ? data.amount : data);
  }
  return sum;
}
