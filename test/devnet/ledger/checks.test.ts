import { createHash } from 'node:crypto';
import { Asset, type Keypair, Memo, Operation, TransactionBuilder, xdr } from '@stellar/stellar-sdk';
import { beforeEach, describe, expect, it } from 'vitest';
import { type ChainRig, type Submitted, startChain } from '../chain-rig.ts';
import { errorOf } from '../diagnostic-errors.ts';
import { keypair, usdcOf } from '../rig.ts';

/** Who may do what, and the code the network has for each refusal. */

let rig: ChainRig;
let ann: Keypair;
let ben: Keypair;
beforeEach(() => {
  rig = startChain();
  [ann, ben] = [rig.fund('ann'), rig.fund('ben')];
});

const nothing = [Operation.bumpSequence({ bumpTo: '0' })];

/** The code of a refusal, of a failure with its operations, or of success. */
function codeOf({ answer, record }: Submitted): string {
  if (answer.status === 'ERROR') return describeResult(answer.result);
  return record ? describeResult(xdr.TransactionResult.fromXdr(record.result)) : answer.status;
}

function describeResult({ result }: xdr.TransactionResult): string {
  if (result.type === 'txFeeBumpInnerFailed' || result.type === 'txFeeBumpInnerSuccess') {
    return `${result.type} ${result.innerResultPair.result.result.type}`;
  }
  if (result.type !== 'txFailed') return result.type;
  return `txFailed ${result.results.map((one) => (one.type === 'opInner' ? one.tr.value.type : one.type)).join(' ')}`;
}

describe('a transaction', () => {
  it('needs the next sequence number', () => {
    const { seqNum } = rig.account(ann);
    expect(codeOf(rig.submit(ann, nothing, { sequence: seqNum + 1n }))).toBe('txBadSeq');
    expect(codeOf(rig.submit(ann, nothing, { sequence: seqNum - 1n }))).toBe('txBadSeq');
    expect(codeOf(rig.submit(ann, nothing))).toBe('txSuccess');
  });

  it('needs its source to exist and to have the whole bid above its reserve', () => {
    const nobody = keypair('nobody');
    expect(codeOf(rig.submit(nobody, nothing, { sequence: 1n }))).toBe('txNoAccount');
    const poor = rig.fund('poor', '1.0000199');
    expect(codeOf(rig.submit(poor, nothing, { fee: '200' }))).toBe('txInsufficientBalance');
    expect(codeOf(rig.submit(poor, nothing))).toBe('txSuccess');
  });

  it('keeps its time bounds', () => {
    const nowS = rig.clock.nowMs() / 1000;
    const bounded = (minTime: number, maxTime: number) =>
      codeOf(rig.submit(ann, nothing, { timeBounds: [minTime, maxTime] }));
    expect(bounded(nowS + 1, 0)).toBe('txTooEarly');
    expect(bounded(0, nowS - 1)).toBe('txTooLate');
    expect(bounded(nowS, nowS)).toBe('txSuccess');
  });

  it('pays at least the base fee for each operation', () => {
    expect(codeOf(rig.submit(ann, [...nothing, ...nothing], { fee: '99' }))).toBe('txInsufficientFee');
    const before = rig.account(ann).balance;
    rig.submit(ann, [...nothing, ...nothing], { fee: '5000' });
    expect(before - rig.account(ann).balance).toBe(200n);
  });

  it('is refused whole when it has an operation this network does not have, which is named', () => {
    const offer = Operation.manageSellOffer({
      selling: Asset.native(),
      buying: usdcOf(ben),
      amount: '1',
      price: '1',
    });
    const payment = Operation.payment({ destination: ben.publicKey(), asset: Asset.native(), amount: '1' });
    const refused = rig.submit(ann, [payment, offer]);
    expect(codeOf(refused)).toBe('txFailed paymentSuccess opNotSupported');
    expect(errorOf(refused)).toMatchObject({ code: 'scecInvalidAction', text: 'the devnet has no manageSellOffer' });
    expect(rig.account(ben).balance).toBe(1_000_000_000n);
  });
});

