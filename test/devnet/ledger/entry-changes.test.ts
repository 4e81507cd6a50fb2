import { Asset, xdr } from '@stellar/stellar-sdk';
import { describe, expect, it } from 'vitest';
import { keyText, type StoredEntry } from '../../../src/devnet/ledger/entries.ts';
import { entryChanges } from '../../../src/devnet/ledger/entry-changes.ts';
import { entryLifetimes } from '../../../src/devnet/network-profiles.ts';

/** What ledger meta says of an entry of a contract, by what became of it. The ledger is 1,000. */

const sequence = 1_000;
const contract = xdr.ScAddress.scAddressTypeContract(
  new xdr.ContractId(Buffer.from(Asset.native().contractId('a network').slice(0, 32).padEnd(32, 'x'))),
);
const durability = xdr.ContractDataDurability.persistent;
const key = xdr.LedgerKey.contractData(
  new xdr.LedgerKeyContractData({ contract, key: xdr.ScVal.scvU32(1), durability }),
);

function stored(value: number, modified: number, liveUntil: number): StoredEntry {
  const data = xdr.LedgerEntryData.contractData(
    new xdr.ContractDataEntry({
      ext: xdr.ExtensionPoint.v0(),
      contract,
      key: xdr.ScVal.scvU32(1),
      durability,
      val: xdr.ScVal.scvU32(value),
    }),
  );
  const entry = new xdr.LedgerEntry({ lastModifiedLedgerSeq: modified, data, ext: xdr.LedgerEntryExt.v0() });
  return { entry: entry.toXdr(), liveUntil };
}

/** Each change in a word: its kind, and of what in which ledger. */
function told(before: StoredEntry | undefined, after: StoredEntry | undefined): string[] {
  return entryChanges([{ key: keyText(key), before, after }], sequence).map((change) => {
    const kind = change.type.replace('ledgerEntry', '').toLowerCase();
    if (change.type === 'ledgerEntryRemoved') return `${kind} ${change.removed.type}`;
    const entry = change.value as xdr.LedgerEntry;
    const { data } = entry;
    const what = data.type === 'ttl' ? `ttl ${data.ttl.liveUntilLedgerSeq}` : `value ${numberIn(data)}`;
    return `${kind} ${what} @${entry.lastModifiedLedgerSeq}`;
  });
}

function numberIn(data: xdr.LedgerEntryData): number {
  return data.type === 'contractData' && data.contractData.val.type === 'scvU32' ? data.contractData.val.u32 : -1;
}

const fresh = sequence + entryLifetimes.minPersistentLedgers - 1;
const archived = stored(1, 10, 500);

describe('an entry that lives', () => {
  it('is created with the ledger it lives until', () => {
    expect(told(undefined, stored(1, sequence, fresh))).toEqual([
      `created value 1 @1000`,
      `created ttl ${fresh} @1000`,
    ]);
  });

  it('is told as it was and as it is', () => {
    expect(told(stored(1, 10, 2_000), stored(2, sequence, 2_000))).toEqual([
      'state value 1 @10',
      'updated value 2 @1000',
    ]);
    expect(told(stored(1, 10, 2_000), stored(1, 10, 3_000))).toEqual(['state ttl 2000 @10', 'updated ttl 3000 @1000']);
    expect(told(stored(1, 10, 2_000), undefined)).toEqual([
      'state value 1 @10',
      'removed contractData',
      'state ttl 2000 @10',
      'removed ttl',
    ]);
  });
});

describe('an entry that was archived', () => {
  it('keeps the ledger of its last change when it is restored for itself', () => {
    expect(told(archived, stored(1, 10, fresh))).toEqual(['restored value 1 @10', `restored ttl ${fresh} @1000`]);
  });

  it('is written anew when the transaction that needs it restores it', () => {
    expect(told(archived, stored(1, sequence, fresh))).toEqual([
      'restored value 1 @1000',
      `restored ttl ${fresh} @1000`,
    ]);
  });

  it('is restored before it is changed', () => {
    expect(told(archived, stored(2, sequence, fresh))).toEqual([
      'restored value 1 @1000',
      'updated value 2 @1000',
      `restored ttl ${fresh} @1000`,
    ]);
  });

  it('is restored before it is removed', () => {
    expect(told(archived, undefined)).toEqual([
      'restored value 1 @1000',
      'removed contractData',
      'restored ttl 500 @1000',
      'removed ttl',
    ]);
  });

  it('is restored before it is made to live longer', () => {
    expect(told(archived, stored(1, sequence, fresh + 7)).slice(1)).toEqual([
      'restored ttl 500 @1000',
      `updated ttl ${fresh + 7} @1000`,
    ]);
  });
});
