import { Asset, Operation, xdr } from '@stellar/stellar-sdk';
import { expect, it } from 'vitest';
import { startChain } from '../chain-rig.ts';

it('a transaction of the first version is kept as the later one it stands for', () => {
  const rig = startChain();
  const ann = rig.fund('ann');
  const payment = Operation.payment({ destination: ann.publicKey(), asset: Asset.native(), amount: '1' });
  const envelope = rig.build(ann, [payment]).toEnvelope();
  if (envelope.type !== 'envelopeTypeTx') throw new Error('not of the later version');
  const { tx, signatures } = envelope.v1;
  if (tx.sourceAccount.type !== 'keyTypeEd25519' || tx.cond.type !== 'precondTime') throw new Error('another form');
  const v0 = new xdr.TransactionV0({
    sourceAccountEd25519: tx.sourceAccount.ed25519,
    fee: tx.fee,
    seqNum: tx.seqNum,
    timeBounds: tx.cond.timeBounds,
    memo: tx.memo,
    operations: tx.operations,
    ext: xdr.TransactionV0Ext.v0(),
  });
  const sent = xdr.TransactionEnvelope.envelopeTypeTxV0(new xdr.TransactionV0Envelope({ tx: v0, signatures }));
  const { record } = rig.submitSigned({ toEnvelope: () => sent });
  expect(record?.successful).toBe(true);
  expect(record && Buffer.from(record.envelope)).toEqual(Buffer.from(envelope.toXdr()));
});
