import { Asset, Operation, xdr } from '@stellar/stellar-sdk';
import { describe, expect, it } from 'vitest';
import { ledgerCloseMeta } from '../../../src/devnet/ledger/meta.ts';
import { startChain } from '../chain-rig.ts';
import { keypair } from '../rig.ts';

describe('a sequence number set by hand', () => {
  it('holds from the next ledger on, whose header, meta and hash know of it', () => {
    const rig = startChain();
    const ann = rig.fund('ann');
    const before = rig.account(ann);
    rig.chain.setSequence(ann.xdrPublicKey(), 7_000_000_000n);
    expect(rig.account(ann).seqNum).toBe(before.seqNum);
    const record = rig.chain.closeLedger();
    expect(rig.account(ann)).toMatchObject({ seqNum: 7_000_000_000n, balance: before.balance });

    const { upgrades } = record.closed.header.scpValue;
    expect(upgrades).toHaveLength(1);
    const meta = ledgerCloseMeta(record, []);
    const [upgraded] = meta.type === 'v2' ? meta.v2.upgradesProcessing : [];
    expect(upgraded?.changes.map(({ type }) => type)).toEqual(['ledgerEntryState', 'ledgerEntryUpdated']);
    expect(upgrades[0]?.value).toEqual(upgraded?.upgrade.toXdr());
    const other = startChain();
    other.fund('ann');
    expect(other.chain.closeLedger().closed.hash).not.toEqual(record.closed.hash);
  });

  it('lets the account’s next transaction follow it', () => {
    const rig = startChain();
    const ann = rig.fund('ann');
    rig.chain.setSequence(ann.xdrPublicKey(), 41n);
    rig.chain.closeLedger();
    const payment = Operation.payment({ destination: ann.publicKey(), asset: Asset.native(), amount: '1' });
    const { record } = rig.submit(ann, [payment], { sequence: 41n });
    expect(record?.successful).toBe(true);
    expect(rig.account(ann).seqNum).toBe(42n);
  });

  it('comes after the transactions of its ledger', () => {
    const rig = startChain({ automine: false });
    rig.submit(rig.chain.network.root, [
      Operation.createAccount({ destination: keypair('ann').publicKey(), startingBalance: '5' }),
    ]);
    rig.chain.setSequence(rig.chain.network.root.xdrPublicKey(), 99n);
    const { transactions } = rig.chain.closeLedger();
    expect(transactions.map(({ successful }) => successful)).toEqual([true]);
    expect(rig.account(rig.chain.network.root).seqNum).toBe(99n);
  });

  it('is refused for no account and for what is no sequence number', () => {
    const { chain } = startChain();
    expect(() => chain.setSequence(keypair('nobody').xdrPublicKey(), 1n)).toThrow('has no account');
    expect(() => chain.setSequence(chain.network.root.xdrPublicKey(), -1n)).toThrow(RangeError);
    expect(() => chain.setSequence(chain.network.root.xdrPublicKey(), 2n ** 63n)).toThrow(RangeError);
    expect(chain.closeLedger().closed.header.scpValue.upgrades).toEqual([]);
  });
});

it('nothing is upgraded in a ledger that nobody touched', () => {
  const { chain } = startChain();
  const meta = ledgerCloseMeta(chain.closeLedger(), []);
  expect(meta.type === 'v2' && meta.v2.upgradesProcessing).toEqual([]);
  expect(xdr.LedgerCloseMeta.fromXdr(meta.toXdr())).toBeDefined();
});
