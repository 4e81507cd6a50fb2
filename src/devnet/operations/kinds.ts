import { accountMerge } from './account-merge.ts';
import { bumpSequence } from './bump-sequence.ts';
import { changeTrust } from './change-trust.ts';
import { createAccount } from './create-account.ts';
import { extendFootprintTtl, restoreFootprint } from './footprint-ttl.ts';
import { invokeHostFunction } from './invoke-host-function.ts';
import { manageData } from './manage-data.ts';
import type { BodyOf, OperationKind, OperationType } from './operation-kind.ts';
import { payment } from './payment.ts';
import { setOptions } from './set-options.ts';

/** The operations this network has; all others are refused as `opNotSupported`. */
export const OPERATION_KINDS: { readonly [Type in OperationType]?: OperationKind<BodyOf<Type>> } = {
  accountMerge,
  bumpSequence,
  changeTrust,
  createAccount,
  extendFootprintTtl,
  invokeHostFunction,
  manageData,
  payment,
  restoreFootprint,
  setOptions,
};
