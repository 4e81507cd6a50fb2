import { accountMerge } from './account-merge.ts';
import { bumpSequence } from './bump-sequence.ts';
import { changeTrust } from './change-trust.ts';
import { claimClaimableBalance, clawbackClaimableBalance, createClaimableBalance } from './claimable-balance.ts';
import { clawback } from './clawback.ts';
import { createAccount } from './create-account.ts';
import { extendFootprintTtl, restoreFootprint } from './footprint-ttl.ts';
import { invokeHostFunction } from './invoke-host-function.ts';
import { manageData } from './manage-data.ts';
import type { BodyOf, OperationKind, OperationType } from './operation-kind.ts';
import { pathPaymentStrictReceive, pathPaymentStrictSend } from './path-payment.ts';
import { payment } from './payment.ts';
import { revokeSponsorship } from './revoke-sponsorship.ts';
import { setOptions } from './set-options.ts';
import { beginSponsoringFutureReserves, endSponsoringFutureReserves } from './sponsoring.ts';
import { allowTrust, setTrustLineFlags } from './trustline-flags.ts';

/** The operations this network has; all others are refused as `opNotSupported`. */
export const OPERATION_KINDS: { readonly [Type in OperationType]?: OperationKind<BodyOf<Type>> } = {
  accountMerge,
  allowTrust,
  beginSponsoringFutureReserves,
  bumpSequence,
  changeTrust,
  claimClaimableBalance,
  clawback,
  clawbackClaimableBalance,
  createAccount,
  createClaimableBalance,
  endSponsoringFutureReserves,
  extendFootprintTtl,
  invokeHostFunction,
  manageData,
  pathPaymentStrictReceive,
  pathPaymentStrictSend,
  payment,
  restoreFootprint,
  revokeSponsorship,
  setOptions,
  setTrustLineFlags,
};
