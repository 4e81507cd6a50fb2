import { Account, type Keypair, Operation, StrKey, TransactionBuilder, xdr } from '@stellar/stellar-sdk';
import { beforeEach, describe, expect, it } from 'vitest';
import { type ChainRig, startChain } from '../chain-rig.ts';
import { keypair } from '../rig.ts';

/** What a transaction asks for before it may run, and signers that have agreed to it in other ways than by signing it. */

let rig: ChainRig;
let ann: Keypair;
let ben: Keypair;
beforeEach(() => {
  rig = startChain();
  [ann, ben] = [rig.fund('ann'), rig.fund('ben')];
});

function builder(source: Keypair, sequence = rig.account(source).seqNum): TransactionBuilder {
  const account = new Account(source.publicKey(), sequence.toString());
  const options = { fee: '100', networkPassphrase: rig.passphrase };
  return new TransactionBuilder(account, options).addOperation(Operation.bumpSequence({ bumpTo: '0' })).setTimeout(0);
}

function submit(building: TransactionBuilder, ...signers: Keypair[]): string {
  const tx = building.build();
  tx.sign(...signers);
  const { answer, record } = rig.submitSigned(tx);
  if (answer.status === 'ERROR') return answer.result.result.type;
  return record ? xdr.TransactionResult.fromXdr(record.result).result.type : answer.status;
}

describe('a sequence number', () => {
  it('may skip others where the transaction says from which on', () => {
    const { seqNum } = rig.account(ann);
    expect(submit(builder(ann, seqNum + 5n), ann)).toBe('txBadSeq');
    expect(submit(builder(ann, seqNum + 5n).setMinAccountSequence((seqNum + 1n).toString()), ann)).toBe('txBadSeq');
    expect(submit(builder(ann, seqNum + 5n).setMinAccountSequence(seqNum.toString()), ann)).toBe('txSuccess');
    expect(rig.account(ann).seqNum).toBe(seqNum + 6n);
  });

  it('may have to be of a certain age, in seconds or ledgers', () => {
    rig.submit(ann, [Operation.bumpSequence({ bumpTo: '0' })]);
    expect(submit(builder(ann).setMinAccountSequenceAge(10n), ann)).toBe('txBadMinSeqAgeOrGap');
    expect(submit(builder(ann).setMinAccountSequenceLedgerGap(2), ann)).toBe('txBadMinSeqAgeOrGap');
    rig.clock.advance(10_000);
    expect(submit(builder(ann).setMinAccountSequenceAge(10n), ann)).toBe('txSuccess');
    rig.chain.closeLedger();
    expect(submit(builder(ann).setMinAccountSequenceLedgerGap(2), ann)).toBe('txSuccess');
  });
});

describe('ledger bounds', () => {
  it('let a transaction into the ledgers from the first on and before the last', () => {
    const next = () => rig.chain.nextMoment().sequence;
    const bounded = (min: number, max: number) => submit(builder(ann).setLedgerbounds(min, max), ann);
    expect(bounded(next() + 1, 0)).toBe('txTooEarly');
    expect(bounded(0, next())).toBe('txTooLate');
    expect(bounded(next(), next() + 1)).toBe('txSuccess');
  });
});

describe('extra signers', () => {
  it('must have signed besides those of the accounts', () => {
    const [cid, dan] = [keypair('cid'), keypair('dan')];
    const asking = () => builder(ann).setExtraSigners([cid.publicKey(), dan.publicKey()]);
    expect(submit(asking(), ann)).toBe('txBadAuth');
    expect(submit(asking(), ann, cid)).toBe('txBadAuth');
    expect(submit(asking(), ann, cid, dan)).toBe('txSuccess');
    expect(submit(builder(ann).setExtraSigners([ann.publicKey()]), ann)).toBe('txSuccess');
  });

  it('named twice make no sense', () => {
    const twice = builder(ann).setExtraSigners([ben.publicKey(), ben.publicKey()]);
    expect(submit(twice, ann, ben)).toBe('txMalformed');
  });

  it('can be of a payload of their own', () => {
    const payload = Buffer.from('what was agreed');
    const signer = new xdr.SignerKeyEd25519SignedPayload({ ed25519: ben.rawPublicKey(), payload });
    const tx = builder(ann)
      .setExtraSigners([StrKey.encodeSignedPayload(Buffer.from(signer.toXdr()))])
      .build();
    tx.sign(ann);
    tx.addDecoratedSignature(ben.signPayloadDecorated(payload));
    expect(rig.submitSigned(tx).record?.successful).toBe(true);
  });
});

describe('a signer of one transaction', () => {
  /** A transaction of Ann that needs no signature, because its hash is one of her signers. */
  function agreed(operation: xdr.Operation, sequence = rig.account(ann).seqNum + 1n) {
    const options = { fee: '100', networkPassphrase: rig.passphrase };
    const source = new Account(ann.publicKey(), sequence.toString());
    const tx = new TransactionBuilder(source, options).addOperation(operation).setTimeout(0).build();
    const signer = { preAuthTx: Buffer.from(tx.hash()), weight: 1 };
    expect(rig.submit(ann, [Operation.setOptions({ signer })]).record?.successful).toBe(true);
    expect(rig.account(ann)).toMatchObject({ numSubEntries: 1 });
    return tx;
  }

  it('lets it in without a signature and is gone then, with its reserve free', () => {
    const tx = agreed(Operation.bumpSequence({ bumpTo: '0' }));
    expect(rig.submitSigned(tx).record?.successful).toBe(true);
    expect(rig.account(ann)).toMatchObject({ numSubEntries: 0, signers: [] });
  });

  it('is gone although its transaction failed', () => {
    const tx = agreed(Operation.accountMerge({ destination: keypair('nobody').publicKey() }));
    expect(rig.submitSigned(tx).record?.successful).toBe(false);
    expect(rig.account(ann)).toMatchObject({ numSubEntries: 0, signers: [] });
  });

  it('stays while its transaction cannot be let in', () => {
    const tx = agreed(Operation.bumpSequence({ bumpTo: '0' }), rig.account(ann).seqNum + 5n);
    expect(rig.submitSigned(tx).answer.status).toBe('ERROR');
    expect(rig.account(ann)).toMatchObject({ numSubEntries: 1 });
  });

  it('of an operation’s source is gone too, and for a fee bump it is the payer’s', () => {
    const sequence = rig.account(ann).seqNum;
    const options = { fee: '100', networkPassphrase: rig.passphrase };
    const inner = new TransactionBuilder(new Account(ann.publicKey(), sequence.toString()), options)
      .addOperation(Operation.bumpSequence({ bumpTo: '0', source: ben.publicKey() }))
      .setTimeout(0)
      .build();
    inner.sign(ann);
    const cid = rig.fund('cid');
    const bump = TransactionBuilder.buildFeeBumpTransaction(cid.publicKey(), '400', inner, rig.passphrase);
    const add = (who: Keypair, hash: Uint8Array) =>
      rig.submit(who, [Operation.setOptions({ signer: { preAuthTx: Buffer.from(hash), weight: 1 } })]);
    add(ben, inner.hash());
    add(cid, bump.hash());
    const { record } = rig.submitSigned(bump);
    expect(record?.successful).toBe(true);
    for (const who of [ben, cid]) expect(rig.account(who)).toMatchObject({ numSubEntries: 0, signers: [] });
  });
});
