/**
 * Reserves, counted on the accounts that keep them (CAP-33): an owner counts its subentries, a sponsor what it keeps for
 * others, and an owner what others keep for it. All functions work on a stage that is thrown away when one of
 * them fails.
 */
import { xdr } from '@stellar/stellar-sdk';
import { extensionOf, withExtension, withSigners } from './account-extension.ts';
import { availableBalance, BASE_RESERVE_STROOPS } from './balances.ts';
import { entryData, type KeyText, readAccount, sponsorOf } from './entries.ts';
import type { Sponsorships } from './sponsorships.ts';
import type { LedgerStage } from './stage.ts';

export type ReserveProblem = 'low_reserve' | 'too_many_subentries' | 'too_many_sponsoring';

/** Subentries (signers, trustlines, data) an account can hold. */
const SUBENTRIES_MAX = 1_000;
const MAX_UINT32 = 2 ** 32 - 1;

/** How many reserves an entry takes. */
export function reservesOf(data: xdr.LedgerEntryData): number {
  switch (data.type) {
    case 'account':
      return 2;
    case 'claimableBalance':
      return data.claimableBalance.claimants.length;
    default:
      return 1;
  }
}

/** A new trustline or data entry, its reserve kept by the owner or by whoever sponsors it now. */
export function addSubentry(
  stage: LedgerStage,
  sponsorships: Sponsorships,
  owner: xdr.PublicKey,
  data: xdr.LedgerEntryData,
): ReserveProblem | undefined {
  const sponsor = sponsorships.sponsorOf(owner);
  const problem = growOwner(stage, owner, sponsor);
  if (problem) return problem;
  stage.write(data, { sponsor: sponsor ?? null });
  return undefined;
}

/** Takes away a trustline or data entry and frees its reserve wherever it was kept. */
export function removeSubentry(stage: LedgerStage, owner: xdr.PublicKey, key: KeyText): void {
  const stored = stage.get(key);
  if (!stored) throw new Error('only an entry that exists can be removed');
  const sponsor = sponsorOf(stored);
  stage.delete(key);
  shrinkOwner(stage, owner, sponsor);
}

/** An account or a claimable balance: they take reserves, but are no subentries of anybody. */
export function addSponsored(
  stage: LedgerStage,
  sponsor: xdr.PublicKey,
  data: xdr.LedgerEntryData,
): ReserveProblem | undefined {
  stage.write(data, { sponsor });
  return establish(stage, sponsor, data.type === 'account' ? data.account.accountId : undefined, reservesOf(data));
}

/** Takes away an account or a claimable balance. */
export function removeSponsored(stage: LedgerStage, key: KeyText): void {
  const stored = stage.get(key);
  if (!stored) throw new Error('only an entry that exists can be removed');
  const sponsor = sponsorOf(stored);
  stage.delete(key);
  if (sponsor) release(stage, sponsor, undefined, reservesOf(entryData(stored)));
}

/** A signer is a subentry within its account, which also keeps who sponsors it. */
export function addSigner(
  stage: LedgerStage,
  sponsorships: Sponsorships,
  owner: xdr.PublicKey,
  signer: xdr.Signer,
): ReserveProblem | undefined {
  const sponsor = sponsorships.sponsorOf(owner);
  const problem = growOwner(stage, owner, sponsor);
  if (problem) return problem;
  const account = accountIn(stage, owner);
  const grown = withSigners(account, [...account.signers, signer]);
  writeAccount(stage, sponsor ? sponsoredSigner(grown, signer.key, sponsor) : grown);
  return undefined;
}

export function removeSigner(stage: LedgerStage, owner: xdr.PublicKey, key: xdr.SignerKey): void {
  const account = accountIn(stage, owner);
  const sponsor = sponsorOfSigner(account, key);
  const others = account.signers.filter((signer) => !signer.key.equals(key));
  writeAccount(stage, withSigners(account, others));
  shrinkOwner(stage, owner, sponsor);
}

