import { Asset, Claimant, type Keypair, Operation, xdr } from '@stellar/stellar-sdk';
import { beforeEach, describe, expect, it } from 'vitest';
import { extensionOf } from '../../../src/devnet/ledger/account-extension.ts';
import { minimumBalance } from '../../../src/devnet/ledger/balances.ts';
import { accountKey, sponsorOf } from '../../../src/devnet/ledger/entries.ts';
import { keypair } from '../rig.ts';
import { balanceIdOf, type OperationRig, startOperations } from './operation-rig.ts';

let rig: OperationRig;
let ann: Keypair;
let ben: Keypair;
beforeEach(() => {
  rig = startOperations();
  ({ ann, ben } = rig);
});

const begin = (sponsored: Keypair, sponsor?: Keypair) =>
  Operation.beginSponsoringFutureReserves({ sponsoredId: sponsored.publicKey(), ...sourceOf(sponsor) });
const end = (sponsored: Keypair) => Operation.endSponsoringFutureReserves({ source: sponsored.publicKey() });
const trust = (source: Keypair, limit?: string) =>
  Operation.changeTrust({ asset: rig.usdc, ...sourceOf(source), ...(limit === undefined ? {} : { limit }) });
const data = (source: Keypair, value: string | null = 'x') =>
  Operation.manageData({ name: 'a', value, source: source.publicKey() });
const signer = (source: Keypair, who: Keypair, weight = 1) =>
  Operation.setOptions({ signer: { ed25519PublicKey: who.publicKey(), weight }, source: source.publicKey() });
const sourceOf = (source?: Keypair) => (source ? { source: source.publicKey() } : {});
/** Reserves that it keeps for others, and that others keep for it. */
const counts = (who: Keypair) => {
  const { numSponsoring, numSponsored } = extensionOf(rig.account(who));
  return [numSponsoring, numSponsored];
};

describe('a sponsorship', () => {
  it('keeps the reserves of all that an account comes to own, until it goes again', () => {
    const poor = rig.fund('poor', '1.0001');
    const done = rig.runSigned([ann, poor], begin(poor), trust(poor), data(poor), signer(poor, ben), end(poor));
    expect(done).toBe('success success success success success');
    expect([counts(ann), counts(poor)]).toEqual([
      [3, 0],
      [0, 3],
    ]);
    expect(rig.account(poor).numSubEntries).toBe(3);
    expect(minimumBalance(rig.account(poor))).toBe(10_000_000n);
    expect(rig.runSigned([poor], trust(poor, '0'), data(poor, null), signer(poor, ben, 0))).toBe(
      'success success success',
    );
    expect([counts(ann), counts(poor)]).toEqual([
      [0, 0],
      [0, 0],
    ]);
    expect(rig.account(poor).numSubEntries).toBe(0);
  });

  it('lets an account be made without coins', () => {
    const fresh = keypair('fresh');
    const create = Operation.createAccount({ destination: fresh.publicKey(), startingBalance: '0' });
    expect(rig.run(ann, create)).toBe('lowReserve');
    expect(rig.runSigned([ann, fresh], begin(fresh), create, end(fresh))).toBe('success success success');
    expect(rig.account(fresh).balance).toBe(0n);
    expect([counts(ann), counts(fresh)]).toEqual([
      [2, 0],
      [0, 2],
    ]);
    const stored = rig.chain.entries.get(accountKey(fresh.xdrPublicKey()));
    expect(stored && sponsorOf(stored)?.equals(ann.xdrPublicKey())).toBe(true);
    expect(rig.run(ann, Operation.accountMerge({ destination: ben.publicKey() }))).toBe('isSponsor');
    const merge = Operation.accountMerge({ destination: ann.publicKey(), source: fresh.publicKey() });
    expect(rig.runSigned([ann, fresh], merge)).toBe('success');
    expect(counts(ann)).toEqual([0, 0]);
  });

  it('is released by a merge for signers too', () => {
    rig.runSigned([ann, ben], begin(ben), signer(ben, rig.issuer), end(ben));
    expect(counts(ann)).toEqual([1, 0]);
    expect(rig.run(ben, Operation.accountMerge({ destination: ann.publicKey() }))).toBe('success');
    expect(counts(ann)).toEqual([0, 0]);
  });

  it('that is left open undoes its transaction, but not the fee and the sequence number', () => {
    const before = rig.account(ann);
    expect(rig.runSigned([ann, ben], begin(ben), trust(ben))).toBe('txBadSponsorship');
    expect(rig.account(ben).numSubEntries).toBe(0);
    expect(rig.account(ann).seqNum).toBe(before.seqNum + 1n);
    expect(rig.account(ann).balance).toBe(before.balance - 200n);
    expect(rig.run(ann, Operation.accountMerge({ destination: ben.publicKey() }))).toBe('success');
  });

  it('has one sponsor, who is not sponsored', () => {
    expect(rig.run(ann, begin(ann))).toBe('malformed');
    expect(rig.runSigned([ann, ben], begin(ben), begin(ben), end(ben))).toBe('success alreadySponsored success');
    const { issuer } = rig;
    expect(rig.runSigned([ann, ben], begin(ben), begin(issuer, ben), end(ben))).toBe('success recursive success');
    expect(rig.runSigned([ann, ben, issuer], begin(ben), begin(ann, issuer), end(ben))).toBe(
      'success recursive success',
    );
    expect(rig.run(ann, end(ann))).toBe('notSponsored');
    const merge = Operation.accountMerge({ destination: issuer.publicKey() });
    expect(rig.runSigned([ann, ben], begin(ben), merge, end(ben))).toBe('success isSponsor success');
  });

  it('needs a sponsor who has the coins', () => {
    const poor = rig.fund('poor', '1.0001');
    expect(rig.runSigned([poor, ben], begin(ben), trust(ben), end(ben))).toBe('success lowReserve success');
    const fresh = keypair('fresh');
    const create = Operation.createAccount({ destination: fresh.publicKey(), startingBalance: '0' });
    expect(rig.runSigned([poor, fresh], begin(fresh), create, end(fresh))).toBe('success lowReserve opNoAccount');
  });
});

