import { Asset, xdr } from '@stellar/stellar-sdk';
import { clawbackEvent } from '../ledger/asset-events.ts';
import { addToLine } from '../ledger/balances.ts';
import { readTrustline } from '../ledger/entries.ts';
import { accountOf, accountText } from '../ledger/envelope.ts';
import { isValidAsset } from './assets.ts';
import type { OperationContext } from './context.ts';
import { type BodyOf, operationKind } from './operation-kind.ts';

const Result = xdr.ClawbackResult;

export const clawback = operationKind<BodyOf<'clawback'>, xdr.ClawbackResult>(xdr.OperationResultTr.clawback, {
  threshold: 'medium',
  check: ({ clawbackOp }, { source }) => checkClawback(clawbackOp, source),
  apply: ({ clawbackOp }, context) => applyClawback(clawbackOp, context),
  untouched: Result.clawbackSuccess(),
});

function checkClawback({ asset, from, amount }: xdr.ClawbackOp, source: xdr.PublicKey): xdr.ClawbackResult | undefined {
  const ownAsset = isValidAsset(asset) && Asset.fromOperation(asset).getIssuer() === accountText(source);
  const fromItself = from.equals(xdr.MuxedAccount.keyTypeEd25519(source.ed25519));
  return ownAsset && !fromItself && amount > 0n ? undefined : Result.clawbackMalformed();
}

/** Whether the holder may use the line does not matter. */
function applyClawback(
  { asset: xdrAsset, from, amount }: xdr.ClawbackOp,
  { stage, network, emit }: OperationContext,
): xdr.ClawbackResult {
  const asset = Asset.fromOperation(xdrAsset);
  const line = readTrustline(stage, accountOf(from), asset.toTrustLineXdrObject());
  if (!line) return Result.clawbackNoTrust();
  const enabled = line.flags & xdr.TrustLineFlags.trustlineClawbackEnabledFlag.value;
  if (!enabled) return Result.clawbackNotClawbackEnabled();
  const drawn = addToLine(line, -amount);
  if (!drawn) return Result.clawbackUnderfunded();
  stage.write(xdr.LedgerEntryData.trustline(drawn));
  emit(clawbackEvent(asset, from, amount, network));
  return Result.clawbackSuccess();
}
