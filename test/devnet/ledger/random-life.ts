import {
  Asset,
  AuthClawbackEnabledFlag,
  type AuthFlag,
  AuthRevocableFlag,
  Claimant,
  type Keypair,
  Operation,
  type xdr,
} from '@stellar/stellar-sdk';
import fc from 'fast-check';
import { accountKey, entryData } from '../../../src/devnet/ledger/entries.ts';
import { accountOf, accountText } from '../../../src/devnet/ledger/envelope.ts';
import type { ChainRig } from '../chain-rig.ts';
import { keypair, usdcOf } from '../rig.ts';

/** Random lives of a few accounts: whatever becomes of their transactions, some things must hold. */

export const SETTLED = ['issuer', 'ann', 'ben', 'cat'] as const;
/** The last has no account in the beginning: it comes and goes, also at others' expense. */
export const NAMES = [...SETTLED, 'dan'] as const;
type Name = (typeof NAMES)[number];

type Step =
  | { kind: 'create'; to: Name; amount: string }
  | { kind: 'pay'; to: Name; asset: 'native' | 'usdc'; amount: string }
  | { kind: 'trust'; limit: string }
  | { kind: 'merge'; into: Name; who?: Name }
  | { kind: 'data'; name: string; value: string | null }
  | { kind: 'bump'; by: number }
  | { kind: 'signer'; who: Name; weight: number }
  | SponsoredStep
  | IssuerStep
  | { kind: 'path'; to: Name; asset: 'native' | 'usdc'; amount: string; strict: 'send' | 'receive' }
  | { kind: 'setAside'; to: readonly Name[]; asset: 'native' | 'usdc'; amount: string }
  | { kind: 'claim'; by: Name; which: number }
  | RevokeStep;
type RevokeStep = { kind: 'revoke'; of: Name; entry: 'account' | 'line' | 'data' | 'balance'; which: number };
/** The sender keeps a reserve of another, who signs as well. */
type SponsoredStep = {
  kind: 'sponsor';
  who: Name;
  what: 'account' | 'line' | 'data' | 'signer' | 'setAside' | 'revoke';
};
/** What the issuer does, whoever sends the transaction. */
type IssuerStep =
  | { kind: 'flags' }
  | { kind: 'allow'; who: Name; authorize: 0 | 1 | 2 }
  | { kind: 'clawback'; from: Name; amount: string }
  | { kind: 'takeBack'; which: number };
export type Sent = { from: Name; steps: Step[]; fee: string };

const name = fc.constantFrom(...NAMES);
const amount = fc.oneof(fc.constantFrom('0.0000001', '1', '49.5', '1000'), fc.integer({ min: 1, max: 20 }).map(String));
const anAsset = fc.constantFrom('native' as const, 'usdc' as const);
const which = fc.nat({ max: 9 });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('create' as const), to: name, amount }) },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('pay' as const),
      to: name,
      asset: fc.constantFrom('native' as const, 'usdc' as const),
      amount,
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('trust' as const), limit: fc.constantFrom('0', '10', '1000000') }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('merge' as const), into: name }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('data' as const),
      name: fc.constantFrom('a', 'b'),
      value: fc.constantFrom('x', null),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('bump' as const), by: fc.integer({ min: -2, max: 3 }) }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('signer' as const), who: name, weight: fc.integer({ min: 0, max: 1 }) }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('sponsor' as const),
      who: name,
      what: fc.constantFrom('account', 'line', 'data', 'signer', 'setAside', 'revoke'),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('flags' as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('allow' as const), who: name, authorize: fc.constantFrom(0, 1, 1, 2) }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('clawback' as const), from: name, amount }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('takeBack' as const), which }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('path' as const),
      to: name,
      asset: anAsset,
      amount,
      strict: fc.constantFrom('send', 'receive'),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('setAside' as const),
      to: fc.uniqueArray(name, { minLength: 1, maxLength: 3 }),
      asset: anAsset,
      amount,
    }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('claim' as const), by: name, which }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('revoke' as const),
      of: name,
      entry: fc.constantFrom('account', 'line', 'data', 'balance'),
      which,
    }),
  },
);
export const sent: fc.Arbitrary<Sent> = fc.record({
  from: name,
  steps: fc.oneof({ weight: 2, arbitrary: step.map((one) => [one]) }, fc.array(step, { minLength: 2, maxLength: 3 })),
  fee: fc.constantFrom('100', '100', '100', '99', '10000'),
});

