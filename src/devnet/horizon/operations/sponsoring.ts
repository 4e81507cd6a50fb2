/** What Horizon shows of the operations that begin, end and revoke sponsorship (CAP-33). */
import type { xdr } from '@stellar/stellar-sdk';
import { accountOf, accountText, operationSource } from '../../ledger/envelope.ts';
import type { TransactionRecord } from '../../ledger/transaction-record.ts';
import { assetText, lineAsset } from '../amounts.ts';
import { signerKeyText } from '../signer-key.ts';
import type { OperationFields } from './operation-fields.ts';
import { party } from './party.ts';

export function beginSponsoringFields(op: xdr.BeginSponsoringFutureReservesOp): OperationFields {
  const sponsored_id = accountText(op.sponsoredId);
  return { fields: { sponsored_id }, concerned: [sponsored_id] };
}

/** The sponsor is told only where the transaction succeeded: in another one nobody may have begun. */
export function endSponsoringFields(
  { signed, successful }: TransactionRecord,
  index: number,
  source: xdr.MuxedAccount,
): OperationFields {
  const sponsored = accountText(accountOf(source));
  const begin = signed.tx.operations.slice(0, index).findLast(({ body }) => {
    if (body.type !== 'beginSponsoringFutureReserves') return false;
    return accountText(body.beginSponsoringFutureReservesOp.sponsoredId) === sponsored;
  });
  if (!successful || !begin) return { fields: {}, concerned: [] };
  const sponsor = operationSource(signed, begin);
  return { fields: party('begin_sponsor', sponsor), concerned: [accountText(accountOf(sponsor))] };
}

export function revokeSponsorshipFields(op: xdr.RevokeSponsorshipOp): OperationFields {
  if (op.type === 'revokeSponsorshipLedgerEntry') return keyFields(op.ledgerKey);
  const signer_account_id = accountText(op.signer.accountId);
  const signer_key = signerKeyText(op.signer.signerKey);
  // Not the signer: anyone could fill the history of any account that way.
  return { fields: { signer_account_id, signer_key }, concerned: [signer_account_id] };
}

function keyFields(key: xdr.LedgerKey): OperationFields {
  switch (key.type) {
    case 'account': {
      const account_id = accountText(key.account.accountId);
      return { fields: { account_id }, concerned: [account_id] };
    }
    case 'claimableBalance':
      return { fields: { claimable_balance_id: key.claimableBalance.balanceId.toXdr('hex') }, concerned: [] };
    case 'data': {
      const data_account_id = accountText(key.data.accountId);
      return { fields: { data_account_id, data_name: key.data.dataName.toString() }, concerned: [data_account_id] };
    }
    case 'trustline': {
      const trustline_account_id = accountText(key.trustLine.accountId);
      const asset = lineAsset(key.trustLine.asset);
      const trustline_asset = asset && assetText(asset);
      return { fields: { trustline_account_id, trustline_asset }, concerned: [trustline_account_id] };
    }
    default:
      return { fields: {}, concerned: [] };
  }
}
