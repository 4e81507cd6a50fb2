import { Asset, xdr } from '@stellar/stellar-sdk';
import { diagnosticError } from '../ledger/diagnostics.ts';
import { readAccount, readTrustline, trustlineKey } from '../ledger/entries.ts';
import { accountId, accountText } from '../ledger/envelope.ts';
import { addSubentry, removeSubentry } from '../ledger/reserves.ts';
import { isValidAsset } from './assets.ts';
import type { OperationContext } from './context.ts';
import { type BodyOf, type OperationFacts, operationKind, type SharedCode } from './operation-kind.ts';

const Result = xdr.ChangeTrustResult;

export const changeTrust = operationKind<BodyOf<'changeTrust'>, xdr.ChangeTrustResult>(
  xdr.OperationResultTr.changeTrust,
  {
    threshold: 'medium',
    check: ({ changeTrustOp }, facts) => checkChangeTrust(changeTrustOp, facts),
    apply: ({ changeTrustOp }, context) => applyChangeTrust(changeTrustOp, context),
    untouched: Result.changeTrustSuccess(),
  },
);

type ChangeTrustOutcome = xdr.ChangeTrustResult | SharedCode;

function checkChangeTrust(
  { line, limit }: xdr.ChangeTrustOp,
  { source, explain }: OperationFacts,
): ChangeTrustOutcome | undefined {
  if (line.type === 'assetTypePoolShare') {
    const text = 'the devnet has no liquidity pools: changeTrust to shares of one';
    explain(diagnosticError('sceValue', xdr.ScErrorCode.scecInvalidAction, text));
    return 'not_supported';
  }
  if (limit < 0n || line.type === 'assetTypeNative' || !isValidAsset(line)) return Result.changeTrustMalformed();
  // The network's code for a line to one's own asset lost its use in protocol 16.
  return assetOf(line).getIssuer() === accountText(source) ? Result.changeTrustMalformed() : undefined;
}

function applyChangeTrust({ line, limit }: xdr.ChangeTrustOp, context: OperationContext): ChangeTrustOutcome {
  const { stage, source } = context;
  if (line.type !== 'assetTypeCreditAlphanum4' && line.type !== 'assetTypeCreditAlphanum12') {
    return Result.changeTrustMalformed();
  }
  const asset = assetOf(line);
  const existing = readTrustline(stage, source, asset.toTrustLineXdrObject());
  if (existing) return limit === 0n ? removeLine(existing, context) : resizeLine(existing, limit, asset, context);
  if (limit === 0n) return Result.changeTrustInvalidLimit();
  return addLine(asset, limit, context);
}

function resizeLine(line: xdr.TrustLineEntry, limit: bigint, asset: Asset, { stage }: OperationContext) {
  if (limit < line.balance) return Result.changeTrustInvalidLimit();
  if (!issuerOf(asset, stage)) return Result.changeTrustNoIssuer();
  stage.write(xdr.LedgerEntryData.trustline(new xdr.TrustLineEntry({ ...line, limit })));
  return Result.changeTrustSuccess();
}

function removeLine(line: xdr.TrustLineEntry, { stage, source }: OperationContext): ChangeTrustOutcome {
  if (line.balance > 0n) return Result.changeTrustInvalidLimit();
  removeSubentry(stage, source, trustlineKey(source, line.asset));
  return Result.changeTrustSuccess();
}

function addLine(asset: Asset, limit: bigint, { stage, source, sponsorships }: OperationContext): ChangeTrustOutcome {
  const issuer = issuerOf(asset, stage);
  if (!issuer) return Result.changeTrustNoIssuer();
  const line = new xdr.TrustLineEntry({
    accountId: source,
    asset: asset.toTrustLineXdrObject(),
    balance: 0n,
    limit,
    flags: newLineFlags(issuer),
    ext: xdr.TrustLineEntryExt.v0(),
  });
  const problem = addSubentry(stage, sponsorships, source, xdr.LedgerEntryData.trustline(line));
  if (problem) return problem === 'low_reserve' ? Result.changeTrustLowReserve() : problem;
  return Result.changeTrustSuccess();
}

/** A line may be used at once unless its issuer wants to allow each; clawback is inherited from the issuer. */
function newLineFlags(issuer: xdr.AccountEntry): number {
  const required = issuer.flags & xdr.AccountFlags.authRequiredFlag.value;
  const clawback = issuer.flags & xdr.AccountFlags.authClawbackEnabledFlag.value;
  return (
    (required ? 0 : xdr.TrustLineFlags.authorizedFlag.value) |
    (clawback ? xdr.TrustLineFlags.trustlineClawbackEnabledFlag.value : 0)
  );
}

function assetOf(line: xdr.ChangeTrustAssetCreditAlphanum4 | xdr.ChangeTrustAssetCreditAlphanum12): Asset {
  return Asset.fromOperation(
    line.type === 'assetTypeCreditAlphanum4'
      ? xdr.Asset.assetTypeCreditAlphanum4(line.alphaNum4)
      : xdr.Asset.assetTypeCreditAlphanum12(line.alphaNum12),
  );
}

function issuerOf(asset: Asset, stage: OperationContext['stage']): xdr.AccountEntry | undefined {
  const issuer = asset.getIssuer();
  return issuer === undefined ? undefined : readAccount(stage, accountId(issuer));
}
