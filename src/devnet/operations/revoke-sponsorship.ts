/** Giving a reserve back to its owner, or over to whoever sponsors the source at that time (CAP-33). */
import { xdr } from '@stellar/stellar-sdk';
import { availableBalance, BASE_RESERVE_STROOPS } from '../ledger/balances.ts';
import { entryData, keyText, readAccount, sponsorOf } from '../ledger/entries.ts';
import {
  establish,
  type ReserveProblem,
  release,
  reservesOf,
  sponsoredSigner,
  sponsorOfSigner,
} from '../ledger/reserves.ts';
import type { LedgerStage } from '../ledger/stage.ts';
import { isValidAsset } from './assets.ts';
import type { OperationContext } from './context.ts';
import { isPrintable } from './manage-data.ts';
import { type BodyOf, operationKind, type SharedCode } from './operation-kind.ts';

const Result = xdr.RevokeSponsorshipResult;
type RevokeOutcome = xdr.RevokeSponsorshipResult | SharedCode;

export const revokeSponsorship = operationKind<BodyOf<'revokeSponsorship'>, xdr.RevokeSponsorshipResult>(
  xdr.OperationResultTr.revokeSponsorship,
  {
    threshold: 'medium',
    check: ({ revokeSponsorshipOp: op }) =>
      op.type === 'revokeSponsorshipLedgerEntry' && !canBeSponsored(op.ledgerKey)
        ? Result.revokeSponsorshipMalformed()
        : undefined,
    apply: ({ revokeSponsorshipOp: op }, context) =>
      op.type === 'revokeSponsorshipLedgerEntry'
        ? revokeOfEntry(op.ledgerKey, context)
        : revokeOfSigner(op.signer, context),
    untouched: Result.revokeSponsorshipSuccess(),
  },
);

function canBeSponsored(key: xdr.LedgerKey): boolean {
  switch (key.type) {
    case 'account':
    case 'claimableBalance':
      return true;
    case 'trustline':
      return isForeignAsset(key.trustLine);
    case 'offer':
      return key.offer.offerId > 0n;
    case 'data':
      return key.data.dataName.length > 0 && isPrintable(key.data.dataName.bytes);
    default:
      return false;
  }
}

/** Shares of pools have no issuer; there are none here, so no such line will be found. */
function isForeignAsset({ accountId, asset }: xdr.LedgerKeyTrustLine): boolean {
  switch (asset.type) {
    case 'assetTypeNative':
      return false;
    case 'assetTypePoolShare':
      return true;
    case 'assetTypeCreditAlphanum4':
      return isValidAsset(asset) && !asset.alphaNum4.issuer.equals(accountId);
    case 'assetTypeCreditAlphanum12':
      return isValidAsset(asset) && !asset.alphaNum12.issuer.equals(accountId);
  }
}

function revokeOfEntry(ledgerKey: xdr.LedgerKey, context: OperationContext): RevokeOutcome {
  const { stage } = context;
  const key = keyText(ledgerKey);
  const stored = stage.get(key);
  if (!stored) return Result.revokeSponsorshipDoesNotExist();
  const data = entryData(stored);
  const before = sponsorOf(stored);
  const owner = ownerOf(data);
  // What is set aside for others is nobody's, so its sponsor takes the owner's place.
  const answerable = owner ?? before;
  if (!answerable) throw new Error('a claimable balance has a sponsor');
  const after = sponsorAfter(before, answerable, context);
  if (after === 'not_sponsor') return Result.revokeSponsorshipNotSponsor();
  if (!after && !owner) return Result.revokeSponsorshipOnlyTransferable();
  const problem = changeSponsor(stage, { before, after, owner, reserves: reservesOf(data) });
  if (problem) return outcomeOf(problem);
  // Read again: the counts of an account that is itself the entry have changed.
  const counted = stage.get(key) ?? stored;
  if (before || after) stage.write(entryData(counted), { sponsor: after ?? null });
  return Result.revokeSponsorshipSuccess();
}

function revokeOfSigner(
  { accountId, signerKey }: xdr.RevokeSponsorshipOpSigner,
  context: OperationContext,
): RevokeOutcome {
  const { stage } = context;
  const account = readAccount(stage, accountId);
  if (!account?.signers.some(({ key }) => key.equals(signerKey))) return Result.revokeSponsorshipDoesNotExist();
  const before = sponsorOfSigner(account, signerKey);
  const after = sponsorAfter(before, accountId, context);
  if (after === 'not_sponsor') return Result.revokeSponsorshipNotSponsor();
  const problem = changeSponsor(stage, { before, after, owner: accountId, reserves: 1 });
  if (problem) return outcomeOf(problem);
  const counted = readAccount(stage, accountId) ?? account;
  if (before || after) {
    stage.write(xdr.LedgerEntryData.account(sponsoredSigner(counted, signerKey, after ?? null)));
  }
  return Result.revokeSponsorshipSuccess();
}

/** Only who keeps the reserve may hand it on: to the one who sponsors the source now, or else to the owner. */
function sponsorAfter(
  before: xdr.PublicKey | undefined,
  owner: xdr.PublicKey,
  { source, sponsorships }: OperationContext,
): xdr.PublicKey | undefined | 'not_sponsor' {
  if (!(before ?? owner).equals(source)) return 'not_sponsor';
  const next = sponsorships.sponsorOf(source);
  return next?.equals(owner) ? undefined : next;
}

type Handover = {
  before: xdr.PublicKey | undefined;
  after: xdr.PublicKey | undefined;
  owner: xdr.PublicKey | undefined;
  reserves: number;
};

function changeSponsor(stage: LedgerStage, { before, after, owner, reserves }: Handover): ReserveProblem | undefined {
  if (before && after) {
    // The owner's count stays: only who keeps it changes.
    release(stage, before, undefined, reserves);
    return establish(stage, after, undefined, reserves);
  }
  if (before) {
    const account = owner && readAccount(stage, owner);
    if (account && availableBalance(account) < BigInt(reserves) * BASE_RESERVE_STROOPS) return 'low_reserve';
    release(stage, before, owner, reserves);
    return undefined;
  }
  return after && establish(stage, after, owner, reserves);
}

function outcomeOf(problem: ReserveProblem): RevokeOutcome {
  return problem === 'low_reserve' ? Result.revokeSponsorshipLowReserve() : problem;
}

function ownerOf(data: xdr.LedgerEntryData): xdr.PublicKey | undefined {
  switch (data.type) {
    case 'account':
      return data.account.accountId;
    case 'trustline':
      return data.trustLine.accountId;
    case 'data':
      return data.data.accountId;
    default:
      return undefined;
  }
}
