import { Asset, type AuthFlag, Claimant, type Keypair, Operation, xdr } from '@stellar/stellar-sdk';
import { describe, expect, it } from 'vitest';
import { OPERATION_KINDS } from '../../../src/devnet/operations/kinds.ts';
import { keypair, usdcOf } from '../rig.ts';
import { balanceIdOf, type OperationRig, pay, startOperations } from './operation-rig.ts';

/** Every result code of every classic operation: how it is reached, or why it cannot be. */

const SOROBAN = ['invokeHostFunction', 'extendFootprintTtl', 'restoreFootprint'];
const NO_POOLS = 'only pools take reserves of a revocation, and there are none';
const NO_OFFERS = 'there are no offers to cross';
const OLD_ISSUER = 'issuers are not looked for since protocol 13';

const UNREACHABLE: Record<string, string> = {
  paymentNoIssuer: OLD_ISSUER,
  pathPaymentStrictReceiveNoIssuer: OLD_ISSUER,
  pathPaymentStrictSendNoIssuer: OLD_ISSUER,
  pathPaymentStrictReceiveOfferCrossSelf: NO_OFFERS,
  pathPaymentStrictSendOfferCrossSelf: NO_OFFERS,
  changeTrustSelfNotAllowed: 'malformed since protocol 16',
  changeTrustTrustLineMissing: 'only for shares of pools, whose assets need lines',
  changeTrustCannotDelete: 'only for lines that a pool needs',
  changeTrustNotAuthMaintainLiabilities: 'only for shares of pools',
  allowTrustTrustNotRequired: 'not asked since protocol 16',
  allowTrustSelfNotAllowed: 'malformed since protocol 16',
  allowTrustLowReserve: NO_POOLS,
  setTrustLineFlagsLowReserve: NO_POOLS,
  accountMergeDestFull: 'all coins together fit into one account',
  manageDataNotSupportedYet: 'supported since protocol 2',
  claimClaimableBalanceTrustlineFrozen: 'lines are not frozen by this network',
};

const FLAG = { required: 1, revocable: 2, immutable: 4, clawback: 8 };
const setFlags = (flags: number) => Operation.setOptions({ setFlags: flags as AuthFlag });
const native = Asset.native();
const nobody = keypair('nobody');
const create = (to: Keypair, startingBalance: string) =>
  Operation.createAccount({ destination: to.publicKey(), startingBalance });
const merge = (into: Keypair) => Operation.accountMerge({ destination: into.publicKey() });
const receive = (to: Keypair, asset: Asset, amount: string, { sendMax = amount, destAsset = asset } = {}) =>
  Operation.pathPaymentStrictReceive({
    sendAsset: asset,
    sendMax,
    destination: to.publicKey(),
    destAsset,
    destAmount: amount,
  });
const send = (to: Keypair, asset: Asset, amount: string, { destMin = amount, destAsset = asset } = {}) =>
  Operation.pathPaymentStrictSend({
    sendAsset: asset,
    sendAmount: amount,
    destination: to.publicKey(),
    destAsset,
    destMin,
  });
const allow = (who: Keypair, authorize: 0 | 1 | 2) =>
  Operation.allowTrust({ trustor: who.publicKey(), assetCode: 'USDC', authorize });
const flagsOf = (
  who: Keypair,
  asset: Asset,
  flags: { authorized?: boolean; authorizedToMaintainLiabilities?: boolean },
) => Operation.setTrustLineFlags({ trustor: who.publicKey(), asset, flags });
const setAside = (asset: Asset, amount: string, who: Keypair) =>
  Operation.createClaimableBalance({ asset, amount, claimants: [new Claimant(who.publicKey())] });
const claim = (balanceId: string) => Operation.claimClaimableBalance({ balanceId });
const takeBack = (balanceId: string) => Operation.clawbackClaimableBalance({ balanceId });
const clawback = (asset: Asset, from: Keypair, amount: string) =>
  Operation.clawback({ asset, from: from.publicKey(), amount });