describe('revoking a sponsorship', () => {
  const revokeLine = (owner: Keypair, source?: Keypair) =>
    Operation.revokeTrustlineSponsorship({ account: owner.publicKey(), asset: rig.usdc, ...sourceOf(source) });
  const revokeSigner = (owner: Keypair, who: Keypair) =>
    Operation.revokeSignerSponsorship({
      account: owner.publicKey(),
      signer: { ed25519PublicKey: who.publicKey() },
    });

  it('gives the reserve back to the owner, who must have the coins', () => {
    rig.runSigned([ann, ben], begin(ben), trust(ben), signer(ben, rig.issuer), end(ben));
    expect(rig.run(ben, revokeLine(ben))).toBe('notSponsor');
    expect(rig.run(ann, revokeLine(ben))).toBe('success');
    expect(rig.run(ann, revokeSigner(ben, rig.issuer))).toBe('success');
    expect([counts(ann), counts(ben)]).toEqual([
      [0, 0],
      [0, 0],
    ]);
    expect(rig.account(ben).numSubEntries).toBe(2);
    const poor = rig.fund('poor', '1.0001');
    rig.runSigned([ann, poor], begin(poor), trust(poor), data(poor), end(poor));
    expect(rig.run(ann, revokeLine(poor))).toBe('lowReserve');
    const ofData = Operation.revokeDataSponsorship({ account: poor.publicKey(), name: 'a' });
    expect(rig.run(ann, ofData)).toBe('lowReserve');
  });

  it('hands it on to whoever sponsors the sponsor meanwhile', () => {
    const { issuer } = rig;
    rig.runSigned([ann, ben], begin(ben), trust(ben), signer(ben, keypair('x')), end(ben));
    const done = rig.runSigned(
      [ann, issuer],
      begin(ann, issuer),
      revokeLine(ben),
      revokeSigner(ben, keypair('x')),
      end(ann),
    );
    expect(done).toBe('success success success success');
    expect([counts(issuer), counts(ann), counts(ben)]).toEqual([
      [2, 0],
      [0, 0],
      [0, 2],
    ]);
  });

  it('lets a sponsor begin with what exists already, the account itself too', () => {
    rig.run(ben, trust(ben));
    const ofAccount = Operation.revokeAccountSponsorship({ account: ben.publicKey(), source: ben.publicKey() });
    expect(rig.runSigned([ann, ben], begin(ben), revokeLine(ben, ben), ofAccount, end(ben))).toBe(
      'success success success success',
    );
    expect([counts(ann), counts(ben)]).toEqual([
      [3, 0],
      [0, 3],
    ]);
    const back = Operation.revokeAccountSponsorship({ account: ben.publicKey() });
    expect(rig.run(ann, back)).toBe('success');
    expect([counts(ann), counts(ben)]).toEqual([
      [1, 0],
      [0, 1],
    ]);
  });

  it('of a claimable balance only hands it on', () => {
    const claimants = [new Claimant(ben.publicKey())];
    rig.run(ann, Operation.createClaimableBalance({ asset: Asset.native(), amount: '1', claimants }));
    const balanceId = balanceIdOf(rig);
    const revoke = Operation.revokeClaimableBalanceSponsorship({ balanceId });
    expect(rig.run(ben, revoke)).toBe('notSponsor');
    expect(rig.run(ann, revoke)).toBe('onlyTransferable');
    expect(rig.runSigned([ann, ben], begin(ann, ben), revoke, end(ann))).toBe('success success success');
    expect([counts(ann), counts(ben)]).toEqual([
      [0, 0],
      [1, 0],
    ]);
    expect(rig.run(ben, Operation.claimClaimableBalance({ balanceId }))).toBe('success');
    expect(counts(ben)).toEqual([0, 0]);
  });

  it('is of something that exists and can be sponsored', () => {
    expect(rig.run(ann, revokeLine(ann))).toBe('doesNotExist');
    expect(rig.run(ann, revokeSigner(ann, ben))).toBe('doesNotExist');
    const malformed = Operation.revokeTrustlineSponsorship({ account: rig.issuer.publicKey(), asset: rig.usdc });
    expect(rig.run(ann, malformed)).toBe('malformed');
  });

  it('frees the sponsor of a signer that was for one transaction', () => {
    const { issuer } = rig;
    const next = rig.build(ben, [Operation.bumpSequence({ bumpTo: '0' })], { sequence: rig.account(ben).seqNum + 1n });
    next.signatures.length = 0;
    const preAuthorized = Operation.setOptions({
      signer: { preAuthTx: next.hash(), weight: 1 },
      source: ben.publicKey(),
    });
    expect(rig.runSigned([ann, ben], begin(ben), preAuthorized, end(ben))).toBe('success success success');
    expect(counts(ann)).toEqual([1, 0]);
    rig.run(ben, Operation.manageData({ name: 'b', value: 'x' }));
    const { record } = rig.submitSigned(next);
    expect(record && xdr.TransactionResult.fromXdr(record.result).result.type).toBe('txSuccess');
    expect([counts(ann), counts(issuer)]).toEqual([
      [0, 0],
      [0, 0],
    ]);
  });
});
