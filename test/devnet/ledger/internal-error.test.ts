import { Asset, type Keypair, Operation, xdr } from '@stellar/stellar-sdk';
import { expect, it } from 'vitest';
import { accountKey, type EntryStore } from '../../../src/devnet/ledger/entries.ts';
import { startChain } from '../chain-rig.ts';

const pay = (to: Keypair) => Operation.payment({ destination: to.publicKey(), asset: Asset.native(), amount: '1' });

it('a transaction at which the network itself fails costs its fee and its sequence number, and no other one anything', () => {
  const rig = startChain();
  const [ann, ben, cat] = [rig.fund('ann'), rig.fund('ben'), rig.fund('cat')];
  const before = { ann: rig.account(ann), ben: rig.account(ben) };
  const store = rig.chain.entries as EntryStore;
  const key = accountKey(cat.xdrPublicKey());
  const stored = store.get(key);
  if (!stored) throw new Error('no account');

  rig.chain.freeze(true);
  const broken = rig.submit(ann, [pay(ben), pay(cat)], { fee: '200' });
  const other = rig.submit(ben, [pay(ann)]);
  expect([broken.answer.status, other.answer.status]).toEqual(['PENDING', 'PENDING']);
  // No entry of a ledger is ever torn: it stands for whatever may be wrong in this program.
  store.set(key, { ...stored, entry: stored.entry.slice(0, 20) });
  rig.chain.closeLedger();

  const { history } = rig.chain;
  const failed = history.transaction(broken.hash);
  if (!failed) throw new Error('the transaction is gone');
  expect(xdr.TransactionResult.fromXdr(failed.result).result.type).toBe('txInternalError');
  expect(failed.feeChargedStroops).toBe(200n);
  expect(rig.account(ann)).toMatchObject({
    seqNum: before.ann.seqNum + 1n,
    balance: before.ann.balance + 10_000_000n - 200n,
  });
  expect(history.transaction(other.hash)?.successful).toBe(true);
  expect(rig.account(ben).balance).toBe(before.ben.balance - 10_000_000n - 100n);

  store.set(key, stored);
  const next = rig.submit(ann, [pay(cat)]);
  rig.chain.closeLedger();
  expect(history.transaction(next.hash)?.successful).toBe(true);
});
