/** Effects of operations on trustlines and on balances that wait to be claimed. */
import { Asset, xdr } from '@stellar/stellar-sdk';
import { accountOf, accountText } from '../../ledger/envelope.ts';
import { amountText, assetFields, assetOfCode, assetText, lineAsset } from '../amounts.ts';
import { predicateResource } from '../claim-predicate.ts';
import type { EntryPair, OperationMeta } from '../operation-meta.ts';
import { type Effect, effectOn, effectOnMuxed } from './effect.ts';

export function changeTrustEffects(
  op: xdr.ChangeTrustOp,
  source: xdr.MuxedAccount,
  { pairs }: OperationMeta,
): Effect[] {
  const pair = pairs.find(({ before, after }) => (after ?? before)?.data.type === 'trustline');
  const asset = lineAsset(op.line);
  if (!pair || !asset) return [];
  const type = !pair.before ? 'trustline_created' : pair.after ? 'trustline_updated' : 'trustline_removed';
  return [effectOnMuxed(source, type, { limit: amountText(op.limit), ...assetFields(asset) })];
}

/** `set` and `clear` are bits of TrustLineFlags. */
export function lineFlagEffects(
  source: xdr.MuxedAccount,
  trustor: xdr.PublicKey,
  asset: Asset,
  set: number,
  clear: number,
): Effect[] {
  const named = {
    authorized_flag: xdr.TrustLineFlags.authorizedFlag,
    authorized_to_maintain_liabilites_flag: xdr.TrustLineFlags.authorizedToMaintainLiabilitiesFlag,
    clawback_enabled_flag: xdr.TrustLineFlags.trustlineClawbackEnabledFlag,
  };
  const touched = Object.entries(named).filter(([, flag]) => ((set | clear) & flag.value) !== 0);
  const flags = Object.fromEntries(touched.map(([name, flag]) => [name, (set & flag.value) !== 0]));
  return [
    effectOnMuxed(source, 'trustline_flags_updated', {
      trustor: accountText(trustor),
      ...assetFields(asset),
      ...flags,
    }),
  ];
}

/** The older operation sets one of two authorization flags, or clears both; Horizon tells it in the older words and in the newer. */
export function allowTrustEffects(op: xdr.AllowTrustOp, source: xdr.MuxedAccount): Effect[] {
  const { authorizedFlag, authorizedToMaintainLiabilitiesFlag } = xdr.TrustLineFlags;
  const asset = assetOfCode(op.asset, accountOf(source));
  const { asset_issuer: _, ...shown } = assetFields(asset);
  const older = (type: Effect['type']) => effectOnMuxed(source, type, { trustor: accountText(op.trustor), ...shown });
  const newer = (set: number, clear: number) => lineFlagEffects(source, op.trustor, asset, set, clear);
  switch (op.authorize) {
    case authorizedFlag.value:
      return [older('trustline_authorized'), ...newer(op.authorize, 0)];
    case authorizedToMaintainLiabilitiesFlag.value:
      return [older('trustline_authorized_to_maintain_liabilities'), ...newer(op.authorize, 0)];
    default:
      return [
        older('trustline_deauthorized'),
        ...newer(0, authorizedFlag.value | authorizedToMaintainLiabilitiesFlag.value),
      ];
  }
}

export function createBalanceEffects(
  op: xdr.CreateClaimableBalanceOp,
  source: xdr.MuxedAccount,
  { pairs }: OperationMeta,
): Effect[] {
  const entry = balanceOf(pairs)?.after;
  if (entry?.data.type !== 'claimableBalance') return [];
  const fields = balanceFields(entry.data.claimableBalance);
  const claimants = op.claimants.map(({ v0 }) =>
    effectOn(v0.destination, 'claimable_balance_claimant_created', {
      ...fields,
      predicate: predicateResource(v0.predicate),
    }),
  );
  const asset = Asset.fromOperation(op.asset);
  return [
    effectOnMuxed(source, 'claimable_balance_created', fields),
    ...claimants,
    effectOnMuxed(source, 'account_debited', { amount: amountText(op.amount), ...assetFields(asset) }),
  ];
}

export function claimEffects(source: xdr.MuxedAccount, { pairs }: OperationMeta): Effect[] {
  const entry = balanceOf(pairs)?.before;
  if (entry?.data.type !== 'claimableBalance') return [];
  const { asset, amount } = entry.data.claimableBalance;
  return [
    effectOnMuxed(source, 'claimable_balance_claimed', balanceFields(entry.data.claimableBalance)),
    effectOnMuxed(source, 'account_credited', {
      amount: amountText(amount),
      ...assetFields(Asset.fromOperation(asset)),
    }),
  ];
}

export function clawbackBalanceEffects(source: xdr.MuxedAccount, { pairs }: OperationMeta): Effect[] {
  const entry = balanceOf(pairs)?.before;
  if (entry?.data.type !== 'claimableBalance') return [];
  const { asset, amount, balanceId } = entry.data.claimableBalance;
  return [
    effectOnMuxed(source, 'claimable_balance_clawed_back', { balance_id: balanceId.toXdr('hex') }),
    effectOnMuxed(source, 'account_credited', {
      amount: amountText(amount),
      ...assetFields(Asset.fromOperation(asset)),
    }),
  ];
}

function balanceOf(pairs: readonly EntryPair[]): EntryPair | undefined {
  return pairs.find(({ before, after }) => (after ?? before)?.data.type === 'claimableBalance');
}

function balanceFields({ balanceId, asset, amount }: xdr.ClaimableBalanceEntry) {
  return {
    balance_id: balanceId.toXdr('hex'),
    asset: assetText(Asset.fromOperation(asset)),
    amount: amountText(amount),
  };
}
