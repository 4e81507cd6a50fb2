import { Address, StrKey, xdr } from '@stellar/stellar-sdk';
import { describe, expect, it } from 'vitest';
import { type EntryStore, keyText, ttlKeyOf } from '../../../src/devnet/ledger/entries.ts';
import { ledgerCloseMeta } from '../../../src/devnet/ledger/meta.ts';
import { type ChainRig, startChain } from '../chain-rig.ts';

const contract = new Address(StrKey.encodeContract(Buffer.alloc(32, 7))).toScAddress();
const nonce = xdr.ScVal.scvSymbol('nonce');

/** Puts contract data into the ledger that lives for so many ledgers more. */
function put({ chain }: ChainRig, durability: xdr.ContractDataDurability, ledgers: number): string {
  const key = xdr.LedgerKey.contractData(new xdr.LedgerKeyContractData({ contract, key: nonce, durability }));
  const data = xdr.LedgerEntryData.contractData(
    new xdr.ContractDataEntry({
      ext: xdr.ExtensionPoint.v0(),
      contract,
      key: nonce,
      durability,
      val: xdr.ScVal.scvVoid(),
    }),
  );
  const lastModifiedLedgerSeq = chain.history.latest().sequence;
  const entry = new xdr.LedgerEntry({ lastModifiedLedgerSeq, data, ext: xdr.LedgerEntryExt.v0() });
  const liveUntil = lastModifiedLedgerSeq + ledgers;
  (chain.entries as EntryStore).set(keyText(key), { entry: entry.toXdr(), liveUntil });
  return keyText(key);
}

describe('a temporary entry', () => {
  it('is gone after its last ledger, which tells of it in its meta and its changes', () => {
    const rig = startChain();
    const key = put(rig, xdr.ContractDataDurability.temporary, 2);
    expect(rig.chain.closeLedger().evicted).toEqual([]);
    expect(rig.chain.entries.get(key)).toBeDefined();
    const last = rig.chain.closeLedger();
    expect(rig.chain.entries.get(key)).toBeUndefined();
    expect(last.evicted).toEqual([key]);
    expect(rig.closed.at(-1)?.changes.map((change) => [change.key, change.after])).toEqual([[key, undefined]]);
    const meta = ledgerCloseMeta(last, []);
    const named = meta.type === 'v2' ? meta.v2.evictedKeys : [];
    expect(named.map((one) => one.toXdr('hex'))).toEqual([key, ttlKeyOf(key).toXdr('hex')]);
  });

  it('stays when it was extended meanwhile', () => {
    const rig = startChain();
    put(rig, xdr.ContractDataDurability.temporary, 1);
    const key = put(rig, xdr.ContractDataDurability.temporary, 2);
    expect(rig.chain.closeLedger().evicted).toEqual([]);
    expect(rig.chain.entries.get(key)).toBeDefined();
    expect(rig.chain.closeLedger().evicted).toEqual([key]);
  });

  it('that ends is part of what the ledger’s hash says', () => {
    const [kept, evicting] = [startChain(), startChain()];
    put(kept, xdr.ContractDataDurability.temporary, 2);
    put(evicting, xdr.ContractDataDurability.temporary, 1);
    expect(kept.chain.closeLedger().closed.hash).not.toEqual(evicting.chain.closeLedger().closed.hash);
  });
});

it('a persistent entry is archived at its end, never evicted', () => {
  const rig = startChain();
  const key = put(rig, xdr.ContractDataDurability.persistent, 1);
  expect(rig.chain.closeLedger().evicted).toEqual([]);
  rig.chain.closeLedger();
  expect(rig.chain.entries.get(key)).toBeDefined();
});
