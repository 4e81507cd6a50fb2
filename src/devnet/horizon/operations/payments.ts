/** What Horizon shows of payments of all kinds. */
import { Asset, type xdr } from '@stellar/stellar-sdk';
import { accountOf, accountText } from '../../ledger/envelope.ts';
import { amountText, assetFields } from '../amounts.ts';
import type { OperationFields } from './operation-fields.ts';
import { party } from './party.ts';

export function createAccountFields(op: xdr.CreateAccountOp, source: xdr.MuxedAccount): OperationFields {
  const account = accountText(op.destination);
  const starting_balance = amountText(op.startingBalance);
  return { fields: { starting_balance, ...party('funder', source), account }, concerned: [account] };
}

export function paymentFields(op: xdr.PaymentOp, source: xdr.MuxedAccount): OperationFields {
  const fields = {
    ...assetFields(Asset.fromOperation(op.asset)),
    ...party('from', source),
    ...party('to', op.destination),
    amount: amountText(op.amount),
  };
  return { fields, concerned: [accountText(accountOf(op.destination))] };
}

type PathPayment = Extract<xdr.OperationBody, { type: 'pathPaymentStrictReceive' | 'pathPaymentStrictSend' }>;

/** Nothing is exchanged on the way here: what arrives is what is sent, and of a failed payment nothing. */
export function pathPaymentFields(body: PathPayment, source: xdr.MuxedAccount, successful: boolean): OperationFields {
  const receives = body.type === 'pathPaymentStrictReceive';
  const op = receives ? body.pathPaymentStrictReceiveOp : body.pathPaymentStrictSendOp;
  const moved = successful ? 1n : 0n;
  const limits = receives
    ? {
        amount: amountText(body.pathPaymentStrictReceiveOp.destAmount),
        source_amount: amountText(body.pathPaymentStrictReceiveOp.destAmount * moved),
        source_max: amountText(body.pathPaymentStrictReceiveOp.sendMax),
      }
    : {
        amount: amountText(body.pathPaymentStrictSendOp.sendAmount * moved),
        source_amount: amountText(body.pathPaymentStrictSendOp.sendAmount),
        destination_min: amountText(body.pathPaymentStrictSendOp.destMin),
      };
  const sent = assetFields(Asset.fromOperation(op.sendAsset));
  const fields = {
    ...assetFields(Asset.fromOperation(op.destAsset)),
    ...party('from', source),
    ...party('to', op.destination),
    ...limits,
    path: op.path.map((asset) => assetFields(Asset.fromOperation(asset))),
    ...Object.fromEntries(Object.entries(sent).map(([name, value]) => [`source_${name}`, value])),
  };
  return { fields, concerned: [accountText(accountOf(op.destination))] };
}

export function accountMergeFields(destination: xdr.MuxedAccount, source: xdr.MuxedAccount): OperationFields {
  return {
    fields: { ...party('account', source), ...party('into', destination) },
    concerned: [accountText(accountOf(destination))],
  };
}
