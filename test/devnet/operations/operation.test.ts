import {
  Asset,
  AuthImmutableFlag,
  AuthRequiredFlag,
  type Keypair,
  LiquidityPoolAsset,
  Operation,
  StrKey,
  xdr,
} from '@stellar/stellar-sdk';
import { beforeEach, describe, expect, it } from 'vitest';
import { extensionOf } from '../../../src/devnet/ledger/account-extension.ts';
import { accountKey, type EntryStore } from '../../../src/devnet/ledger/entries.ts';
import { createStage } from '../../../src/devnet/ledger/stage.ts';
import { type ChainRig, startChain } from '../chain-rig.ts';
import { errorOf } from '../diagnostic-errors.ts';
import { keypair, usdcOf } from '../rig.ts';

/** Classic operations and the codes of their failures. */

let rig: ChainRig;
let issuer: Keypair;
let ann: Keypair;
let ben: Keypair;
let usdc: Asset;
beforeEach(() => {
  rig = startChain();
  [issuer, ann, ben] = [rig.fund('issuer'), rig.fund('ann'), rig.fund('ben')];
  usdc = usdcOf(issuer);
});

/** Codes of the operations, such as `underfunded`; of a transaction of one operation, its only one. */
function run(source: Keypair, ...operations: xdr.Operation[]): string {
  const { answer, record } = rig.submit(source, operations);
  const result = answer.status === 'ERROR' ? answer.result : record && xdr.TransactionResult.fromXdr(record.result);
  if (result?.result.type !== 'txSuccess' && result?.result.type !== 'txFailed') return result?.result.type ?? '';
  const codes = result.result.results.map((one) => {
    if (one.type !== 'opInner') return one.type;
    return one.tr.value.type.slice(one.tr.type.length).replace(/^./, (first: string) => first.toLowerCase());
  });
  return codes.join(' ');
}

const pay = (to: Keypair, amount: string, asset: Asset = Asset.native()) =>
  Operation.payment({ destination: to.publicKey(), asset, amount });
const create = (to: Keypair, startingBalance: string) =>
  Operation.createAccount({ destination: to.publicKey(), startingBalance });
const trust = (limit?: string, asset = usdc) =>
  Operation.changeTrust(limit === undefined ? { asset } : { asset, limit });

describe('a payment', () => {
  it('of native coins leaves the reserve', () => {
    expect(run(ann, pay(ben, '99.0000001'))).toBe('underfunded');
    // 100 less the fees of two transactions and a reserve of 1.
    expect(run(ann, pay(ben, '98.9999801'))).toBe('underfunded');
    expect(run(ann, pay(ben, '98.9999700'))).toBe('success');
    expect(rig.account(ann).balance).toBe(10_000_000n);
    expect(run(ben, pay(keypair('nobody'), '1'))).toBe('noDestination');
  });

  it('of an asset needs a line at both ends, with room and with balance', () => {
    expect(run(issuer, pay(ann, '5', usdc))).toBe('noTrust');
    run(ann, trust('10'));
    expect(run(issuer, pay(ann, '10.0000001', usdc))).toBe('lineFull');
    expect(run(issuer, pay(ann, '10', usdc))).toBe('success');
    expect(run(ann, pay(ben, '1', usdc))).toBe('noTrust');
    run(ben, trust());
    expect(run(ann, pay(ben, '10.0000001', usdc))).toBe('underfunded');
    expect(run(ann, pay(ben, '4', usdc))).toBe('success');
    expect(run(ben, pay(issuer, '4', usdc))).toBe('success');
    const cat = rig.fund('cat');
    expect(run(cat, pay(ben, '1', usdc))).toBe('srcNoTrust');
  });

  it('does not reach a line its issuer has not allowed', () => {
    run(issuer, Operation.setOptions({ setFlags: AuthRequiredFlag }));
    run(ann, trust());
    expect(run(issuer, pay(ann, '1', usdc))).toBe('notAuthorized');
  });

  it('of an asset goes back to its issuer even after that one has merged away', () => {
    run(ann, trust());
    run(issuer, pay(ann, '5', usdc));
    expect(run(issuer, Operation.accountMerge({ destination: ben.publicKey() }))).toBe('success');
    expect(run(ann, pay(issuer, '5', usdc))).toBe('success');
    expect(run(ann, pay(issuer, '1'))).toBe('noDestination');
  });

  it('to oneself changes nothing', () => {
    run(ann, trust());
    run(issuer, pay(ann, '5', usdc));
    expect(run(ann, pay(ann, '5', usdc))).toBe('success');
    // The network credits first, so even an amount that is not there comes and goes.
    expect(run(ann, pay(ann, '6', usdc))).toBe('success');
    expect(run(ann, pay(ann, '1000'))).toBe('success');
    run(ann, trust('10'));
    expect(run(ann, pay(ann, '6', usdc))).toBe('lineFull');
  });
});