const begin = (who: Keypair, source?: Keypair) =>
  Operation.beginSponsoringFutureReserves({
    sponsoredId: who.publicKey(),
    ...(source && { source: source.publicKey() }),
  });
const end = (source: Keypair) => Operation.endSponsoringFutureReserves({ source: source.publicKey() });
const revoke = (who: Keypair) => Operation.revokeAccountSponsorship({ account: who.publicKey() });
const NO_BALANCE = `00000000${'ab'.repeat(32)}`;

/** The same operation with fields that builders of clients do not let through. */
function altered(operation: xdr.Operation, fields: object): xdr.Operation {
  const { body } = operation;
  const inner = body.value as object;
  const Op = inner.constructor as new (all: object) => object;
  const changed = Object.assign(Object.create(Object.getPrototypeOf(body)), body);
  const field = Object.keys(body).find((key) => (body as unknown as Record<string, unknown>)[key] === inner);
  if (!field) throw new Error(`${body.type} has no fields to alter`);
  changed[field] = new Op({ ...inner, ...fields });
  return new xdr.Operation({ ...operation, body: changed });
}

const trust = ({ usdc }: OperationRig, limit?: string) =>
  Operation.changeTrust({ asset: usdc, ...(limit === undefined ? {} : { limit }) });

/** Both hold lines, ann has ten. */
function withLines(rig: OperationRig, limit?: string): OperationRig {
  rig.run(rig.ann, trust(rig));
  rig.run(rig.ben, trust(rig, limit));
  rig.run(rig.issuer, pay(rig.ann, '10', rig.usdc));
  return rig;
}

/** Ann's and ben's lines are revoked. */
function revoked(rig: OperationRig): OperationRig {
  withLines(rig);
  rig.run(rig.issuer, setFlags(FLAG.revocable));
  rig.run(rig.issuer, allow(rig.ann, 0), allow(rig.ben, 0));
  return rig;
}

function poorOf(rig: OperationRig): Keypair {
  return rig.fund('poor', '1.0001');
}

type Scenario = (rig: OperationRig) => string;

function transfers(name: string, build: typeof receive | typeof send): Record<string, Scenario> {
  return {
    [`${name}Success`]: (r) => r.run(r.ann, build(r.ben, native, '1')),
    [`${name}Underfunded`]: (r) => r.run(r.ann, build(r.ben, native, '1000')),
    [`${name}SrcNoTrust`]: (r) => withLines(r).run(r.fund('cat'), build(r.ben, r.usdc, '1')),
    [`${name}SrcNotAuthorized`]: (r) => revoked(r).run(r.ann, build(r.issuer, r.usdc, '1')),
    [`${name}NoDestination`]: (r) => r.run(r.ann, build(nobody, native, '1')),
    [`${name}NoTrust`]: (r) => r.run(r.issuer, build(r.ann, r.usdc, '1')),
    [`${name}NotAuthorized`]: (r) => revoked(r).run(r.issuer, build(r.ben, r.usdc, '1')),
    [`${name}LineFull`]: (r) => withLines(r, '4').run(r.ann, build(r.ben, r.usdc, '5')),
  };
}

const payLike: typeof send = (to, asset, amount) => pay(to, amount, asset);

