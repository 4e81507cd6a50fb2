/** What is special to each kind of operation, and whom it concerns. */
import { Asset, type xdr } from '@stellar/stellar-sdk';
import { accountText } from '../../ledger/envelope.ts';
import type { TransactionRecord } from '../../ledger/transaction-record.ts';
import { amountText, assetText } from '../amounts.ts';
import type { BalanceChange } from '../balance-changes.ts';
import { predicateResource } from '../claim-predicate.ts';
import type { EntryPair } from '../operation-meta.ts';
import { invocationFields } from './invocations.ts';
import { party } from './party.ts';
import { accountMergeFields, createAccountFields, pathPaymentFields, paymentFields } from './payments.ts';
import { manageDataFields, setOptionsFields } from './settings.ts';
import { beginSponsoringFields, endSponsoringFields, revokeSponsorshipFields } from './sponsoring.ts';
import { allowTrustFields, changeTrustFields, clawbackFields, trustLineFlagsFields } from './trustlines.ts';

export type OperationFields = {
  readonly fields: Readonly<Record<string, unknown>>;
  /** Accounts that are concerned beside the operation's source. */
  readonly concerned: readonly string[];
};

export type OperationPlace = {
  readonly record: TransactionRecord;
  /** Of the operation in its transaction, from 0. */
  readonly index: number;
  readonly source: xdr.MuxedAccount;
  /** What it changed; none of a transaction that failed. */
  pairs(): readonly EntryPair[];
  /** What it moved, of a call of a contract. */
  readonly changes: readonly BalanceChange[];
};

export function operationFields(body: xdr.OperationBody, place: OperationPlace): OperationFields {
  const { record, index, source, changes } = place;
  switch (body.type) {
    case 'createAccount':
      return createAccountFields(body.createAccountOp, source);
    case 'payment':
      return paymentFields(body.paymentOp, source);
    case 'pathPaymentStrictReceive':
    case 'pathPaymentStrictSend':
      return pathPaymentFields(body, source, record.successful);
    case 'accountMerge':
      return accountMergeFields(body.destination, source);
    case 'setOptions':
      return own(setOptionsFields(body.setOptionsOp));
    case 'manageData':
      return own(manageDataFields(body.manageDataOp));
    case 'bumpSequence':
      return own({ bump_to: body.bumpSequenceOp.bumpTo.toString() });
    case 'changeTrust':
      return changeTrustFields(body.changeTrustOp, source);
    case 'allowTrust':
      return allowTrustFields(body.allowTrustOp, source);
    case 'setTrustLineFlags':
      return trustLineFlagsFields(body.setTrustLineFlagsOp);
    case 'clawback':
      return clawbackFields(body.clawbackOp);
    case 'createClaimableBalance':
      return newBalanceFields(body.createClaimableBalanceOp);
    case 'claimClaimableBalance': {
      const balance_id = body.claimClaimableBalanceOp.balanceId.toXdr('hex');
      return own({ balance_id, ...party('claimant', source) });
    }
    case 'clawbackClaimableBalance':
      return own({ balance_id: body.clawbackClaimableBalanceOp.balanceId.toXdr('hex') });
    case 'beginSponsoringFutureReserves':
      return beginSponsoringFields(body.beginSponsoringFutureReservesOp);
    case 'endSponsoringFutureReserves':
      return endSponsoringFields(record, index, source);
    case 'revokeSponsorship':
      return revokeSponsorshipFields(body.revokeSponsorshipOp);
    case 'invokeHostFunction':
      return invocationFields(body.invokeHostFunctionOp, place.pairs(), changes);
    case 'extendFootprintTtl':
      return own({ extend_to: body.extendFootprintTtlOp.extendTo });
    default:
      return own({});
  }
}

/** Nobody but its source is concerned. */
function own(fields: Record<string, unknown>): OperationFields {
  return { fields, concerned: [] };
}

function newBalanceFields({ asset, amount, claimants }: xdr.CreateClaimableBalanceOp): OperationFields {
  const shown = claimants.map(({ v0 }) => ({
    destination: accountText(v0.destination),
    predicate: predicateResource(v0.predicate),
  }));
  const fields = { asset: assetText(Asset.fromOperation(asset)), amount: amountText(amount), claimants: shown };
  return { fields, concerned: shown.map(({ destination }) => destination) };
}
