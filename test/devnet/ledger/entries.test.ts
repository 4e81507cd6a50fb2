import { xdr } from '@stellar/stellar-sdk';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { newAccount } from '../../../src/devnet/ledger/balances.ts';
import { accountKey, createEntryStore, dataKey, sponsorOf } from '../../../src/devnet/ledger/entries.ts';
import { createStage } from '../../../src/devnet/ledger/stage.ts';
import { keypair } from '../rig.ts';

const [ann, ben] = [keypair('ann').xdrPublicKey(), keypair('ben').xdrPublicKey()];
const account = xdr.LedgerEntryData.account(newAccount(ann, 1n, 2));

function sponsorAfter(...sponsors: ({ sponsor: xdr.PublicKey | null } | undefined)[]) {
  const stage = createStage(createEntryStore(), 3);
  for (const options of sponsors) stage.write(account, options);
  const stored = stage.get(accountKey(ann));
  return stored && sponsorOf(stored);
}

describe('who sponsors an entry', () => {
  it('is nobody unless told', () => {
    expect(sponsorAfter(undefined)).toBeUndefined();
    expect(sponsorAfter({ sponsor: null })).toBeUndefined();
  });

  it('stays when the entry is written again, and goes when that is told', () => {
    expect(sponsorAfter({ sponsor: ben }, undefined)?.equals(ben)).toBe(true);
    expect(sponsorAfter({ sponsor: ben }, { sponsor: null })).toBeUndefined();
  });

  it('goes with an entry that is deleted', () => {
    const stage = createStage(createEntryStore(), 3);
    stage.write(account, { sponsor: ben });
    stage.delete(accountKey(ann));
    stage.write(account);
    const stored = stage.get(accountKey(ann));
    expect(stored && sponsorOf(stored)).toBeUndefined();
  });
});

describe('the entries of an account', () => {
  it('are those that were set and not deleted, whatever the order', () => {
    const step = fc.record({
      owner: fc.constantFrom(ann, ben),
      name: fc.constantFrom('a', 'b', 'c'),
      there: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const store = createEntryStore();
        for (const { owner, name, there } of steps) {
          const key = dataKey(owner, new xdr.XdrString(name));
          if (there) store.set(key, { entry: new Uint8Array(), liveUntil: 0 });
          else store.delete(key);
        }
        for (const owner of [ann, ben]) {
          const mine = ['a', 'b', 'c'].map((name) => dataKey(owner, new xdr.XdrString(name)));
          expect([...store.ownedKeys(owner, 'data')].sort()).toEqual(mine.filter((key) => store.get(key)).sort());
          expect([...store.ownedKeys(owner, 'trustline')]).toEqual([]);
        }
      }),
    );
  });
});