describe('creating an account', () => {
  it('takes its reserve at least, from someone who can pay, once', () => {
    const fresh = keypair('fresh');
    expect(run(ann, create(fresh, '0.9999999'))).toBe('lowReserve');
    expect(run(ann, create(fresh, '99'))).toBe('underfunded');
    expect(run(ann, create(fresh, '1'))).toBe('success');
    expect(run(ann, create(fresh, '1'))).toBe('alreadyExist');
    expect(run(ann, create(ann, '1'))).toBe('malformed');
    expect(rig.account(fresh).seqNum).toBe(BigInt(rig.chain.history.latest().sequence - 1) << 32n);
  });
});

describe('a trustline', () => {
  it('costs a reserve, and only goes when it is empty', () => {
    const poor = rig.fund('poor', '1.0000300');
    expect(run(poor, trust())).toBe('lowReserve');
    expect(run(ann, trust('0'))).toBe('invalidLimit');
    expect(run(ann, trust())).toBe('success');
    run(issuer, pay(ann, '5', usdc));
    expect(run(ann, trust('4'))).toBe('invalidLimit');
    expect(run(ann, trust('0'))).toBe('invalidLimit');
    run(ann, pay(issuer, '5', usdc));
    expect(run(ann, trust('0'))).toBe('success');
    expect(rig.account(ann).numSubEntries).toBe(0);
  });

  it('is to someone else’s asset, whose issuer exists', () => {
    expect(run(issuer, trust())).toBe('malformed');
    expect(rig.submit(issuer, [trust()]).answer.status).toBe('ERROR');
    expect(run(ann, trust('1', usdcOf(keypair('nobody'))))).toBe('noIssuer');
  });

  it('is not to shares of a pool, which this network does not have', () => {
    const shares = new LiquidityPoolAsset(Asset.native(), usdc, 30);
    const line = Operation.changeTrust({ asset: shares, limit: '1' });
    expect(run(ann, line)).toBe('opNotSupported');
    expect(errorOf(rig.submit(ann, [line])).text).toContain('no liquidity pools');
  });
});

describe('options', () => {
  const signer = (who: Keypair, weight: number) => ({ ed25519PublicKey: who.publicKey(), weight });

  it('change only as far as they make sense', () => {
    expect(run(ann, Operation.setOptions({ signer: signer(ann, 1) }))).toBe('badSigner');
    // The signer is looked at before the home domain.
    expect(run(ann, Operation.setOptions({ signer: signer(ann, 1), homeDomain: '\u0007' }))).toBe('badSigner');
    expect(run(ann, Operation.setOptions({ signer: signer(ben, 0) }))).toBe('success');
    expect(run(ann, Operation.setOptions({ masterWeight: 255, homeDomain: 'a.example' }))).toBe('success');
    expect(run(ann, Operation.setOptions({ setFlags: AuthImmutableFlag }))).toBe('success');
    expect(run(ann, Operation.setOptions({ setFlags: AuthRequiredFlag }))).toBe('cantChange');
    const poor = rig.fund('poor', '1.0000300');
    expect(run(poor, Operation.setOptions({ signer: signer(ben, 1) }))).toBe('lowReserve');
  });

  it('hold twenty signers', () => {
    for (let index = 0; index < 20; index++) {
      expect(run(ann, Operation.setOptions({ signer: signer(keypair(`signer ${index}`), 1) }))).toBe('success');
    }
    expect(run(ann, Operation.setOptions({ signer: signer(ben, 1) }))).toBe('tooManySigners');
    expect(run(ann, Operation.setOptions({ signer: signer(keypair('signer 3'), 0) }))).toBe('success');
    expect(rig.account(ann).signers.length).toBe(19);
  });

  it('take signers of every kind', () => {
    expect(run(ann, Operation.setOptions({ signer: { preAuthTx: Buffer.alloc(32, 1), weight: 1 } }))).toBe('success');
    const signer = (payload: Uint8Array) => ({
      ed25519SignedPayload: StrKey.encodeSignedPayload(
        Buffer.from(new xdr.SignerKeyEd25519SignedPayload({ ed25519: ann.rawPublicKey(), payload }).toXdr()),
      ),
      weight: 1,
    });
    expect(run(ann, Operation.setOptions({ signer: signer(Buffer.from('a')) }))).toBe('success');
  });
});