export function sponsorOfSigner(account: xdr.AccountEntry, key: xdr.SignerKey): xdr.PublicKey | undefined {
  return (
    extensionOf(account).signerSponsors[account.signers.findIndex((signer) => signer.key.equals(key))] ?? undefined
  );
}

/** The account with another sponsor of one of its signers, or none. */
export function sponsoredSigner(
  account: xdr.AccountEntry,
  key: xdr.SignerKey,
  sponsor: xdr.PublicKey | null,
): xdr.AccountEntry {
  const signerSponsors = extensionOf(account).signerSponsors.map((before, index) =>
    account.signers[index]?.key.equals(key) ? sponsor : before,
  );
  return withExtension(account, { signerSponsors });
}

/** A sponsor of reserves that are counted already as the owner's. */
export function establish(
  stage: LedgerStage,
  sponsor: xdr.PublicKey,
  sponsored: xdr.PublicKey | undefined,
  reserves: number,
): ReserveProblem | undefined {
  const account = accountIn(stage, sponsor);
  const { numSponsoring } = extensionOf(account);
  if (availableBalance(account) < BigInt(reserves) * BASE_RESERVE_STROOPS) return 'low_reserve';
  if (numSponsoring + account.numSubEntries + reserves > MAX_UINT32) return 'too_many_sponsoring';
  countSponsoring(stage, sponsor, reserves);
  if (sponsored) countSponsored(stage, sponsored, reserves);
  return undefined;
}

export function release(
  stage: LedgerStage,
  sponsor: xdr.PublicKey,
  sponsored: xdr.PublicKey | undefined,
  reserves: number,
): void {
  countSponsoring(stage, sponsor, -reserves);
  if (sponsored) countSponsored(stage, sponsored, -reserves);
}

function growOwner(stage: LedgerStage, owner: xdr.PublicKey, sponsor: xdr.PublicKey | undefined) {
  const account = accountIn(stage, owner);
  const grown = account.numSubEntries + 1;
  if (grown > SUBENTRIES_MAX || grown + extensionOf(account).numSponsoring > MAX_UINT32) {
    return 'too_many_subentries' as const;
  }
  if (!sponsor && availableBalance(account) < BASE_RESERVE_STROOPS) return 'low_reserve' as const;
  writeAccount(stage, new xdr.AccountEntry({ ...account, numSubEntries: grown }));
  return sponsor && establish(stage, sponsor, owner, 1);
}

function shrinkOwner(stage: LedgerStage, owner: xdr.PublicKey, sponsor: xdr.PublicKey | undefined): void {
  const account = accountIn(stage, owner);
  if (account.numSubEntries < 1) throw new RangeError('an account cannot have fewer than no subentries');
  writeAccount(stage, new xdr.AccountEntry({ ...account, numSubEntries: account.numSubEntries - 1 }));
  if (sponsor) release(stage, sponsor, owner, 1);
}

function countSponsoring(stage: LedgerStage, id: xdr.PublicKey, reserves: number): void {
  const account = accountIn(stage, id);
  const numSponsoring = extensionOf(account).numSponsoring + reserves;
  if (numSponsoring < 0) throw new RangeError('an account cannot sponsor fewer than no reserves');
  writeAccount(stage, withExtension(account, { numSponsoring }));
}

function countSponsored(stage: LedgerStage, id: xdr.PublicKey, reserves: number): void {
  const account = accountIn(stage, id);
  const numSponsored = extensionOf(account).numSponsored + reserves;
  if (numSponsored < 0) throw new RangeError('an account cannot have fewer than no reserves sponsored');
  writeAccount(stage, withExtension(account, { numSponsored }));
}

function accountIn(stage: LedgerStage, id: xdr.PublicKey): xdr.AccountEntry {
  const account = readAccount(stage, id);
  if (!account) throw new Error('an account that owns or sponsors something exists');
  return account;
}

function writeAccount(stage: LedgerStage, account: xdr.AccountEntry): void {
  stage.write(xdr.LedgerEntryData.account(account));
}
