/** All effects of an operation, in the order in which Horizon counts them. */
import { Asset, type xdr } from '@stellar/stellar-sdk';
import { balanceChanges } from '../balance-changes.ts';
import type { OperationMeta } from '../operation-meta.ts';
import { bumpEffects, dataEffects, optionsEffects } from './account-effects.ts';
import { contractEffects } from './contract-effects.ts';
import type { Effect } from './effect.ts';
import { createAccountEffects, mergeEffects, movement, pathPaymentEffects } from './payment-effects.ts';
import { sponsorshipEffects } from './sponsorship-effects.ts';
import {
  allowTrustEffects,
  changeTrustEffects,
  claimEffects,
  clawbackBalanceEffects,
  createBalanceEffects,
  lineFlagEffects,
} from './trust-effects.ts';

export function effectsOf(
  body: xdr.OperationBody,
  source: xdr.MuxedAccount,
  meta: OperationMeta,
  passphrase: string,
): Effect[] {
  return [...bodyEffects(body, source, meta, passphrase), ...sponsorshipEffects(meta, source)];
}

function bodyEffects(
  body: xdr.OperationBody,
  source: xdr.MuxedAccount,
  meta: OperationMeta,
  passphrase: string,
): Effect[] {
  switch (body.type) {
    case 'createAccount':
      return createAccountEffects(body.createAccountOp, source);
    case 'payment':
      return movement(source, body.paymentOp, body.paymentOp.destination);
    case 'pathPaymentStrictReceive':
    case 'pathPaymentStrictSend':
      return pathPaymentEffects(body, source, meta);
    case 'accountMerge':
      return mergeEffects(body.destination, source, meta);
    case 'setOptions':
      return optionsEffects(body.setOptionsOp, source, meta);
    case 'manageData':
      return dataEffects(body.manageDataOp, source, meta);
    case 'bumpSequence':
      return bumpEffects(source, meta);
    case 'changeTrust':
      return changeTrustEffects(body.changeTrustOp, source, meta);
    case 'allowTrust':
      return allowTrustEffects(body.allowTrustOp, source);
    case 'setTrustLineFlags': {
      const { trustor, asset, setFlags, clearFlags } = body.setTrustLineFlagsOp;
      return lineFlagEffects(source, trustor, Asset.fromOperation(asset), setFlags, clearFlags);
    }
    case 'clawback': {
      const { from, asset, amount } = body.clawbackOp;
      return movement(from, { asset, amount }, source);
    }
    case 'createClaimableBalance':
      return createBalanceEffects(body.createClaimableBalanceOp, source, meta);
    case 'claimClaimableBalance':
      return claimEffects(source, meta);
    case 'clawbackClaimableBalance':
      return clawbackBalanceEffects(source, meta);
    case 'invokeHostFunction':
      return contractEffects(balanceChanges(meta.events, passphrase), source);
    default:
      return [];
  }
}
