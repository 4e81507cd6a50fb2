import { Asset, AuthRequiredFlag, type Keypair, Operation } from '@stellar/stellar-sdk';
import { beforeEach, describe, expect, it } from 'vitest';
import { keypair, usdcOf } from '../rig.ts';
import { type OperationRig, pay, startOperations } from './operation-rig.ts';

let rig: OperationRig;
beforeEach(() => {
  rig = startOperations();
});

type Amounts = { sent: string; received: string };
type Assets = { from?: Asset; to?: Asset; path?: Asset[] };

function receive(
  to: Keypair,
  { sent, received }: Amounts,
  { from = rig.usdc, to: destAsset = from, path = [] }: Assets,
) {
  const destination = to.publicKey();
  return Operation.pathPaymentStrictReceive({
    sendAsset: from,
    sendMax: sent,
    destination,
    destAsset,
    destAmount: received,
    path,
  });
}

function send(to: Keypair, { sent, received }: Amounts, { from = rig.usdc, to: destAsset = from, path = [] }: Assets) {
  const destination = to.publicKey();
  return Operation.pathPaymentStrictSend({
    sendAsset: from,
    sendAmount: sent,
    destination,
    destAsset,
    destMin: received,
    path,
  });
}

const five = { sent: '5', received: '5' };
const trust = (limit?: string) => Operation.changeTrust({ asset: rig.usdc, ...(limit === undefined ? {} : { limit }) });

describe.each([
  { name: 'strict receive', build: receive, shortOf: 'overSendmax' },
  { name: 'strict send', build: send, shortOf: 'underDestmin' },
])('a path payment ($name)', ({ build, shortOf }) => {
  it('where nothing is exchanged moves the asset and tells so', () => {
    rig.run(rig.ann, trust());
    expect(rig.run(rig.issuer, build(rig.ann, five, {}))).toBe('success');
    const name = `USDC:${rig.issuer.publicKey()}`;
    expect(rig.events()).toEqual([['mint', rig.ann.publicKey(), name, 50_000_000n]]);
    rig.run(rig.ben, trust());
    expect(rig.run(rig.ann, build(rig.ben, five, { path: [rig.usdc] }))).toBe('success');
    expect(rig.events()).toEqual([['transfer', rig.ann.publicKey(), rig.ben.publicKey(), name, 50_000_000n]]);
    expect(rig.run(rig.ann, build(rig.ben, five, { from: Asset.native() }))).toBe('success');
  });

  it('finds no offers where something is to be exchanged', () => {
    expect(rig.run(rig.issuer, trust())).toBe('malformed');
    rig.run(rig.ann, trust());
    rig.run(rig.issuer, pay(rig.ann, '9', rig.usdc));
    expect(rig.run(rig.ann, build(rig.ben, five, { to: Asset.native() }))).toBe('tooFewOffers');
    rig.run(rig.ben, trust());
    expect(rig.run(rig.ann, build(rig.ben, five, { path: [Asset.native()] }))).toBe('tooFewOffers');
  });

  it('fails as the payments it is made of', () => {
    expect(rig.run(rig.ann, build(rig.ben, five, { from: usdcOf(keypair('nobody')), path: [] }))).toMatch(/oTrust$/);
    rig.run(rig.ann, trust());
    rig.run(rig.issuer, pay(rig.ann, '9', rig.usdc));
    expect(rig.run(rig.ann, build(keypair('nobody'), five, {}))).toBe('noDestination');
    expect(rig.run(rig.ann, build(rig.ben, five, {}))).toBe('noTrust');
    rig.run(rig.ben, trust('4'));
    expect(rig.run(rig.ann, build(rig.ben, five, {}))).toBe('lineFull');
    rig.run(rig.ben, trust());
    expect(rig.run(rig.ann, build(rig.ben, { sent: '10', received: '10' }, {}))).toBe('underfunded');
    expect(rig.run(rig.ann, build(rig.ben, { sent: '4', received: '5' }, {}))).toBe(shortOf);
    expect(rig.run(rig.ben, build(rig.ann, { sent: '99', received: '99' }, { from: Asset.native() }))).toBe(
      'underfunded',
    );
    const cat = rig.fund('cat');
    expect(rig.run(cat, build(rig.ben, five, {}))).toBe('srcNoTrust');
  });

  it('does not pass a line its issuer has not allowed', () => {
    rig.run(rig.ben, trust());
    rig.run(rig.issuer, Operation.setOptions({ setFlags: AuthRequiredFlag }));
    rig.run(rig.ann, trust());
    expect(rig.run(rig.issuer, build(rig.ann, five, {}))).toBe('notAuthorized');
    expect(rig.run(rig.ann, build(rig.ben, five, {}))).toBe('srcNotAuthorized');
  });
});