describe('signatures', () => {
  const add = (signer: Keypair, weight: number) =>
    Operation.setOptions({ signer: { ed25519PublicKey: signer.publicKey(), weight } });
  const pay = () => [Operation.payment({ destination: ben.publicKey(), asset: Asset.native(), amount: '1' })];

  it('must be there, be right, and all be needed', () => {
    expect(codeOf(rig.submit(ann, nothing, { signers: [] }))).toBe('txBadAuth');
    expect(codeOf(rig.submit(ann, nothing, { signers: [ben] }))).toBe('txBadAuth');
    expect(codeOf(rig.submit(ann, nothing, { signers: [ann, ben] }))).toBe('txBadAuthExtra');
  });

  it('weigh against the threshold of each operation', () => {
    const [one, two] = [keypair('one'), keypair('two')];
    const thresholds = Operation.setOptions({ lowThreshold: 1, medThreshold: 2, highThreshold: 3 });
    expect(codeOf(rig.submit(ann, [add(one, 1), add(two, 1), thresholds]))).toBe('txSuccess');
    expect(codeOf(rig.submit(ann, nothing, { signers: [one] }))).toBe('txSuccess');
    expect(codeOf(rig.submit(ann, pay(), { signers: [one] }))).toBe('txFailed opBadAuth');
    expect(codeOf(rig.submit(ann, pay(), { signers: [one, two] }))).toBe('txSuccess');
    expect(codeOf(rig.submit(ann, [add(ben, 1)], { signers: [one, two] }))).toBe('txFailed opBadAuth');
    expect(codeOf(rig.submit(ann, [add(ben, 1)], { signers: [one, two, ann] }))).toBe('txSuccess');
  });

  it('of one signer count once', () => {
    rig.submit(ann, [Operation.setOptions({ medThreshold: 2 })]);
    expect(codeOf(rig.submit(ann, pay(), { signers: [ann, ann] }))).not.toBe('txSuccess');
  });

  it('can be a secret whose hash is a signer', () => {
    const secret = Buffer.from('open sesame');
    const lock = createHash('sha256').update(secret).digest();
    rig.submit(ann, [Operation.setOptions({ signer: { sha256Hash: lock, weight: 1 } })]);
    const tx = rig.build(ann, nothing, { signers: [] });
    tx.signHashX(secret);
    expect(codeOf(rig.submitSigned(tx))).toBe('txSuccess');
    const wrong = rig.build(ann, nothing, { signers: [] });
    wrong.signHashX(Buffer.from('open barley'));
    expect(codeOf(rig.submitSigned(wrong))).toBe('txBadAuth');
  });

  it('are needed of the source of each operation', () => {
    const fromBen = Operation.payment({
      source: ben.publicKey(),
      destination: ann.publicKey(),
      asset: Asset.native(),
      amount: '1',
    });
    expect(codeOf(rig.submit(ann, [fromBen]))).toBe('txFailed opBadAuth');
    expect(codeOf(rig.submit(ann, [fromBen], { signers: [ann, ben] }))).toBe('txSuccess');
  });

  it('of an account made in the same transaction are its own key’s', () => {
    const fresh = keypair('fresh');
    const operations = [
      Operation.createAccount({ destination: fresh.publicKey(), startingBalance: '5' }),
      Operation.setOptions({ source: fresh.publicKey(), homeDomain: 'fresh.example' }),
    ];
    expect(codeOf(rig.submit(ann, operations))).toBe('txFailed createAccountSuccess opBadAuth');
    expect(codeOf(rig.submit(ann, operations, { signers: [ann, fresh] }))).toBe('txSuccess');
    expect(rig.account(fresh).homeDomain.toString()).toBe('fresh.example');
  });
});

describe('a fee bump', () => {
  function bumped(payer: Keypair, fee: string, inner = rig.build(ann, nothing), signers = [payer]): string {
    const tx = TransactionBuilder.buildFeeBumpTransaction(payer, fee, inner, rig.passphrase);
    tx.sign(...signers);
    return codeOf(rig.submitSigned(tx));
  }

  it('pays for a transaction whose source has nothing to spend', () => {
    const bare = rig.fund('bare', '1');
    expect(bumped(ben, '100', rig.build(bare, nothing))).toBe('txFeeBumpInnerSuccess txSuccess');
    expect(rig.account(bare).balance).toBe(10_000_000n);
    expect(rig.account(ben).balance).toBe(1_000_000_000n - 200n);
  });

  it('is refused for its own faults and for those inside', () => {
    expect(bumped(ben, '100', undefined, [ann])).toBe('txBadAuth');
    expect(bumped(keypair('nobody'), '100')).toBe('txNoAccount');
    const unsigned = rig.build(ann, nothing, { signers: [] });
    expect(bumped(ben, '100', unsigned)).toBe('txFeeBumpInnerFailed txBadAuth');
  });
});

describe('a payment', () => {
  it('tells its memo in the event, as the number of a sub-account', () => {
    const tx = TransactionBuilder.cloneFrom(
      rig.build(ann, [Operation.payment({ destination: ben.publicKey(), asset: Asset.native(), amount: '1' })]),
    )
      .addMemo(Memo.id('42'))
      .build();
    tx.sign(ann);
    rig.submitSigned(tx);
    const { events } = rig.chain.history.latest();
    const transfer = events.find(({ transactionIndex }) => transactionIndex === 1);
    expect(transfer && xdr.ScVal.fromXdr(transfer.value, 'base64').toJson()).toEqual({
      map: [
        { key: { symbol: 'amount' }, val: { i128: '10000000' } },
        { key: { symbol: 'to_muxed_id' }, val: { u64: '42' } },
      ],
    });
  });
});
