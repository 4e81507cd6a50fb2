/** Balances that are set aside for others to claim (CAP-23), and taken back by the issuer (CAP-35). */
import { Asset, hash, xdr } from '@stellar/stellar-sdk';
import { clawbackEvent, transferEvent } from '../ledger/asset-events.ts';
import { claimableBalanceKey, readAccount, readClaimableBalance, readTrustline } from '../ledger/entries.ts';
import { accountText } from '../ledger/envelope.ts';
import { addSponsored, removeSponsored } from '../ledger/reserves.ts';
import { isValidAsset } from './assets.ts';
import { isFulfilled, isWellFormed, madeAbsolute } from './claim-predicate.ts';
import type { OperationContext } from './context.ts';
import { type BodyOf, operationKind, type SharedCode } from './operation-kind.ts';
import { credit, debit } from './transfer.ts';

const Create = xdr.CreateClaimableBalanceResult;
const Claim = xdr.ClaimClaimableBalanceResult;
const Clawback = xdr.ClawbackClaimableBalanceResult;

export const createClaimableBalance = operationKind<BodyOf<'createClaimableBalance'>, xdr.CreateClaimableBalanceResult>(
  xdr.OperationResultTr.createClaimableBalance,
  {
    threshold: 'medium',
    check: ({ createClaimableBalanceOp }) => checkCreate(createClaimableBalanceOp),
    apply: ({ createClaimableBalanceOp }, context) => applyCreate(createClaimableBalanceOp, context),
    untouched: Create.createClaimableBalanceSuccess(balanceIdOf(new Uint8Array(32))),
  },
);

export const claimClaimableBalance = operationKind<BodyOf<'claimClaimableBalance'>, xdr.ClaimClaimableBalanceResult>(
  xdr.OperationResultTr.claimClaimableBalance,
  {
    threshold: 'low',
    check: () => undefined,
    apply: ({ claimClaimableBalanceOp }, context) => applyClaim(claimClaimableBalanceOp, context),
    untouched: Claim.claimClaimableBalanceSuccess(),
  },
);

export const clawbackClaimableBalance = operationKind<
  BodyOf<'clawbackClaimableBalance'>,
  xdr.ClawbackClaimableBalanceResult
>(xdr.OperationResultTr.clawbackClaimableBalance, {
  threshold: 'medium',
  check: () => undefined,
  apply: ({ clawbackClaimableBalanceOp }, context) => applyClawback(clawbackClaimableBalanceOp, context),
  untouched: Clawback.clawbackClaimableBalanceSuccess(),
});

function checkCreate(op: xdr.CreateClaimableBalanceOp): xdr.CreateClaimableBalanceResult | undefined {
  const claimants = op.claimants.map(({ v0 }) => v0);
  const unique = new Set(claimants.map(({ destination }) => accountText(destination))).size === claimants.length;
  const wellFormed =
    isValidAsset(op.asset) &&
    op.amount > 0n &&
    claimants.length > 0 &&
    unique &&
    claimants.every(({ predicate }) => isWellFormed(predicate));
  return wellFormed ? undefined : Create.createClaimableBalanceMalformed();
}

const DEBIT_FAILURE = {
  SrcNoTrust: Create.createClaimableBalanceNoTrust,
  SrcNotAuthorized: Create.createClaimableBalanceNotAuthorized,
  Underfunded: Create.createClaimableBalanceUnderfunded,
};

function applyCreate(
  { asset: xdrAsset, amount, claimants }: xdr.CreateClaimableBalanceOp,
  context: OperationContext,
): xdr.CreateClaimableBalanceResult | SharedCode {
  const { stage, source, sourceAddress, sponsorships, transaction, moment, network } = context;
  const asset = Asset.fromOperation(xdrAsset);
  const clawback = canBeClawedBack(asset, context);
  const failure = debit(stage, source, asset, amount);
  if (failure) return DEBIT_FAILURE[failure]();
  const balanceId = newBalanceId(context);
  const balance = new xdr.ClaimableBalanceEntry({
    balanceId,
    claimants: claimants.map(({ v0: { destination, predicate } }) => {
      const claimant = { destination, predicate: madeAbsolute(predicate, moment.closeTimeS) };
      return xdr.Claimant.claimantTypeV0(new xdr.ClaimantV0(claimant));
    }),
    asset: xdrAsset,
    amount,
    ext: clawback ? clawbackEnabled() : xdr.ClaimableBalanceEntryExt.v0(),
  });
  const sponsor = sponsorships.sponsorOf(source) ?? source;
  const problem = addSponsored(stage, sponsor, xdr.LedgerEntryData.claimableBalance(balance));
  if (problem) return problem === 'low_reserve' ? Create.createClaimableBalanceLowReserve() : problem;
  const transfer = { asset, from: sourceAddress, to: balanceId, amount, memo: transaction.memo };
  context.emit(transferEvent(transfer, network));
  return Create.createClaimableBalanceSuccess(balanceId);
}