describe('data', () => {
  it('is set, replaced and removed by name', () => {
    expect(run(ann, Operation.manageData({ name: 'a', value: null }))).toBe('nameNotFound');
    expect(run(ann, Operation.manageData({ name: 'a', value: 'x' }))).toBe('success');
    expect(run(ann, Operation.manageData({ name: 'a', value: 'y' }))).toBe('success');
    expect(rig.account(ann).numSubEntries).toBe(1);
    expect(run(ann, Operation.manageData({ name: 'a', value: null }))).toBe('success');
    expect(rig.account(ann).numSubEntries).toBe(0);
  });
});

describe('a merge', () => {
  const merge = (into: Keypair) => Operation.accountMerge({ destination: into.publicKey() });

  it('moves everything and leaves nothing', () => {
    const before = rig.account(ben).balance;
    const { balance } = rig.account(ann);
    expect(run(ann, merge(ben))).toBe('success');
    expect(rig.account(ben).balance).toBe(before + balance - 100n);
    expect(() => rig.account(ann)).toThrow('has no account');
  });

  it('of an account without coins is told as an event too', () => {
    const stage = createStage(rig.chain.entries as EntryStore, rig.chain.history.latest().sequence);
    const empty = new xdr.AccountEntry({ ...rig.account(ann), balance: 0n });
    stage.write(xdr.LedgerEntryData.account(empty));
    stage.commit();
    const operation = Operation.accountMerge({ destination: ben.publicKey(), source: ann.publicKey() });
    const { record } = rig.submit(ben, [operation], { signers: [ann, ben] });
    const meta = record && xdr.TransactionMeta.fromXdr(record.meta);
    expect(meta?.type === 'v4' && meta.v4.operations[0]?.events.length).toBe(1);
    expect(rig.chain.entries.get(accountKey(ann.xdrPublicKey()))).toBeUndefined();
  });

  it('is not possible with subentries, into nobody, or into itself', () => {
    run(ann, Operation.manageData({ name: 'a', value: 'x' }));
    expect(run(ann, merge(ben))).toBe('hasSubEntries');
    expect(run(ben, merge(keypair('nobody')))).toBe('noAccount');
    expect(run(ben, merge(ben))).toBe('malformed');
    const ahead = (BigInt(rig.chain.history.latest().sequence + 5) << 32n).toString();
    expect(run(ben, Operation.bumpSequence({ bumpTo: ahead }))).toBe('success');
    expect(run(ben, merge(ann))).toBe('seqnumTooFar');
  });
});

describe('a bump of the sequence number', () => {
  it('that is not ahead leaves the number but counts as its use', () => {
    const before = rig.account(ann);
    const operation = Operation.bumpSequence({ bumpTo: '0', source: ann.publicKey() });
    rig.submit(ben, [operation], { signers: [ann, ben] });
    expect(rig.account(ann).seqNum).toBe(before.seqNum);
    expect(extensionOf(before).sequenceUse.ledger).toBe(0);
    expect(extensionOf(rig.account(ann)).sequenceUse.ledger).toBe(rig.chain.history.latest().sequence);
  });
});

describe('operations of one transaction', () => {
  it('see each other, and count all or none', () => {
    const fresh = keypair('fresh');
    expect(run(ann, create(fresh, '2'), pay(fresh, '1'), pay(ben, '500'))).toBe('success success underfunded');
    expect(() => rig.account(fresh)).toThrow('has no account');
    expect(run(ann, create(fresh, '2'), pay(fresh, '1'))).toBe('success success');
    expect(rig.account(fresh).balance).toBe(30_000_000n);
  });
});