/** What takes several transactions, and which chance alone seldom brings about: others' reserves kept and given back. */
const sendOne = (from: Name, one: Step): Sent => ({ from, steps: [one], fee: '100' });
const story: fc.Arbitrary<Sent[]> = fc.oneof(
  fc
    .record({ host: name, heir: name })
    .map(({ host, heir }) => [
      sendOne(host, { kind: 'sponsor', who: 'dan', what: 'account' }),
      sendOne(host, { kind: 'merge', who: 'dan', into: heir }),
    ]),
  fc
    .record({ host: name, who: name, asset: anAsset, amount, which })
    .map(({ host, who, asset, amount, which }) => [
      sendOne(host, { kind: 'setAside', to: [who], asset, amount }),
      sendOne(who, { kind: 'claim', by: who, which }),
    ]),
  fc
    .record({ holder: name, amount, which })
    .map(({ holder, amount, which }) => [
      sendOne(holder, { kind: 'setAside', to: ['cat'], asset: 'usdc', amount }),
      sendOne(holder, { kind: 'clawback', from: holder, amount }),
      sendOne('issuer', { kind: 'takeBack', which }),
    ]),
);
export const chapter = fc.oneof({ weight: 4, arbitrary: sent.map((one) => [one]) }, { weight: 1, arbitrary: story });
export const life = fc.array(chapter, { minLength: 1, maxLength: 18, size: 'max' }).map((chapters) => chapters.flat());

const usdc = usdcOf(keypair('issuer'));
const assetOf = (asset: 'native' | 'usdc') => (asset === 'usdc' ? usdc : Asset.native());
const idOf = (who: Name) => keypair(who).publicKey();

function operationsOf(rig: ChainRig, step: Step, from: Keypair): xdr.Operation[] {
  switch (step.kind) {
    case 'create':
      return [Operation.createAccount({ destination: idOf(step.to), startingBalance: step.amount })];
    case 'pay':
      return [Operation.payment({ destination: idOf(step.to), asset: assetOf(step.asset), amount: step.amount })];
    case 'trust':
      return [Operation.changeTrust({ asset: usdc, limit: step.limit })];
    case 'merge':
      return [Operation.accountMerge({ destination: idOf(step.into), ...(step.who && { source: idOf(step.who) }) })];
    case 'data':
      return [Operation.manageData({ name: step.name, value: step.value })];
    case 'bump':
      return [Operation.bumpSequence({ bumpTo: (rig.account(from).seqNum + BigInt(step.by)).toString() })];
    case 'signer':
      return [Operation.setOptions({ signer: { ed25519PublicKey: idOf(step.who), weight: step.weight } })];
    case 'path':
      return [pathPayment(step)];
    case 'setAside': {
      const claimants = step.to.map((who) => new Claimant(idOf(who)));
      return [Operation.createClaimableBalance({ asset: assetOf(step.asset), amount: step.amount, claimants })];
    }
    case 'claim':
      return [Operation.claimClaimableBalance({ balanceId: someBalance(rig, step.which), source: idOf(step.by) })];
    case 'sponsor':
      return sponsored(step, from);
    case 'revoke':
      return [revocation(rig, step)];
    default:
      return [byIssuer(rig, step)];
  }
}

function byIssuer(rig: ChainRig, step: IssuerStep): xdr.Operation {
  const source = idOf('issuer');
  switch (step.kind) {
    case 'flags':
      return Operation.setOptions({ setFlags: (AuthRevocableFlag | AuthClawbackEnabledFlag) as AuthFlag, source });
    case 'allow':
      return Operation.allowTrust({ trustor: idOf(step.who), assetCode: 'USDC', authorize: step.authorize, source });
    case 'clawback':
      return Operation.clawback({ asset: usdc, from: idOf(step.from), amount: step.amount, source });
    case 'takeBack':
      return Operation.clawbackClaimableBalance({ balanceId: someBalance(rig, step.which), source });
  }
}

function pathPayment({ to, asset, amount, strict }: Extract<Step, { kind: 'path' }>): xdr.Operation {
  const [sendAsset, destAsset] = [assetOf(asset), assetOf(asset)];
  const destination = idOf(to);
  return strict === 'send'
    ? Operation.pathPaymentStrictSend({ sendAsset, sendAmount: amount, destination, destAsset, destMin: amount })
    : Operation.pathPaymentStrictReceive({ sendAsset, sendMax: amount, destination, destAsset, destAmount: amount });
}

