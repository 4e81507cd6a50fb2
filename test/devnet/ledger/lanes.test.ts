import { type Keypair, Operation, TransactionBuilder, type xdr } from '@stellar/stellar-sdk';
import { beforeEach, describe, expect, it } from 'vitest';
import { type ChainRig, startChain } from '../chain-rig.ts';
import { keypair } from '../rig.ts';

/** Who gets into a full ledger, and what it costs. */

let rig: ChainRig;
let payers: Keypair[];
beforeEach(() => {
  rig = startChain({ automine: false });
  payers = Array.from({ length: 30 }, (_, index) => keypair(`payer ${index}`));
  const created = payers.map((who) =>
    Operation.createAccount({ destination: who.publicKey(), startingBalance: '100' }),
  );
  rig.submit(rig.chain.network.root, created, { fee: '100' });
  rig.chain.closeLedger();
});

/** A transaction of 100 operations: ten of them fill a ledger. */
function bulk(who: Keypair, bid: number) {
  const operations = Array.from({ length: 100 }, () => Operation.bumpSequence({ bumpTo: '0' }));
  const { answer, hash } = rig.submit(who, operations, { fee: String(bid) });
  return { hash, answer };
}

const applied = (hash: string) => rig.chain.history.transaction(hash);

describe('a ledger that has room for all', () => {
  it('charges each operation the base fee, whatever was bid', () => {
    const sent = payers.slice(0, 3).map((who, index) => bulk(who, 100 + index));
    rig.chain.closeLedger();
    expect(sent.map(({ hash }) => applied(hash)?.feeChargedStroops)).toEqual([10_000n, 10_000n, 10_000n]);
  });
});

describe('a ledger that is full', () => {
  it('takes the best bids, charges all of them the least of these, and leaves the rest for the next one', () => {
    const sent = payers.slice(0, 12).map((who, index) => bulk(who, 200 + index));
    rig.chain.closeLedger();
    const [first, second, third, ...others] = sent;
    expect([first, second].map((one) => applied(one?.hash ?? ''))).toEqual([undefined, undefined]);
    expect([third, ...others].map((one) => applied(one?.hash ?? '')?.feeChargedStroops)).toEqual(
      Array.from({ length: 10 }, () => 20_200n),
    );
    rig.chain.closeLedger();
    expect(applied(first?.hash ?? '')?.feeChargedStroops).toBe(10_000n);
  });

  it('says in its transaction set what an operation was charged', () => {
    for (const who of payers.slice(0, 12)) bulk(who, 300);
    const { txSet } = rig.chain.closeLedger();
    const [classic] = txSet.v1TxSet.phases;
    const [component] = classic?.type === 'v0Components' ? classic.v0Components : [];
    expect(component?.txsMaybeDiscountedFee.baseFee).toBe(300n);
    expect(component?.txsMaybeDiscountedFee.txs).toHaveLength(10);
  });
});

describe('a queue that is full', () => {
  beforeEach(() => {
    for (const who of payers.slice(0, 20)) expect(bulk(who, 200).answer.status).toBe('PENDING');
  });

  it('refuses whoever bids no more than those in it, names the bid that would do, and wants to hear no more of it', () => {
    const late = payers[20] as Keypair;
    const { answer } = bulk(late, 200);
    expect(answer).toMatchObject({
      status: 'ERROR',
      result: { feeCharged: 20_100n, result: { type: 'txInsufficientFee' } },
    });
    expect(bulk(late, 200).answer.status).toBe('TRY_AGAIN_LATER');
  });

  it('drops the cheapest for whoever bids more', () => {
    const { answer, hash } = bulk(payers[20] as Keypair, 201);
    expect(answer.status).toBe('PENDING');
    rig.chain.closeLedger();
    expect(applied(hash)?.feeChargedStroops).toBe(20_000n);
  });
});

describe('a surge', () => {
  it('refuses bids below it and charges it to all above', () => {
    rig.chain.waiting.setFloor('classic', 500n);
    expect(bulk(payers[0] as Keypair, 499).answer).toMatchObject({
      status: 'ERROR',
      result: { feeCharged: 50_000n, result: { type: 'txInsufficientFee' } },
    });
    const { hash } = bulk(payers[1] as Keypair, 700);
    rig.chain.closeLedger();
    expect(applied(hash)?.feeChargedStroops).toBe(50_000n);
    rig.chain.waiting.setFloor('classic', 0n);
    const usual = bulk(payers[2] as Keypair, 100);
    rig.chain.closeLedger();
    expect(applied(usual.hash)?.feeChargedStroops).toBe(10_000n);
  });
});

describe('what waits', () => {
  const note = (value: string) => [Operation.manageData({ name: 'note', value })];
  const codeOf = (result: xdr.TransactionResult) => result.result.type;

  it('is not joined by an earlier number of the same source', () => {
    const who = payers[0] as Keypair;
    const { seqNum } = rig.account(who);
    rig.submit(who, note('a'));
    const { answer } = rig.submit(who, note('b'), { sequence: seqNum - 1n });
    expect(answer.status === 'ERROR' && codeOf(answer.result)).toBe('txBadSeq');
  });

  it('never costs its payer more than there is', () => {
    const payer = payers[0] as Keypair;
    const bumped = (who: Keypair, fee: string) => {
      const inner = rig.build(who, note('a'));
      const bump = TransactionBuilder.buildFeeBumpTransaction(payer, fee, inner, rig.passphrase);
      bump.sign(payer);
      return rig.submitSigned(bump).answer;
    };
    // 99 XLM are above the reserve; each bump has two operations.
    expect(bumped(payers[1] as Keypair, '300000000').status).toBe('PENDING');
    const second = bumped(payers[2] as Keypair, '300000000');
    expect(second.status === 'ERROR' && codeOf(second.result)).toBe('txInsufficientBalance');
    const own = rig.submit(payer, note('a'), { fee: '400000000' }).answer;
    expect(own.status === 'ERROR' && codeOf(own.result)).toBe('txInsufficientBalance');
    expect(rig.submit(payer, note('a'), { fee: '390000000' }).answer.status).toBe('PENDING');
  });

  it('is dropped when four ledgers have gone without it, and not taken again for a while', () => {
    const late = payers.slice(20);
    // Each ledger is full of better bids, so that one bid never gets in.
    const poor = bulk(payers[0] as Keypair, 100);
    for (let ledger = 0; ledger < 4; ledger++) {
      expect(rig.chain.waiting.isWaiting(poor.hash)).toBe(true);
      for (const who of late) bulk(who, 1_000 + ledger);
      rig.chain.closeLedger();
    }
    expect(rig.chain.waiting.isWaiting(poor.hash)).toBe(false);
    expect(bulk(payers[0] as Keypair, 100).answer.status).toBe('TRY_AGAIN_LATER');
  });
});
