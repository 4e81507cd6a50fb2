import { Asset, StrKey, scValToNative, xdr } from '@stellar/stellar-sdk';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { operationMetas } from '../../../src/devnet/horizon/operation-meta.ts';
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
      { numRuns: 35 },
    );
  });

  it('tell of each operation that makes or ends money once, by the name of what it did', () => {
    fc.assert(
      fc.property(contractLife, (turns) => {
        const rig = startChain();
        liveWithContracts(rig, turns);
        for (const record of rig.closed.flatMap((closed) => closed.record.transactions)) {
          operationMetas(record).forEach(({ events, pairs }, index) => {
            const operation = record.signed.tx.operations[index];
            const grown = pairs.reduce((sum, { before, after }) => sum + usdcIn(after) - usdcIn(before), 0n);
            const told = events.flatMap((event) => supplyChange(rig, event));
            expect(told).toEqual(grown === 0n ? [] : [grown > 0n ? ['mint', grown] : [endOf(operation), -grown]]);
          });
        }
      }),
      { numRuns: 35 },
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
      { numRuns: 35 },
    );
  });
});

function usdcIn(entry: xdr.LedgerEntry | undefined): bigint {
  if (entry?.data.type === 'trustline') return entry.data.trustLine.balance;
  if (entry?.data.type !== 'claimableBalance') return 0n;
  const { asset, amount } = entry.data.claimableBalance;
  return asset.type === 'assetTypeNative' ? 0n : amount;
}

/** What holders lose that nobody gains: taken back by the issuer, or given back to it. */
function endOf(operation: xdr.Operation | undefined): 'clawback' | 'burn' {
  const body = operation?.body;
  if (body?.type !== 'invokeHostFunction') return body?.type.startsWith('clawback') ? 'clawback' : 'burn';
  const called = body.invokeHostFunctionOp.hostFunction;
  const takesBack =
    called.type === 'hostFunctionTypeInvokeContract' && String(called.invokeContract.functionName) === 'clawback';
  return takesBack ? 'clawback' : 'burn';
}

/** Name and amount, if the event is one of USDC and of other than moving it. */
function supplyChange(rig: ChainRig, { contractId, body }: xdr.ContractEvent): [string, bigint][] {
  if (!contractId?.value || StrKey.encodeContract(contractId.value) !== usdc.contractId(rig.passphrase)) return [];
  const { topics, data } = body.v0;
  const [name, value] = [topics[0], data].map((part) => part && scValToNative(part));
  return ['mint', 'burn', 'clawback'].includes(name)
    ? [[name, BigInt(typeof value === 'object' ? value.amount : value)]]
    : [];
}

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
