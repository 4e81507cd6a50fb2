import { Asset, xdr } from '@stellar/stellar-sdk';
import { transferEvent } from '../ledger/asset-events.ts';
import { readAccount } from '../ledger/entries.ts';
import { accountOf, accountText } from '../ledger/envelope.ts';
import { isValidAsset } from './assets.ts';
import type { OperationContext } from './context.ts';
import { type BodyOf, operationKind } from './operation-kind.ts';
import { credit, debit } from './transfer.ts';

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
  const { stage, source, sourceAddress, transaction, network } = context;
  const destination = accountOf(payment.destination);
  const asset = Asset.fromOperation(payment.asset);
  const toItself = destination.equals(source);
  // A native payment to oneself is instant success, whatever the balance.
  if (!(toItself && asset.isNative())) {
    // What goes back to its issuer ends there, whether or not the issuer still has an account.
    const toIssuer = asset.getIssuer() === accountText(destination);
    if (!toIssuer && !readAccount(stage, destination)) return Result.paymentNoDestination();
    const { amount } = payment;
    const failure = credit(stage, destination, asset, amount) ?? debit(stage, source, asset, amount);
    if (failure) return Result[`payment${failure}`]();
  }
  const { amount, destination: to } = payment;
  context.emit(transferEvent({ asset, from: sourceAddress, to, amount, memo: transaction.memo }, network));
  return Result.paymentSuccess();
}
