import { FeeBumpTransaction, xdr } from '@stellar/stellar-sdk';
import { expect, it } from 'vitest';
import { startChain } from '../chain-rig.ts';

it('a fee bump around a transaction without operations is refused as the network refuses it, and nothing breaks', () => {
  const rig = startChain();
  const ann = rig.fund('ann');
  const inner = rig.build(ann, []).toEnvelope();
  if (inner.type !== 'envelopeTypeTx') throw new Error('not an envelope of version 1');
  // Builders give nothing for no operation; this one offers something.
  const v1 = new xdr.TransactionV1Envelope({ ...inner.v1, tx: new xdr.Transaction({ ...inner.v1.tx, fee: 100 }) });
  const tx = new xdr.FeeBumpTransaction({
    feeSource: inner.v1.tx.sourceAccount,
    fee: 1_000n,
    innerTx: xdr.FeeBumpTransactionInnerTx.envelopeTypeTx(v1),
    ext: xdr.FeeBumpTransactionExt.v0(),
  });
  const unsigned = new xdr.FeeBumpTransactionEnvelope({ tx, signatures: [] });
  const bump = new FeeBumpTransaction(xdr.TransactionEnvelope.envelopeTypeTxFeeBump(unsigned), rig.passphrase);
  bump.sign(ann);
  const { answer } = rig.submitSigned(bump);
  const result = answer.status === 'ERROR' ? answer.result.result : undefined;
  if (result?.type !== 'txFeeBumpInnerFailed') throw new Error(`it is ${answer.status}, ${result?.type}`);
  expect(result.innerResultPair.result.result.type).toBe('txMissingOperation');
});