const REACHED: Record<string, Scenario> = {
  createAccountSuccess: (r) => r.run(r.ann, create(nobody, '1')),
  createAccountMalformed: (r) => r.run(r.ann, create(r.ann, '1')),
  createAccountUnderfunded: (r) => r.run(r.ann, create(nobody, '1000')),
  createAccountLowReserve: (r) => r.run(r.ann, create(nobody, '0.9')),
  createAccountAlreadyExist: (r) => r.run(r.ann, create(r.ben, '1')),
  ...transfers('payment', payLike),
  paymentMalformed: (r) => r.run(r.ann, altered(pay(r.ben, '1', native), { amount: 0n })),
  ...transfers('pathPaymentStrictReceive', receive),
  pathPaymentStrictReceiveMalformed: (r) => r.run(r.ann, altered(receive(r.ben, native, '1'), { sendMax: 0n })),
  pathPaymentStrictReceiveTooFewOffers: (r) => r.run(r.issuer, receive(r.ann, r.usdc, '1', { destAsset: native })),
  pathPaymentStrictReceiveOverSendmax: (r) => r.run(r.ann, receive(r.ben, native, '2', { sendMax: '1' })),
  ...transfers('pathPaymentStrictSend', send),
  pathPaymentStrictSendMalformed: (r) => r.run(r.ann, altered(send(r.ben, native, '1'), { destMin: 0n })),
  pathPaymentStrictSendTooFewOffers: (r) => r.run(r.issuer, send(r.ann, r.usdc, '1', { destAsset: native })),
  pathPaymentStrictSendUnderDestmin: (r) => r.run(r.ann, send(r.ben, native, '1', { destMin: '2' })),
  setOptionsSuccess: (r) => r.run(r.ann, setFlags(FLAG.required)),
  setOptionsLowReserve: (r) =>
    r.run(poorOf(r), Operation.setOptions({ signer: { ed25519PublicKey: r.ann.publicKey(), weight: 1 } })),
  setOptionsTooManySigners: (r) => {
    const signer = (index: number) =>
      Operation.setOptions({ signer: { ed25519PublicKey: keypair(`signer ${index}`).publicKey(), weight: 1 } });
    return r.run(r.ann, ...Array.from({ length: 21 }, (_, index) => signer(index)));
  },
  setOptionsBadFlags: (r) => r.run(r.ann, Operation.setOptions({ setFlags: 1, clearFlags: 1 })),
  setOptionsInvalidInflation: (r) => r.run(r.ann, Operation.setOptions({ inflationDest: nobody.publicKey() })),
  setOptionsCantChange: (r) => {
    r.run(r.ann, setFlags(FLAG.immutable));
    return r.run(r.ann, setFlags(FLAG.required));
  },
  setOptionsUnknownFlag: (r) => r.run(r.ann, altered(setFlags(FLAG.required), { setFlags: 16 })),
  setOptionsThresholdOutOfRange: (r) => r.run(r.ann, altered(setFlags(FLAG.required), { masterWeight: 256 })),
  setOptionsBadSigner: (r) =>
    r.run(r.ann, Operation.setOptions({ signer: { ed25519PublicKey: r.ann.publicKey(), weight: 1 } })),
  setOptionsInvalidHomeDomain: (r) => r.run(r.ann, Operation.setOptions({ homeDomain: 'a\nb' })),
  setOptionsAuthRevocableRequired: (r) => r.run(r.ann, setFlags(FLAG.clawback)),
  changeTrustSuccess: (r) => r.run(r.ann, trust(r)),
  changeTrustMalformed: (r) => r.run(r.issuer, trust(r)),
  changeTrustNoIssuer: (r) => r.run(r.ann, Operation.changeTrust({ asset: usdcOf(nobody) })),
  changeTrustInvalidLimit: (r) => r.run(r.ann, trust(r, '0')),
  changeTrustLowReserve: (r) => r.run(poorOf(r), trust(r)),
  allowTrustSuccess: (r) => withLines(r).run(r.issuer, allow(r.ann, 1)),
  allowTrustMalformed: (r) => r.run(r.issuer, altered(allow(r.ann, 1), { authorize: 3 })),
  allowTrustNoTrustLine: (r) => r.run(r.issuer, allow(r.ann, 1)),
  allowTrustCantRevoke: (r) => withLines(r).run(r.issuer, allow(r.ann, 0)),
  accountMergeSuccess: (r) => r.run(r.ann, merge(r.ben)),
  accountMergeMalformed: (r) => r.run(r.ann, merge(r.ann)),
  accountMergeNoAccount: (r) => r.run(r.ann, merge(nobody)),
  accountMergeImmutableSet: (r) => r.run(r.ann, setFlags(FLAG.immutable), merge(r.ben)),
  accountMergeHasSubEntries: (r) => r.run(r.ann, trust(r), merge(r.ben)),
  accountMergeSeqnumTooFar: (r) => r.run(r.ann, Operation.bumpSequence({ bumpTo: `${2n ** 60n}` }), merge(r.ben)),
  accountMergeIsSponsor: (r) => r.runSigned([r.ann, r.ben], begin(r.ben), merge(r.issuer), end(r.ben)),
  manageDataSuccess: (r) => r.run(r.ann, Operation.manageData({ name: 'a', value: 'x' })),
  manageDataNameNotFound: (r) => r.run(r.ann, Operation.manageData({ name: 'a', value: null })),
  manageDataLowReserve: (r) => r.run(poorOf(r), Operation.manageData({ name: 'a', value: 'x' })),
  manageDataInvalidName: (r) => r.run(r.ann, Operation.manageData({ name: 'a\nb', value: 'x' })),
  bumpSequenceSuccess: (r) => r.run(r.ann, Operation.bumpSequence({ bumpTo: '0' })),
  bumpSequenceBadSeq: (r) => r.run(r.ann, altered(Operation.bumpSequence({ bumpTo: '0' }), { bumpTo: -1n })),
  createClaimableBalanceSuccess: (r) => r.run(r.ann, setAside(native, '1', r.ben)),
  createClaimableBalanceMalformed: (r) => r.run(r.ann, altered(setAside(native, '1', r.ben), { claimants: [] })),
  createClaimableBalanceLowReserve: (r) => r.run(poorOf(r), setAside(native, '0.00001', r.ben)),
  createClaimableBalanceNoTrust: (r) => r.run(r.ann, setAside(r.usdc, '1', r.ben)),
  createClaimableBalanceNotAuthorized: (r) => revoked(r).run(r.ann, setAside(r.usdc, '1', r.ben)),
  createClaimableBalanceUnderfunded: (r) => r.run(r.ann, setAside(native, '1000', r.ben)),
  ...claims(),
  beginSponsoringFutureReservesSuccess: (r) => r.runSigned([r.ann, r.ben], begin(r.ben), end(r.ben)),
  beginSponsoringFutureReservesMalformed: (r) => r.run(r.ann, begin(r.ann)),
  beginSponsoringFutureReservesAlreadySponsored: (r) => r.run(r.ann, begin(r.ben), begin(r.ben)),
  beginSponsoringFutureReservesRecursive: (r) => r.runSigned([r.ann, r.ben], begin(r.ben), begin(r.issuer, r.ben)),
  endSponsoringFutureReservesSuccess: (r) => r.runSigned([r.ann, r.ben], begin(r.ben), end(r.ben)),
  endSponsoringFutureReservesNotSponsored: (r) => r.run(r.ann, end(r.ann)),
  revokeSponsorshipSuccess: (r) => r.run(r.ann, revoke(r.ann)),
  revokeSponsorshipDoesNotExist: (r) => r.run(r.ann, revoke(nobody)),
  revokeSponsorshipNotSponsor: (r) => r.run(r.ann, revoke(r.ben)),
  revokeSponsorshipLowReserve: (r) => {
    r.runSigned([r.ann, nobody], begin(nobody), create(nobody, '0'), end(nobody));
    return r.run(r.ann, revoke(nobody));
  },
  revokeSponsorshipOnlyTransferable: (r) => {
    r.run(r.ann, setAside(native, '1', r.ben));
    return r.run(r.ann, Operation.revokeClaimableBalanceSponsorship({ balanceId: balanceIdOf(r) }));
  },
  revokeSponsorshipMalformed: (r) =>
    r.run(r.ann, Operation.revokeOfferSponsorship({ seller: r.ann.publicKey(), offerId: '0' })),
  clawbackSuccess: (r) => {
    r.run(r.issuer, setFlags(FLAG.revocable | FLAG.clawback));
    return withLines(r).run(r.issuer, clawback(r.usdc, r.ann, '1'));
  },
  clawbackMalformed: (r) => r.run(r.ann, clawback(r.usdc, r.ben, '1')),
  clawbackNotClawbackEnabled: (r) => withLines(r).run(r.issuer, clawback(r.usdc, r.ann, '1')),
  clawbackNoTrust: (r) => r.run(r.issuer, clawback(r.usdc, r.ann, '1')),
  clawbackUnderfunded: (r) => {
    r.run(r.issuer, setFlags(FLAG.revocable | FLAG.clawback));
    return withLines(r).run(r.issuer, clawback(r.usdc, r.ann, '11'));
  },
  setTrustLineFlagsSuccess: (r) => withLines(r).run(r.issuer, flagsOf(r.ann, r.usdc, { authorized: true })),
  setTrustLineFlagsMalformed: (r) => r.run(r.ann, flagsOf(r.ben, r.usdc, { authorized: true })),
  setTrustLineFlagsNoTrustLine: (r) => r.run(r.issuer, flagsOf(r.ann, r.usdc, { authorized: true })),
  setTrustLineFlagsCantRevoke: (r) => withLines(r).run(r.issuer, flagsOf(r.ann, r.usdc, { authorized: false })),
  setTrustLineFlagsInvalidState: (r) =>
    withLines(r).run(r.issuer, flagsOf(r.ann, r.usdc, { authorizedToMaintainLiabilities: true })),
};

