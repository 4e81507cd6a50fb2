import { Asset, xdr } from '@stellar/stellar-sdk';
import { transferEvent } from '../ledger/asset-events.ts';
import { addNative, addToLine, availableBalance } from '../ledger/balances.ts';
import { readAccount, readTrustline } from '../ledger/entries.ts';
import { accountOf, accountText } from '../ledger/envelope.ts';
import type { LedgerStage } from '../ledger/stage.ts';
import { isValidAsset } from './assets.ts';
import type { OperationContext } from './context.ts';
import { type BodyOf, operationKind } from './operation-kind.ts';

const Result = xdr.PaymentResult;

export const payment = operationKind<BodyOf<'payment'>, xdr.PaymentResult>(xdr.OperationResultTr.payment, {
  threshold: 'medium',
  check: ({ paymentOp }) => checkPayment(paymentOp),
  apply: ({ paymentOp }, context) => applyPayment(paymentOp, context),
  untouched: Result.paymentSuccess(),
});

function checkPayment({ amount, asset }: xdr.PaymentOp): xdr.PaymentResult | undefined {
  return amount <= 0n || !isValidAsset(asset) ? Result.paymentMalformed() : undefined;
}

function applyPayment(payment: xdr.PaymentOp, context: OperationContext): xdr.PaymentResult {
  const { stage, source, sourceAddress, memo, network } = context;
  const destination = accountOf(payment.destination);
  const asset = Asset.fromOperation(payment.asset);
  const toItself = destination.equals(source);
  // A native payment to oneself is instant success, whatever the balance.
  if (!(toItself && asset.isNative())) {
    // What goes back to its issuer ends there, whether or not the issuer still has an account.
    const toIssuer = asset.getIssuer() === accountText(destination);
    if (!toIssuer && !readAccount(stage, destination)) return Result.paymentNoDestination();
    const failure = asset.isNative()
      ? moveNative(stage, source, destination, payment.amount)
      : (receive(stage, destination, asset, payment.amount) ?? spend(stage, source, asset, payment.amount));
    if (failure) return failure;
  }
  const transfer = { asset, from: sourceAddress, to: payment.destination, amount: payment.amount, memo };
  context.emit(transferEvent(transfer, network));
  return Result.paymentSuccess();
}

function moveNative(
  stage: LedgerStage,
  from: xdr.PublicKey,
  to: xdr.PublicKey,
  amount: bigint,
): xdr.PaymentResult | undefined {
  const receiver = readAccount(stage, to);
  const payer = readAccount(stage, from);
  if (!receiver || !payer) return Result.paymentNoDestination();
  const received = addNative(receiver, amount);
  if (!received) return Result.paymentLineFull();
  const paid = availableBalance(payer) >= amount && addNative(payer, -amount);
  if (!paid) return Result.paymentUnderfunded();
  stage.write(xdr.LedgerEntryData.account(received));
  stage.write(xdr.LedgerEntryData.account(paid));
  return undefined;
}

/** The issuer holds no line to its own asset: what it receives is gone, what it pays is new. */
function receive(stage: LedgerStage, to: xdr.PublicKey, asset: Asset, amount: bigint): xdr.PaymentResult | undefined {
  if (accountText(to) === asset.getIssuer()) return undefined;
  const line = readTrustline(stage, to, asset.toTrustLineXdrObject());
  if (!line) return Result.paymentNoTrust();
  if (!isAuthorized(line)) return Result.paymentNotAuthorized();
  const filled = addToLine(line, amount);
  if (!filled) return Result.paymentLineFull();
  stage.write(xdr.LedgerEntryData.trustline(filled));
  return undefined;
}

function spend(stage: LedgerStage, from: xdr.PublicKey, asset: Asset, amount: bigint): xdr.PaymentResult | undefined {
  if (accountText(from) === asset.getIssuer()) return undefined;
  const line = readTrustline(stage, from, asset.toTrustLineXdrObject());
  if (!line) return Result.paymentSrcNoTrust();
  if (!isAuthorized(line)) return Result.paymentSrcNotAuthorized();
  const drawn = addToLine(line, -amount);
  if (!drawn) return Result.paymentUnderfunded();
  stage.write(xdr.LedgerEntryData.trustline(drawn));
  return undefined;
}

function isAuthorized(line: xdr.TrustLineEntry): boolean {
  return (line.flags & xdr.TrustLineFlags.authorizedFlag.value) !== 0;
}
