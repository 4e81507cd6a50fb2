import { xdr } from '@stellar/stellar-sdk';
import { withSigners } from '../ledger/account-extension.ts';
import { readAccount } from '../ledger/entries.ts';
import { addSigner, removeSigner } from '../ledger/reserves.ts';
import { masterKey } from '../ledger/signatures.ts';
import type { OperationContext } from './context.ts';
import { isPrintable } from './manage-data.ts';
import { type BodyOf, operationKind, type SharedCode } from './operation-kind.ts';

const Result = xdr.SetOptionsResult;

export const setOptions = operationKind<BodyOf<'setOptions'>, xdr.SetOptionsResult>(xdr.OperationResultTr.setOptions, {
  threshold: ({ setOptionsOp }) => (changesSigning(setOptionsOp) ? 'high' : 'medium'),
  check: ({ setOptionsOp }, { source }) => checkSetOptions(setOptionsOp, source),
  apply: ({ setOptionsOp }, context) => applySetOptions(setOptionsOp, context),
  untouched: Result.setOptionsSuccess(),
});

function changesSigning(op: xdr.SetOptionsOp): boolean {
  return [op.masterWeight, op.lowThreshold, op.medThreshold, op.highThreshold, op.signer].some(
    (field) => field !== null,
  );
}

const SIGNERS_MAX = 20;
const WEIGHT_MAX = 255;
const FLAG = {
  required: xdr.AccountFlags.authRequiredFlag.value,
  revocable: xdr.AccountFlags.authRevocableFlag.value,
  immutable: xdr.AccountFlags.authImmutableFlag.value,
  clawback: xdr.AccountFlags.authClawbackEnabledFlag.value,
};
const ALL_FLAGS = FLAG.required | FLAG.revocable | FLAG.immutable | FLAG.clawback;

type SetOptionsOutcome = xdr.SetOptionsResult | SharedCode;

function checkSetOptions(op: xdr.SetOptionsOp, source: xdr.PublicKey): SetOptionsOutcome | undefined {
  const setFlags = op.setFlags ?? 0;
  const clearFlags = op.clearFlags ?? 0;
  if ((setFlags | clearFlags) & ~ALL_FLAGS) return Result.setOptionsUnknownFlag();
  if (setFlags & clearFlags) return Result.setOptionsBadFlags();
  const weights = [op.masterWeight, op.lowThreshold, op.medThreshold, op.highThreshold];
  if (weights.some((weight) => weight !== null && weight > WEIGHT_MAX)) return Result.setOptionsThresholdOutOfRange();
  const badSigner = op.signer ? checkSigner(op.signer, source) : undefined;
  if (badSigner) return badSigner;
  return op.homeDomain && !isPrintable(op.homeDomain.bytes) ? Result.setOptionsInvalidHomeDomain() : undefined;
}

function checkSigner(signer: xdr.Signer, source: xdr.PublicKey): SetOptionsOutcome | undefined {
  if (signer.key.equals(masterKey(source)) || signer.weight > WEIGHT_MAX) return Result.setOptionsBadSigner();
  // A payload of nothing would be signed by anyone who has ever signed nothing.
  const { key } = signer;
  const empty = key.type === 'signerKeyTypeEd25519SignedPayload' && key.ed25519SignedPayload.payload.length === 0;
  return empty ? Result.setOptionsBadSigner() : undefined;
}

function applySetOptions(op: xdr.SetOptionsOp, context: OperationContext): SetOptionsOutcome {
  const { stage, source } = context;
  const account = readAccount(stage, source);
  if (!account) throw new Error('an operation is only applied when its source exists');
  if (op.inflationDest && !readAccount(stage, op.inflationDest)) return Result.setOptionsInvalidInflation();
  const flags = (account.flags & ~(op.clearFlags ?? 0)) | (op.setFlags ?? 0);
  const immutable = account.flags & FLAG.immutable;
  if (immutable && ((op.setFlags ?? 0) | (op.clearFlags ?? 0)) & ALL_FLAGS) return Result.setOptionsCantChange();
  if (flags & FLAG.clawback && !(flags & FLAG.revocable)) return Result.setOptionsAuthRevocableRequired();
  const changed = new xdr.AccountEntry({
    ...account,
    inflationDest: op.inflationDest ?? account.inflationDest,
    flags,
    homeDomain: op.homeDomain ?? account.homeDomain,
    thresholds: thresholdsAfter(account, op),
  });
  stage.write(xdr.LedgerEntryData.account(changed));
  return (op.signer && changeSigner(changed, op.signer, context)) ?? Result.setOptionsSuccess();
}

function thresholdsAfter(account: xdr.AccountEntry, op: xdr.SetOptionsOp): Uint8Array {
  const [master = 0, low = 0, medium = 0, high = 0] = account.thresholds.value;
  return new Uint8Array([
    op.masterWeight ?? master,
    op.lowThreshold ?? low,
    op.medThreshold ?? medium,
    op.highThreshold ?? high,
  ]);
}

/** Weight 0 removes a signer; each signer is a subentry and needs its reserve. */
function changeSigner(
  account: xdr.AccountEntry,
  signer: xdr.Signer,
  { stage, source, sponsorships }: OperationContext,
): SetOptionsOutcome | undefined {
  const others = account.signers.filter(({ key }) => !key.equals(signer.key));
  const existed = others.length < account.signers.length;
  if (signer.weight === 0) {
    if (existed) removeSigner(stage, source, signer.key);
    return undefined;
  }
  if (existed) {
    stage.write(xdr.LedgerEntryData.account(withSigners(account, [...others, signer])));
    return undefined;
  }
  if (others.length >= SIGNERS_MAX) return Result.setOptionsTooManySigners();
  const problem = addSigner(stage, sponsorships, source, signer);
  return problem === 'low_reserve' ? Result.setOptionsLowReserve() : problem;
}
