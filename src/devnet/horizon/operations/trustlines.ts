/** What Horizon shows of trustlines, of what issuers do with them, and of clawback. */
import { Asset, xdr } from '@stellar/stellar-sdk';
import { accountOf, accountText } from '../../ledger/envelope.ts';
import { amountText, assetFields, assetOfCode, lineAsset } from '../amounts.ts';
import { namedFlags } from './named-flags.ts';
import type { OperationFields } from './operation-fields.ts';
import { party } from './party.ts';

/** Horizon spells the second of them this way. */
const LINE_FLAG_NAMES = new Map([
  [xdr.TrustLineFlags.authorizedFlag.value, 'authorized'],
  [xdr.TrustLineFlags.authorizedToMaintainLiabilitiesFlag.value, 'authorized_to_maintain_liabilites'],
  [xdr.TrustLineFlags.trustlineClawbackEnabledFlag.value, 'clawback_enabled'],
]);

export function changeTrustFields({ line, limit }: xdr.ChangeTrustOp, source: xdr.MuxedAccount): OperationFields {
  const asset = lineAsset(line);
  const fields = {
    ...(asset ? assetFields(asset) : {}),
    limit: amountText(limit),
    trustee: asset?.getIssuer(),
    ...party('trustor', source),
  };
  return { fields, concerned: [] };
}

export function allowTrustFields(op: xdr.AllowTrustOp, source: xdr.MuxedAccount): OperationFields {
  const trustor = accountText(op.trustor);
  const fields = {
    ...assetFields(assetOfCode(op.asset, accountOf(source))),
    ...party('trustee', source),
    trustor,
    authorize: op.authorize === xdr.TrustLineFlags.authorizedFlag.value,
    authorize_to_maintain_liabilities: op.authorize !== 0,
  };
  return { fields, concerned: [trustor] };
}

export function trustLineFlagsFields(op: xdr.SetTrustLineFlagsOp): OperationFields {
  const trustor = accountText(op.trustor);
  const fields = {
    ...assetFields(Asset.fromOperation(op.asset)),
    trustor,
    ...namedFlags('set', op.setFlags, LINE_FLAG_NAMES),
    ...namedFlags('clear', op.clearFlags, LINE_FLAG_NAMES),
  };
  return { fields, concerned: [trustor] };
}

export function clawbackFields({ asset, amount, from }: xdr.ClawbackOp): OperationFields {
  const fields = { ...assetFields(Asset.fromOperation(asset)), amount: amountText(amount), ...party('from', from) };
  return { fields, concerned: [accountText(accountOf(from))] };
}
