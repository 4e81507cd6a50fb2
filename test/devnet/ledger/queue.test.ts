import { type Keypair, Operation, TransactionBuilder } from '@stellar/stellar-sdk';
import { beforeEach, describe, expect, it } from 'vitest';
import { type ChainRig, startChain } from '../chain-rig.ts';
import { keypair } from '../rig.ts';

/** What waits for a ledger that is not closed yet. */

let rig: ChainRig;
let ann: Keypair;
let ben: Keypair;
beforeEach(() => {
  rig = startChain({ automine: false });
  [ann, ben] = [keypair('ann'), keypair('ben')];
  const create = (who: Keypair) => Operation.createAccount({ destination: who.publicKey(), startingBalance: '10' });
  rig.submit(rig.chain.network.root, [create(ann), create(ben)], { fee: '200' });
  rig.chain.closeLedger();
});

const note = (value: string) => [Operation.manageData({ name: 'note', value })];

function bump(payer: Keypair, inner: ReturnType<ChainRig['build']>, fee: string) {
  const bumped = TransactionBuilder.buildFeeBumpTransaction(payer, fee, inner, rig.passphrase);
  bumped.sign(payer);
  return rig.submitSigned(bumped);
}

describe('the queue', () => {
  it('answers at once and applies with the ledger', () => {
    const { answer, hash } = rig.submit(ann, note('a'));
    expect(answer.status).toBe('PENDING');
    expect(rig.chain.history.transaction(hash)).toBeUndefined();
    rig.chain.closeLedger();
    expect(rig.chain.history.transaction(hash)?.successful).toBe(true);
  });

  it('takes a transaction once', () => {
    const tx = rig.build(ann, note('a'));
    expect(rig.submitSigned(tx).answer.status).toBe('PENDING');
    expect(rig.submitSigned(tx).answer.status).toBe('DUPLICATE');
    rig.chain.closeLedger();
    expect(rig.submitSigned(tx).answer.status).toBe('TRY_AGAIN_LATER');
    for (let ledger = 0; ledger < 10; ledger++) rig.chain.closeLedger();
    expect(rig.submitSigned(tx).answer).toMatchObject({ status: 'ERROR', result: { result: { type: 'txBadSeq' } } });
  });

  it('holds one transaction for each source account', () => {
    rig.submit(ann, note('a'));
    const { seqNum } = rig.account(ann);
    expect(rig.submit(ann, note('b'), { sequence: seqNum + 1n }).answer.status).toBe('TRY_AGAIN_LATER');
    expect(rig.submit(ben, note('b')).answer.status).toBe('PENDING');
  });

  it('lets a fee bump that bids ten times as much replace what waits', () => {
    const inner = rig.build(ann, note('a'));
    rig.submitSigned(inner);
    // The SDK bids this much for each operation, and a fee bump counts as one more.
    expect(bump(ben, inner, '999').answer).toMatchObject({
      status: 'ERROR',
      result: { feeCharged: 2000n, result: { type: 'txInsufficientFee' } },
    });
    const { answer, hash } = bump(ben, inner, '1000');
    expect(answer.status).toBe('PENDING');
    const { transactions } = rig.chain.closeLedger();
    expect(transactions.map(({ signed }) => signed.hash)).toEqual([hash]);
  });

  it('drops what has become too late, without taking its fee', () => {
    const endS = rig.clock.nowMs() / 1000 + 30;
    const { hash } = rig.submit(ann, note('a'), { timeBounds: [0, endS] });
    const before = rig.account(ann).balance;
    rig.clock.advance(31_000);
    expect(rig.chain.closeLedger().transactions).toEqual([]);
    expect(rig.account(ann).balance).toBe(before);
    expect(rig.chain.history.transaction(hash)).toBeUndefined();
  });
});
