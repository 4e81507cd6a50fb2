/** What an issuer lets the holders of its asset do: the older operation that names a state, and the newer that names flags. */
import { Asset, xdr } from '@stellar/stellar-sdk';
import { setAuthorizedEvent } from '../ledger/asset-events.ts';
import { readAccount, readTrustline } from '../ledger/entries.ts';
import { accountText } from '../ledger/envelope.ts';
import { isValidAsset } from './assets.ts';
import type { OperationContext } from './context.ts';
import { type BodyOf, operationKind } from './operation-kind.ts';

const Allow = xdr.AllowTrustResult;
const SetFlags = xdr.SetTrustLineFlagsResult;

export const allowTrust = operationKind<BodyOf<'allowTrust'>, xdr.AllowTrustResult>(xdr.OperationResultTr.allowTrust, {
  threshold: 'low',
  check: ({ allowTrustOp }, { source }) => checkAllowTrust(allowTrustOp, source),
  apply: ({ allowTrustOp }, context) => applyAllowTrust(allowTrustOp, context),
  untouched: Allow.allowTrustSuccess(),
});

export const setTrustLineFlags = operationKind<BodyOf<'setTrustLineFlags'>, xdr.SetTrustLineFlagsResult>(
  xdr.OperationResultTr.setTrustLineFlags,
  {
    threshold: 'low',
    check: ({ setTrustLineFlagsOp }, { source }) => checkSetTrustLineFlags(setTrustLineFlagsOp, source),
    apply: ({ setTrustLineFlagsOp }, context) => applySetTrustLineFlags(setTrustLineFlagsOp, context),
    untouched: SetFlags.setTrustLineFlagsSuccess(),
  },
);

const AUTHORIZED = xdr.TrustLineFlags.authorizedFlag.value;
const MAINTAIN = xdr.TrustLineFlags.authorizedToMaintainLiabilitiesFlag.value;
const CLAWBACK = xdr.TrustLineFlags.trustlineClawbackEnabledFlag.value;
const AUTH_FLAGS = AUTHORIZED | MAINTAIN;

function checkAllowTrust(op: xdr.AllowTrustOp, source: xdr.PublicKey): xdr.AllowTrustResult | undefined {
  const malformed = op.authorize > MAINTAIN || op.trustor.equals(source) || !isValidAsset(issuedBy(source, op.asset));
  return malformed ? Allow.allowTrustMalformed() : undefined;
}

function checkSetTrustLineFlags(
  { asset, trustor, setFlags, clearFlags }: xdr.SetTrustLineFlagsOp,
  source: xdr.PublicKey,
): xdr.SetTrustLineFlagsResult | undefined {
  const ownAsset = isValidAsset(asset) && Asset.fromOperation(asset).getIssuer() === accountText(source);
  const possible =
    (setFlags & clearFlags) === 0 &&
    // Clawback is decided when a line is made; later it can only be given up.
    (setFlags & ~AUTH_FLAGS) === 0 &&
    isPossible(setFlags) &&
    (clearFlags & ~(AUTH_FLAGS | CLAWBACK)) === 0;
  return ownAsset && !trustor.equals(source) && possible ? undefined : SetFlags.setTrustLineFlagsMalformed();
}

function applyAllowTrust(
  { trustor, asset: code, authorize }: xdr.AllowTrustOp,
  context: OperationContext,
): xdr.AllowTrustResult {
  const revocable = mayRevoke(context);
  if (!revocable && authorize === 0) return Allow.allowTrustCantRevoke();
  const asset = Asset.fromOperation(issuedBy(context.source, code));
  const line = readTrustline(context.stage, trustor, asset.toTrustLineXdrObject());
  if (!line) return Allow.allowTrustNoTrustLine();
  if (!revocable && line.flags & AUTHORIZED && authorize === MAINTAIN) return Allow.allowTrustCantRevoke();
  writeFlags(line, asset, (line.flags & ~AUTH_FLAGS) | authorize, context);
  return Allow.allowTrustSuccess();
}

function applySetTrustLineFlags(
  { trustor, asset: xdrAsset, setFlags, clearFlags }: xdr.SetTrustLineFlagsOp,
  context: OperationContext,
): xdr.SetTrustLineFlagsResult {
  const revokes = (clearFlags & AUTH_FLAGS) !== 0 && (setFlags & AUTHORIZED) === 0;
  if (revokes && !mayRevoke(context)) return SetFlags.setTrustLineFlagsCantRevoke();
  const asset = Asset.fromOperation(xdrAsset);
  const line = readTrustline(context.stage, trustor, asset.toTrustLineXdrObject());
  if (!line) return SetFlags.setTrustLineFlagsNoTrustLine();
  const flags = (line.flags & ~clearFlags) | setFlags;
  if (!isPossible(flags)) return SetFlags.setTrustLineFlagsInvalidState();
  writeFlags(line, asset, flags, context);
  return SetFlags.setTrustLineFlagsSuccess();
}

function mayRevoke({ stage, source }: OperationContext): boolean {
  const flags = readAccount(stage, source)?.flags ?? 0;
  return (flags & xdr.AccountFlags.authRevocableFlag.value) !== 0;
}

/** A line is either authorized, or for keeping liabilities only, or neither. */
function isPossible(flags: number): boolean {
  return (flags & AUTH_FLAGS) !== AUTH_FLAGS;
}

function writeFlags(line: xdr.TrustLineEntry, asset: Asset, flags: number, { stage, network, emit }: OperationContext) {
  stage.write(xdr.LedgerEntryData.trustline(new xdr.TrustLineEntry({ ...line, flags })));
  emit(setAuthorizedEvent(asset, line.accountId, (flags & AUTHORIZED) !== 0, network));
}

/** The operation names only the code: the asset is its source's. */
function issuedBy(issuer: xdr.PublicKey, code: xdr.AssetCode): xdr.Asset {
  if (code.type === 'assetTypeCreditAlphanum4') {
    return xdr.Asset.assetTypeCreditAlphanum4(new xdr.AlphaNum4({ assetCode: code.assetCode4, issuer }));
  }
  return xdr.Asset.assetTypeCreditAlphanum12(new xdr.AlphaNum12({ assetCode: code.assetCode12, issuer }));
}