function claims(): Record<string, Scenario> {
  const setAsideForBen = (r: OperationRig): string => {
    r.run(r.issuer, setAside(r.usdc, '5', r.ben));
    return balanceIdOf(r);
  };
  return {
    claimClaimableBalanceSuccess: (r) => withLines(r).run(r.ben, claim(setAsideForBen(r))),
    claimClaimableBalanceDoesNotExist: (r) => r.run(r.ben, claim(NO_BALANCE)),
    claimClaimableBalanceCannotClaim: (r) => r.run(r.ann, claim(setAsideForBen(r))),
    claimClaimableBalanceLineFull: (r) => withLines(r, '4').run(r.ben, claim(setAsideForBen(r))),
    claimClaimableBalanceNoTrust: (r) => r.run(r.ben, claim(setAsideForBen(r))),
    claimClaimableBalanceNotAuthorized: (r) => revoked(r).run(r.ben, claim(setAsideForBen(r))),
    clawbackClaimableBalanceSuccess: (r) => {
      r.run(r.issuer, setFlags(FLAG.revocable | FLAG.clawback));
      return r.run(r.issuer, takeBack(setAsideForBen(r)));
    },
    clawbackClaimableBalanceDoesNotExist: (r) => r.run(r.issuer, takeBack(NO_BALANCE)),
    clawbackClaimableBalanceNotIssuer: (r) => r.run(r.ann, takeBack(setAsideForBen(r))),
    clawbackClaimableBalanceNotClawbackEnabled: (r) => r.run(r.issuer, takeBack(setAsideForBen(r))),
  };
}

const kinds = Object.keys(OPERATION_KINDS).filter((kind) => !SOROBAN.includes(kind));
/** The names the SDK's enum of a kind's result codes has. */
function codesOf(kind: string): string[] {
  const name = `${kind.replace(/^./, (first) => first.toUpperCase())}ResultCode`;
  const all = (xdr as unknown as Record<string, object | undefined>)[name];
  return all ? Object.getOwnPropertyNames(all).filter((code) => code.startsWith(kind)) : [];
}

describe('the result codes of classic operations', () => {
  it('are each reached or told unreachable', () => {
    const codes = kinds.flatMap(codesOf);
    expect(codes.length).toBeGreaterThan(90);
    expect([...Object.keys(REACHED), ...Object.keys(UNREACHABLE)].sort()).toEqual([...codes].sort());
  });

  it.each(Object.keys(REACHED))('%s is reached', (code) => {
    const kind = kinds.filter((one) => code.startsWith(one)).sort((a, b) => b.length - a.length)[0] ?? '';
    const short = code.slice(kind.length).replace(/^./, (first) => first.toLowerCase());
    expect(REACHED[code]?.(startOperations()).split(' ')).toContain(short);
  });
});
