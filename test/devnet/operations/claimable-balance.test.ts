import {
  type Asset,
  Asset as AssetOf,
  AuthClawbackEnabledFlag,
  AuthRevocableFlag,
  Claimant,
  Operation,
  StrKey,
  xdr,
} from '@stellar/stellar-sdk';
import { beforeEach, describe, expect, it } from 'vitest';
import { extensionOf } from '../../../src/devnet/ledger/account-extension.ts';
import { minimumBalance } from '../../../src/devnet/ledger/balances.ts';
import { readClaimableBalance } from '../../../src/devnet/ledger/entries.ts';
import { balanceIdOf, type OperationRig, pay, startOperations } from './operation-rig.ts';

let rig: OperationRig;
beforeEach(() => {
  rig = startOperations();
});

const native = AssetOf.native();
const create = (amount: string, claimants: Claimant[], asset: Asset = native) =>
  Operation.createClaimableBalance({ asset, amount, claimants });
const claim = (balanceId: string) => Operation.claimClaimableBalance({ balanceId });
const clawback = (balanceId: string) => Operation.clawbackClaimableBalance({ balanceId });
const forBen = () => [new Claimant(rig.ben.publicKey())];
const trust = () => Operation.changeTrust({ asset: rig.usdc });
/** As events and explorers write it. */
const address = (balanceId: string) => StrKey.encodeClaimableBalance(Buffer.from(balanceId.slice(6), 'hex'));

describe('a claimable balance', () => {
  it('is known by its id before the transaction is sent', () => {
    const operation = create('5', forBen());
    const tx = rig.build(rig.ann, [Operation.bumpSequence({ bumpTo: '0' }), operation], { fee: '1000' });
    rig.submitSigned(tx);
    expect(balanceIdOf(rig)).toBe(tx.getClaimableBalanceId(1));
  });

  it('leaves its creator, with a reserve for each claimant, and comes back with the claim', () => {
    const before = rig.account(rig.ann);
    const both = [new Claimant(rig.ben.publicKey()), new Claimant(rig.issuer.publicKey())];
    expect(rig.run(rig.ann, create('5', both))).toBe('success');
    const id = balanceIdOf(rig);
    expect(rig.events()).toEqual([['transfer', rig.ann.publicKey(), address(id), 'native', 50_000_000n]]);
    expect(rig.account(rig.ann).balance).toBe(before.balance - 50_000_000n - 100n);
    expect(extensionOf(rig.account(rig.ann)).numSponsoring).toBe(2);
    expect(minimumBalance(rig.account(rig.ann))).toBe(minimumBalance(before) + 10_000_000n);
    expect(rig.account(rig.ann).numSubEntries).toBe(0);

    const ben = rig.account(rig.ben).balance;
    expect(rig.run(rig.ben, claim(id))).toBe('success');
    expect(rig.events()).toEqual([['transfer', address(id), rig.ben.publicKey(), 'native', 50_000_000n]]);
    expect(rig.account(rig.ben).balance).toBe(ben + 50_000_000n - 100n);
    expect(extensionOf(rig.account(rig.ann)).numSponsoring).toBe(0);
    expect(rig.run(rig.ben, claim(id))).toBe('doesNotExist');
  });

  it('counts times from the ledger it is made in', () => {
    const { predicateBeforeRelativeTime: within, predicateNot } = Claimant;
    const afterAnHour = new Claimant(rig.ann.publicKey(), predicateNot(within('3600')));
    expect(rig.run(rig.ann, create('5', [new Claimant(rig.ben.publicKey(), within('3600')), afterAnHour]))).toBe(
      'success',
    );
    const id = balanceIdOf(rig);
    expect(rig.run(rig.ann, claim(id))).toBe('cannotClaim');
    rig.clock.advance(3_600_000);
    expect(rig.run(rig.ben, claim(id))).toBe('cannotClaim');
    expect(rig.run(rig.ann, claim(id))).toBe('success');
  });

  it('is for those it names, who need a line for it', () => {
    expect(rig.run(rig.ann, create('5', forBen(), rig.usdc))).toBe('noTrust');
    expect(rig.run(rig.issuer, create('5', forBen(), rig.usdc))).toBe('success');
    const id = balanceIdOf(rig);
    expect(rig.events()).toEqual([['mint', address(id), `USDC:${rig.issuer.publicKey()}`, 50_000_000n]]);
    expect(rig.run(rig.ann, claim(id))).toBe('cannotClaim');
    expect(rig.run(rig.ben, claim(id))).toBe('noTrust');
    rig.run(rig.ben, Operation.changeTrust({ asset: rig.usdc, limit: '4' }));
    expect(rig.run(rig.ben, claim(id))).toBe('lineFull');
    rig.run(rig.ben, trust());
    expect(rig.run(rig.ben, claim(id))).toBe('success');
  });

  it('is taken back by its issuer only if it came from a line with clawback', () => {
    rig.run(rig.ann, trust());
    rig.run(rig.issuer, pay(rig.ann, '9', rig.usdc));
    rig.run(rig.ann, create('5', forBen(), rig.usdc));
    const plain = balanceIdOf(rig);
    expect(rig.run(rig.issuer, clawback(plain))).toBe('notClawbackEnabled');
    expect(rig.run(rig.ann, clawback(plain))).toBe('notIssuer');
    rig.run(
      rig.issuer,
      Operation.setOptions({ setFlags: (AuthRevocableFlag | AuthClawbackEnabledFlag) as typeof AuthRevocableFlag }),
    );
    rig.run(rig.issuer, create('5', forBen(), rig.usdc));
    const enabled = balanceIdOf(rig);
    expect(rig.run(rig.issuer, clawback(enabled))).toBe('success');
    expect(rig.events()).toEqual([['clawback', address(enabled), `USDC:${rig.issuer.publicKey()}`, 50_000_000n]]);
    expect(extensionOf(rig.account(rig.issuer)).numSponsoring).toBe(0);
    const id = xdr.ClaimableBalanceId.fromXdr(enabled, 'hex');
    expect(readClaimableBalance(rig.chain.entries, id)).toBeUndefined();
  });

  it('has its reserves kept by whoever sponsors its creator', () => {
    const { ann, ben, issuer } = rig;
    const done = rig.runSigned(
      [ann, ben],
      Operation.beginSponsoringFutureReserves({ sponsoredId: ben.publicKey() }),
      Operation.createClaimableBalance({
        asset: native,
        amount: '5',
        claimants: [new Claimant(issuer.publicKey())],
        source: ben.publicKey(),
      }),
      Operation.endSponsoringFutureReserves({ source: ben.publicKey() }),
    );
    expect(done).toBe('success success success');
    expect(extensionOf(rig.account(ann)).numSponsoring).toBe(1);
    expect(extensionOf(rig.account(ben))).toMatchObject({ numSponsoring: 0, numSponsored: 0 });
  });
});
