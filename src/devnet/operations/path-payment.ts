/**
 * Path payments where nothing has to be exchanged: all assets of the path are the same. This network has neither offers nor
 * pools, so any exchange fails as it would on an empty order book.
 */
import { Asset, xdr } from '@stellar/stellar-sdk';
import { transferEvent } from '../ledger/asset-events.ts';
import { readAccount } from '../ledger/entries.ts';
import { accountOf, accountText } from '../ledger/envelope.ts';
import { isValidAsset } from './assets.ts';
import type { OperationContext } from './context.ts';
import { type BodyOf, operationKind } from './operation-kind.ts';
import { credit, debit } from './transfer.ts';

const Receive = xdr.PathPaymentStrictReceiveResult;
const Send = xdr.PathPaymentStrictSendResult;

export const pathPaymentStrictReceive = operationKind<
  BodyOf<'pathPaymentStrictReceive'>,
  xdr.PathPaymentStrictReceiveResult
>(xdr.OperationResultTr.pathPaymentStrictReceive, {
  threshold: 'medium',
  check: ({ pathPaymentStrictReceiveOp: op }) =>
    isWellFormed(op, [op.sendMax, op.destAmount]) ? undefined : Receive.pathPaymentStrictReceiveMalformed(),
  apply: ({ pathPaymentStrictReceiveOp: op }, context) => applyStrictReceive(op, context),
  untouched: Receive.pathPaymentStrictReceiveSuccess(
    new xdr.PathPaymentStrictReceiveResultSuccess({ offers: [], last: nothingPaid() }),
  ),
});

export const pathPaymentStrictSend = operationKind<BodyOf<'pathPaymentStrictSend'>, xdr.PathPaymentStrictSendResult>(
  xdr.OperationResultTr.pathPaymentStrictSend,
  {
    threshold: 'medium',
    check: ({ pathPaymentStrictSendOp: op }) =>
      isWellFormed(op, [op.sendAmount, op.destMin]) ? undefined : Send.pathPaymentStrictSendMalformed(),
    apply: ({ pathPaymentStrictSendOp: op }, context) => applyStrictSend(op, context),
    untouched: Send.pathPaymentStrictSendSuccess(
      new xdr.PathPaymentStrictSendResultSuccess({ offers: [], last: nothingPaid() }),
    ),
  },
);

type Path = Pick<xdr.PathPaymentStrictSendOp, 'sendAsset' | 'destination' | 'destAsset' | 'path'>;

function isWellFormed({ sendAsset, destAsset, path }: Path, amounts: readonly bigint[]): boolean {
  return amounts.every((amount) => amount > 0n) && [sendAsset, destAsset, ...path].every(isValidAsset);
}

/** The receiver is looked at before the sender, as the network does when what is received is fixed. */
function applyStrictReceive(op: xdr.PathPaymentStrictReceiveOp, context: OperationContext) {
  const { stage, source } = context;
  const destination = accountOf(op.destination);
  if (!destinationIsThere(op, context)) return Receive.pathPaymentStrictReceiveNoDestination();
  const credited = credit(stage, destination, Asset.fromOperation(op.destAsset), op.destAmount);
  if (credited) return Receive[`pathPaymentStrictReceive${credited}`]();
  if (needsExchange(op)) return Receive.pathPaymentStrictReceiveTooFewOffers();
  if (op.destAmount > op.sendMax) return Receive.pathPaymentStrictReceiveOverSendmax();
  const debited = debit(stage, source, Asset.fromOperation(op.sendAsset), op.destAmount);
  if (debited) return Receive[`pathPaymentStrictReceive${debited}`]();
  const last = paid(op, op.destAmount, context);
  return Receive.pathPaymentStrictReceiveSuccess(new xdr.PathPaymentStrictReceiveResultSuccess({ offers: [], last }));
}

/** The sender is looked at before the receiver, as the network does when what is sent is fixed. */
function applyStrictSend(op: xdr.PathPaymentStrictSendOp, context: OperationContext) {
  const { stage, source } = context;
  if (!destinationIsThere(op, context)) return Send.pathPaymentStrictSendNoDestination();
  const debited = debit(stage, source, Asset.fromOperation(op.sendAsset), op.sendAmount);
  if (debited) return Send[`pathPaymentStrictSend${debited}`]();
  if (needsExchange(op)) return Send.pathPaymentStrictSendTooFewOffers();
  if (op.sendAmount < op.destMin) return Send.pathPaymentStrictSendUnderDestmin();
  const credited = credit(stage, accountOf(op.destination), Asset.fromOperation(op.destAsset), op.sendAmount);
  if (credited) return Send[`pathPaymentStrictSend${credited}`]();
  const last = paid(op, op.sendAmount, context);
  return Send.pathPaymentStrictSendSuccess(new xdr.PathPaymentStrictSendResultSuccess({ offers: [], last }));
}

/** What goes straight back to its issuer ends there, whether or not the issuer still has an account. */
function destinationIsThere(op: Path, { stage }: OperationContext): boolean {
  const destination = accountOf(op.destination);
  const direct = op.path.length === 0 && op.sendAsset.equals(op.destAsset);
  const toIssuer = direct && Asset.fromOperation(op.destAsset).getIssuer() === accountText(destination);
  return toIssuer || readAccount(stage, destination) !== undefined;
}

function needsExchange({ sendAsset, destAsset, path }: Path): boolean {
  return [...path, destAsset].some((asset) => !asset.equals(sendAsset));
}

function paid(op: Path, amount: bigint, context: OperationContext): xdr.SimplePaymentResult {
  const { sourceAddress, transaction, network } = context;
  const asset = Asset.fromOperation(op.destAsset);
  const transfer = { asset, from: sourceAddress, to: op.destination, amount, memo: transaction.memo };
  context.emit(transferEvent(transfer, network));
  return new xdr.SimplePaymentResult({ destination: accountOf(op.destination), asset: op.destAsset, amount });
}

/** All zeros, as a result begins. */
function nothingPaid(): xdr.SimplePaymentResult {
  const destination = xdr.PublicKey.publicKeyTypeEd25519(new Uint8Array(32));
  return new xdr.SimplePaymentResult({ destination, asset: xdr.Asset.assetTypeNative(), amount: 0n });
}
