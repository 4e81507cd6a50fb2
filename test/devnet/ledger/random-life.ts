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
import { accountKey, entryData } from '../../../src/devnet/ledger/entries.ts';
import { accountOf, accountText } from '../../../src/devnet/ledger/envelope.ts';
import type { ChainRig } from '../chain-rig.ts';
import { keypair, usdcOf } from '../rig.ts';
import {
  type IssuerStep,
  NAMES,
  type Name,
  type RevokeStep,
  SETTLED,
  type Sent,
  type SponsoredStep,
  type Step,
} from './random-steps.ts';

/** Plays random lives on a ledger, and reads from it what must hold. */

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
