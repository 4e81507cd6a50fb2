/** Transactions that fail in their ledger although nothing is wrong with them, as on a network where others were faster. */
import { xdr } from '@stellar/stellar-sdk';
import type { SignedTransaction } from './envelope.ts';

export type Mishaps = {
  /** The next so many transactions fail; 0 ends it. */
  failNext(count: number): void;
  /** Whether the one that is applied now is to fail, used up once. */
  strikes(): boolean;
};

export function createMishaps(): Mishaps {
  let left = 0;
  return {
    failNext(count) {
      left = count;
    },
    strikes() {
      if (left === 0) return false;
      left -= 1;
      return true;
    },
  };
}

/** What each operation says of it: trapped, out of resources, or out of the work that a ledger has room for. */
export function struckOperations({ tx }: SignedTransaction): xdr.OperationResult[] {
  return tx.operations.map(({ body }) => {
    switch (body.type) {
      case 'invokeHostFunction':
        return inner(
          xdr.OperationResultTr.invokeHostFunction(xdr.InvokeHostFunctionResult.invokeHostFunctionTrapped()),
        );
      case 'extendFootprintTtl':
        return inner(
          xdr.OperationResultTr.extendFootprintTtl(
            xdr.ExtendFootprintTtlResult.extendFootprintTtlResourceLimitExceeded(),
          ),
        );
      case 'restoreFootprint':
        return inner(
          xdr.OperationResultTr.restoreFootprint(xdr.RestoreFootprintResult.restoreFootprintResourceLimitExceeded()),
        );
      default:
        return xdr.OperationResult.opExceededWorkLimit();
    }
  });
}

function inner(result: xdr.OperationResultTr): xdr.OperationResult {
  return xdr.OperationResult.opInner(result);
}