function sponsored({ who, what }: SponsoredStep, from: Keypair): xdr.Operation[] {
  const source = idOf(who);
  const inner = {
    account: () => Operation.createAccount({ destination: source, startingBalance: '0' }),
    line: () => Operation.changeTrust({ asset: usdc, source }),
    data: () => Operation.manageData({ name: 'a', value: 'y', source }),
    signer: () => Operation.setOptions({ signer: { ed25519PublicKey: from.publicKey(), weight: 1 }, source }),
    setAside: () =>
      Operation.createClaimableBalance({
        asset: Asset.native(),
        amount: '1',
        claimants: [new Claimant(idOf('ann')), new Claimant(idOf('ben'))],
        source,
      }),
    revoke: () => Operation.revokeAccountSponsorship({ account: source, source }),
  };
  return [
    Operation.beginSponsoringFutureReserves({ sponsoredId: source }),
    inner[what](),
    Operation.endSponsoringFutureReserves({ source }),
  ];
}

function revocation(rig: ChainRig, { of, entry, which }: RevokeStep): xdr.Operation {
  const account = idOf(of);
  switch (entry) {
    case 'account':
      return Operation.revokeAccountSponsorship({ account });
    case 'line':
      return Operation.revokeTrustlineSponsorship({ account, asset: usdc });
    case 'data':
      return Operation.revokeDataSponsorship({ account, name: 'a' });
    case 'balance':
      return Operation.revokeClaimableBalanceSponsorship({ balanceId: someBalance(rig, which) });
  }
}

/** Two hold an asset that can be taken back, so that there is something to move. */
function beginning(): xdr.Operation[] {
  const holders = ['ann', 'ben'] as const;
  return [
    Operation.setOptions({ setFlags: (AuthRevocableFlag | AuthClawbackEnabledFlag) as AuthFlag }),
    ...holders.map((who) => Operation.changeTrust({ asset: usdc, source: idOf(who) })),
    ...holders.map((who) => Operation.payment({ destination: idOf(who), asset: usdc, amount: '60' })),
  ];
}

/** One of the claimable balances there are, or of none. */
function someBalance(rig: ChainRig, which: number): string {
  const ids = [...rig.chain.entries.keys()].filter((key) => key.startsWith(BALANCE_KEY)).sort();
  return ids[which % Math.max(ids.length, 1)]?.slice(BALANCE_KEY.length) ?? '0'.repeat(72);
}

/** The type that the keys of claimable balances begin with. */
const BALANCE_KEY = '00000004';

export function live(rig: ChainRig, sendings: readonly Sent[], afterEach: (sending: Sent) => void = () => {}): void {
  for (const other of SETTLED) rig.fund(other);
  rig.submit(keypair('issuer'), beginning(), { fee: '500', signers: ['issuer', 'ann', 'ben'].map(keypair) });
  for (const sending of sendings) if (send(rig, sending)) afterEach(sending);
}

/** False where the sender has no account, and nothing was sent. */
export function send(rig: ChainRig, sending: Sent): boolean {
  const from = keypair(sending.from);
  if (!hasAccount(rig, from)) return false;
  const operations = sending.steps.flatMap((one) => operationsOf(rig, one, from));
  rig.submit(from, operations, { fee: sending.fee, signers: signersOf(from, operations) });
  return true;
}

export function hasAccount(rig: ChainRig, who: Keypair): boolean {
  return rig.chain.entries.get(accountKey(who.xdrPublicKey())) !== undefined;
}

/** The sender and the sources of its operations, each once: a signature too many is refused. */
function signersOf(from: Keypair, operations: readonly xdr.Operation[]): Keypair[] {
  const sources = operations.map(({ sourceAccount }) => sourceAccount && accountText(accountOf(sourceAccount)));
  const others = NAMES.map(keypair).filter((who) => sources.includes(who.publicKey()));
  return [from, ...others.filter((who) => who.publicKey() !== from.publicKey())];
}

export function* entriesOf(rig: ChainRig): Iterable<xdr.LedgerEntryData> {
  for (const key of rig.chain.entries.keys()) {
    const stored = rig.chain.entries.get(key);
    if (stored) yield entryData(stored);
  }
}

/** What accounts hold of the native coins or of USDC, and what is set aside for some to claim. */
export function heldOf(rig: ChainRig, asset: 'native' | 'usdc'): bigint {
  let held = 0n;
  for (const data of entriesOf(rig)) {
    if (data.type === 'account' && asset === 'native') held += data.account.balance;
    if (data.type === 'trustline' && asset === 'usdc') held += data.trustLine.balance;
    if (data.type !== 'claimableBalance') continue;
    const isNative = data.claimableBalance.asset.type === 'assetTypeNative';
    if (isNative === (asset === 'native')) held += data.claimableBalance.amount;
  }
  return held;
}
