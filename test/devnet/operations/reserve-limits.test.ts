import { Asset, Claimant, type Keypair, Operation, xdr } from '@stellar/stellar-sdk';
import { beforeEach, describe, expect, it } from 'vitest';
import { type AccountExtension, withExtension } from '../../../src/devnet/ledger/account-extension.ts';
import { accountKey, type EntryStore } from '../../../src/devnet/ledger/entries.ts';
import { keypair } from '../rig.ts';
import { type OperationRig, startOperations } from './operation-rig.ts';

/** All reserves of more than four thousand million entries, and some coins. */
const RICH = '2200000000';
const MAX_UINT32 = 2 ** 32 - 1;

let rig: OperationRig;
let ann: Keypair;
let ben: Keypair;
beforeEach(() => {
  rig = startOperations({ balance: RICH });
  ({ ann, ben } = rig);
});

const data = (name: string | number, value: string | null = 'x', source = ann) =>
  Operation.manageData({ name: `entry ${name}`, value, source: source.publicKey() });
const trust = () => Operation.changeTrust({ asset: rig.usdc });
const signer = () => Operation.setOptions({ signer: { ed25519PublicKey: ben.publicKey(), weight: 1 } });
const begin = (sponsored: Keypair) => Operation.beginSponsoringFutureReserves({ sponsoredId: sponsored.publicKey() });
const end = (source: Keypair) => Operation.endSponsoringFutureReserves({ source: source.publicKey() });

/** So many that no transactions get there: written into the ledger. */
function count(who: Keypair, counts: Partial<AccountExtension>): void {
  const account = xdr.LedgerEntryData.account(withExtension(rig.account(who), counts));
  const entry = new xdr.LedgerEntry({ lastModifiedLedgerSeq: 1, data: account, ext: xdr.LedgerEntryExt.v0() });
  (rig.chain.entries as EntryStore).set(accountKey(who.xdrPublicKey()), { entry: entry.toXdr(), liveUntil: 0 });
}

describe('an account', () => {
  it('has up to 1,000 subentries, of whatever kind and whoever keeps their reserves', () => {
    for (let from = 0; from < 1_000; from += 100) {
      const hundred = Array.from({ length: 100 }, (_, index) => data(from + index));
      const { record } = rig.submit(ann, hundred, { fee: '10000' });
      expect(record?.successful).toBe(true);
    }
    expect(rig.account(ann).numSubEntries).toBe(1_000);
    for (const one of [data('more'), trust(), signer()]) expect(rig.run(ann, one)).toBe('opTooManySubentries');
    const sponsored = [begin(ann), data('more'), end(ann)];
    expect(rig.runSigned([ben, ann], ...sponsored)).toBe('success opTooManySubentries success');
    expect(rig.run(ann, data(7, 'other'))).toBe('success');
    expect(rig.run(ann, data(7, null), trust())).toBe('success success');
    expect(rig.account(ann).numSubEntries).toBe(1_000);
  });

  it('sponsors as many reserves as their number has room for, together with its own', () => {
    const fresh = keypair('fresh');
    const create = Operation.createAccount({ destination: fresh.publicKey(), startingBalance: '0' });
    const setAside = Operation.createClaimableBalance({
      asset: Asset.native(),
      amount: '1',
      claimants: [ann, rig.issuer].map((who) => new Claimant(who.publicKey())),
    });
    count(ben, { numSponsoring: MAX_UINT32 - 1 });
    // A new account and a balance with two claimants take two.
    expect(rig.runSigned([ben, fresh], begin(fresh), create, end(fresh))).toBe(
      'success opTooManySponsoring opNoAccount',
    );
    expect(rig.run(ben, setAside)).toBe('opTooManySponsoring');
    expect(rig.runSigned([ben, ann], begin(ann), data('one'), end(ann))).toBe('success success success');
    expect(rig.runSigned([ben, ann], begin(ann), data('two'), end(ann))).toBe('success opTooManySponsoring success');
    const revoke = Operation.revokeDataSponsorship({
      account: ann.publicKey(),
      name: 'entry mine',
      source: ann.publicKey(),
    });
    expect(rig.run(ann, data('mine'))).toBe('success');
    expect(rig.runSigned([ben, ann], begin(ann), revoke, end(ann))).toBe('success opTooManySponsoring success');
    expect(rig.run(ben, data('own', 'x', ben))).toBe('opTooManySubentries');
    expect(rig.run(ann, data('one', null))).toBe('success');
    expect(rig.run(ben, data('own', 'x', ben))).toBe('success');
  });
});
