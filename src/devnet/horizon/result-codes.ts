/** Result codes as Horizon spells them: `txBadSeq` is `tx_bad_seq`, `paymentUnderfunded` is `op_underfunded`. */
import type { xdr } from '@stellar/stellar-sdk';

export type ResultCodes = { transaction: string; inner_transaction?: string; operations?: string[] };

export function resultCodes(result: xdr.TransactionResult): ResultCodes {
  const outcome = result.result;
  switch (outcome.type) {
    case 'txSuccess':
    case 'txFailed':
      return { transaction: transactionCode(outcome.type), operations: outcome.results.map(operationCode) };
    case 'txFeeBumpInnerSuccess':
    case 'txFeeBumpInnerFailed': {
      const inner = outcome.innerResultPair.result.result;
      const operations = inner.type === 'txSuccess' || inner.type === 'txFailed' ? inner.results : undefined;
      return {
        transaction: transactionCode(outcome.type),
        inner_transaction: transactionCode(inner.type),
        ...(operations ? { operations: operations.map(operationCode) } : {}),
      };
    }
    default:
      return { transaction: transactionCode(outcome.type) };
  }
}

/** Where Horizon's spelling is not the network's. */
const TRANSACTION_CODES: Readonly<Record<string, string>> = {
  txNoAccount: 'tx_no_source_account',
  txBadMinSeqAgeOrGap: 'tx_bad_minseq_age_or_gap',
};

function transactionCode(type: string): string {
  return TRANSACTION_CODES[type] ?? snake(type);
}

const OPERATION_CODES: Readonly<Record<string, string>> = {
  opNoAccount: 'op_no_source_account',
  createAccountAlreadyExist: 'op_already_exists',
  manageDataNameNotFound: 'op_data_name_not_found',
  manageDataInvalidName: 'op_data_invalid_name',
  accountMergeSeqnumTooFar: 'op_seq_num_too_far',
  invokeHostFunctionTrapped: 'function_trapped',
  invokeHostFunctionResourceLimitExceeded: 'resource_limit_exceeded',
  invokeHostFunctionEntryArchived: 'entry_archived',
  invokeHostFunctionInsufficientRefundableFee: 'insufficient_refundable_fee',
};

function operationCode(result: xdr.OperationResult): string {
  if (result.type !== 'opInner') return OPERATION_CODES[result.type] ?? snake(result.type);
  const code: string = result.tr.value.type;
  if (code.endsWith('Success')) return 'op_success';
  // The code begins with the operation's own name: what follows is Horizon's code.
  return OPERATION_CODES[code] ?? `op${snake(code.slice(result.tr.type.length))}`;
}

function snake(camel: string): string {
  return camel.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
