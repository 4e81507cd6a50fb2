/** Effects of operations that move what accounts hold. */
import { Asset, type xdr } from '@stellar/stellar-sdk';
import { amountText, assetFields } from '../amounts.ts';
import type { OperationMeta } from '../operation-meta.ts';
import { type Effect, effectOn, effectOnMuxed } from './effect.ts';

const nativeFields = (stroops: bigint) => ({ amount: amountText(stroops), asset_type: 'native' });

/** A new account has its own key as a signer. */
export function createAccountEffects(op: xdr.CreateAccountOp, source: xdr.MuxedAccount): Effect[] {
  const created = effectOn(op.destination, 'account_created', { starting_balance: amountText(op.startingBalance) });
  return [
    created,
    effectOnMuxed(source, 'account_debited', nativeFields(op.startingBalance)),
    effectOn(op.destination, 'signer_created', { weight: 1, public_key: created.account, key: '' }),
  ];
}

/** Who receives comes first. */
export function movement(
  from: xdr.MuxedAccount,
  sent: { asset: xdr.Asset; amount: bigint },
  to: xdr.MuxedAccount,
  received = sent,
): Effect[] {
  const fields = ({ asset, amount }: typeof sent) => ({
    amount: amountText(amount),
    ...assetFields(Asset.fromOperation(asset)),
  });
  return [
    effectOnMuxed(to, 'account_credited', fields(received)),
    effectOnMuxed(from, 'account_debited', fields(sent)),
  ];
}

export function pathPaymentEffects(
  body: Extract<xdr.OperationBody, { type: 'pathPaymentStrictReceive' | 'pathPaymentStrictSend' }>,
  source: xdr.MuxedAccount,
  { result }: OperationMeta,
): Effect[] {
  if (body.type === 'pathPaymentStrictReceive') {
    const { destination, destAmount, destAsset, sendAsset } = body.pathPaymentStrictReceiveOp;
    // Nothing is exchanged on the way here, so what arrived is what was sent.
    return movement(source, { asset: sendAsset, amount: destAmount }, destination, {
      asset: destAsset,
      amount: destAmount,
    });
  }
  const { destination, destAsset, sendAsset, sendAmount } = body.pathPaymentStrictSendOp;
  const arrived =
    result?.type === 'pathPaymentStrictSend' ? arrivedAmount(result.pathPaymentStrictSendResult) : undefined;
  return movement(source, { asset: sendAsset, amount: sendAmount }, destination, {
    asset: destAsset,
    amount: arrived ?? sendAmount,
  });
}

function arrivedAmount(result: xdr.PathPaymentStrictSendResult): bigint | undefined {
  return result.type === 'pathPaymentStrictSendSuccess' ? result.success.last.amount : undefined;
}

export function mergeEffects(
  destination: xdr.MuxedAccount,
  source: xdr.MuxedAccount,
  { result }: OperationMeta,
): Effect[] {
  const merged = result?.type === 'accountMerge' ? result.accountMergeResult : undefined;
  const balance = merged?.type === 'accountMergeSuccess' ? merged.sourceAccountBalance : 0n;
  return [
    effectOnMuxed(source, 'account_debited', nativeFields(balance)),
    effectOnMuxed(destination, 'account_credited', nativeFields(balance)),
    effectOnMuxed(source, 'account_removed'),
  ];
}
