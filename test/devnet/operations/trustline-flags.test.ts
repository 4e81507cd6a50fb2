import {
  AuthClawbackEnabledFlag,
  type AuthFlag,
  AuthRequiredFlag,
  AuthRevocableFlag,
  Operation,
  xdr,
} from '@stellar/stellar-sdk';
import { beforeEach, describe, expect, it } from 'vitest';
import { readTrustline } from '../../../src/devnet/ledger/entries.ts';
import { type OperationRig, pay, startOperations } from './operation-rig.ts';

let rig: OperationRig;
beforeEach(() => {
  rig = startOperations();
});

const trust = () => Operation.changeTrust({ asset: rig.usdc });
const allow = (authorize: 0 | 1 | 2) =>
  Operation.allowTrust({ trustor: rig.ann.publicKey(), assetCode: 'USDC', authorize });
const setFlags = (flags: Parameters<typeof Operation.setTrustLineFlags>[0]['flags']) =>
  Operation.setTrustLineFlags({ trustor: rig.ann.publicKey(), asset: rig.usdc, flags });
const setAccountFlags = (flags: number) => rig.run(rig.issuer, Operation.setOptions({ setFlags: flags as AuthFlag }));
const lineFlags = () =>
  readTrustline(rig.chain.entries, rig.ann.xdrPublicKey(), rig.usdc.toTrustLineXdrObject())?.flags;

describe('what an issuer lets a holder do', () => {
  it('is told as an event that says whether everything is allowed', () => {
    setAccountFlags(AuthRequiredFlag | AuthRevocableFlag);
    rig.run(rig.ann, trust());
    const name = `USDC:${rig.issuer.publicKey()}`;
    expect(rig.run(rig.issuer, allow(1))).toBe('success');
    expect(rig.events()).toEqual([['set_authorized', rig.ann.publicKey(), name, true]]);
    expect(rig.run(rig.issuer, pay(rig.ann, '5', rig.usdc))).toBe('success');
    expect(rig.run(rig.issuer, setFlags({ authorized: false, authorizedToMaintainLiabilities: true }))).toBe('success');
    expect(rig.events()).toEqual([['set_authorized', rig.ann.publicKey(), name, false]]);
    expect(rig.run(rig.ann, pay(rig.issuer, '1', rig.usdc))).toBe('srcNotAuthorized');
    expect(rig.run(rig.issuer, allow(0))).toBe('success');
    expect(lineFlags()).toBe(0);
  });

  it('is only taken away by an issuer that said it might', () => {
    rig.run(rig.ann, trust());
    expect(rig.run(rig.issuer, allow(0))).toBe('cantRevoke');
    expect(rig.run(rig.issuer, allow(2))).toBe('cantRevoke');
    expect(rig.run(rig.issuer, setFlags({ authorized: false }))).toBe('cantRevoke');
    expect(rig.run(rig.issuer, allow(1))).toBe('success');
    setAccountFlags(AuthRevocableFlag);
    expect(rig.run(rig.issuer, setFlags({ authorized: false }))).toBe('success');
  });

  it('is everything or keeping liabilities, not both', () => {
    rig.run(rig.ann, trust());
    expect(rig.run(rig.issuer, setFlags({ authorizedToMaintainLiabilities: true }))).toBe('invalidState');
  });

  it('is said of lines that exist, to one’s own asset', () => {
    expect(rig.run(rig.issuer, allow(1))).toBe('noTrustLine');
    expect(rig.run(rig.issuer, setFlags({ authorized: true }))).toBe('noTrustLine');
    expect(rig.run(rig.ben, setFlags({ authorized: true }))).toBe('malformed');
    expect(rig.run(rig.ann, allow(1))).toBe('malformed');
  });
});

describe('clawback', () => {
  const clawback = (amount: string) => Operation.clawback({ asset: rig.usdc, from: rig.ann.publicKey(), amount });

  it('takes back even from a holder that may not use its line', () => {
    setAccountFlags(AuthRevocableFlag | AuthClawbackEnabledFlag);
    expect(rig.run(rig.issuer, clawback('1'))).toBe('noTrust');
    rig.run(rig.ann, trust());
    rig.run(rig.issuer, pay(rig.ann, '5', rig.usdc));
    rig.run(rig.issuer, allow(0));
    expect(rig.run(rig.issuer, clawback('6'))).toBe('underfunded');
    expect(rig.run(rig.issuer, clawback('5'))).toBe('success');
    expect(rig.events()).toEqual([['clawback', rig.ann.publicKey(), `USDC:${rig.issuer.publicKey()}`, 50_000_000n]]);
    expect(rig.run(rig.ann, clawback('1'))).toBe('malformed');
  });

  it('can be given up for a line, and not be had back', () => {
    setAccountFlags(AuthRevocableFlag | AuthClawbackEnabledFlag);
    rig.run(rig.ann, trust());
    rig.run(rig.issuer, pay(rig.ann, '5', rig.usdc));
    expect(rig.run(rig.issuer, setFlags({ clawbackEnabled: false }))).toBe('success');
    expect(lineFlags()).toBe(xdr.TrustLineFlags.authorizedFlag.value);
    expect(rig.run(rig.issuer, clawback('5'))).toBe('notClawbackEnabled');
  });
});