const CREDIT_FAILURE = {
  NoTrust: Claim.claimClaimableBalanceNoTrust,
  NotAuthorized: Claim.claimClaimableBalanceNotAuthorized,
  LineFull: Claim.claimClaimableBalanceLineFull,
};

function applyClaim(
  { balanceId }: xdr.ClaimClaimableBalanceOp,
  context: OperationContext,
): xdr.ClaimClaimableBalanceResult {
  const { stage, source, sourceAddress, transaction, moment, network } = context;
  const balance = readClaimableBalance(stage, balanceId);
  if (!balance) return Claim.claimClaimableBalanceDoesNotExist();
  const claimant = balance.claimants.find(({ v0 }) => v0.destination.equals(source))?.v0;
  if (!claimant || !isFulfilled(claimant.predicate, moment.closeTimeS)) return Claim.claimClaimableBalanceCannotClaim();
  const asset = Asset.fromOperation(balance.asset);
  const failure = credit(stage, source, asset, balance.amount);
  if (failure) return CREDIT_FAILURE[failure]();
  removeSponsored(stage, claimableBalanceKey(balanceId));
  const transfer = { asset, from: balanceId, to: sourceAddress, amount: balance.amount, memo: transaction.memo };
  context.emit(transferEvent(transfer, network));
  return Claim.claimClaimableBalanceSuccess();
}

function applyClawback(
  { balanceId }: xdr.ClawbackClaimableBalanceOp,
  { stage, source, network, emit }: OperationContext,
): xdr.ClawbackClaimableBalanceResult {
  const balance = readClaimableBalance(stage, balanceId);
  if (!balance) return Clawback.clawbackClaimableBalanceDoesNotExist();
  const asset = Asset.fromOperation(balance.asset);
  if (asset.isNative() || asset.getIssuer() !== accountText(source))
    return Clawback.clawbackClaimableBalanceNotIssuer();
  if (balance.ext.type !== 'v1') return Clawback.clawbackClaimableBalanceNotClawbackEnabled();
  removeSponsored(stage, claimableBalanceKey(balanceId));
  emit(clawbackEvent(asset, balanceId, balance.amount, network));
  return Clawback.clawbackClaimableBalanceSuccess();
}

/** As the line it comes from; what the issuer itself sets aside, as the lines the issuer would allow now. */
function canBeClawedBack(asset: Asset, { stage, source }: OperationContext): boolean {
  if (asset.isNative()) return false;
  if (asset.getIssuer() === accountText(source)) {
    const flags = readAccount(stage, source)?.flags ?? 0;
    return (flags & xdr.AccountFlags.authClawbackEnabledFlag.value) !== 0;
  }
  const flags = readTrustline(stage, source, asset.toTrustLineXdrObject())?.flags ?? 0;
  return (flags & xdr.TrustLineFlags.trustlineClawbackEnabledFlag.value) !== 0;
}

function clawbackEnabled(): xdr.ClaimableBalanceEntryExt {
  const flags = xdr.ClaimableBalanceFlags.claimableBalanceClawbackEnabledFlag.value;
  const ext = xdr.ClaimableBalanceEntryExtensionV1Ext.v0();
  return xdr.ClaimableBalanceEntryExt.v1(new xdr.ClaimableBalanceEntryExtensionV1({ ext, flags }));
}

/** Known before the transaction is sent: a hash of its source, its sequence number and the operation's place. */
function newBalanceId({ transaction, operationIndex }: OperationContext): xdr.ClaimableBalanceId {
  const operation = new xdr.HashIdPreimageOperationId({
    sourceAccount: transaction.source,
    seqNum: transaction.seqNum,
    opNum: operationIndex,
  });
  return balanceIdOf(hash(xdr.HashIdPreimage.envelopeTypeOpId(operation).toXdr()));
}

function balanceIdOf(hashBytes: Uint8Array): xdr.ClaimableBalanceId {
  return xdr.ClaimableBalanceId.claimableBalanceIdTypeV0(new xdr.Hash(hashBytes));
}
