/** Transaction results in the network's own words. */
import { xdr } from '@stellar/stellar-sdk';

/** Codes that carry nothing else. */
export type FailureCode = Exclude<xdr.InnerTransactionResultResult['type'], 'txSuccess' | 'txFailed'>;

/** What became of a transaction, before it is told who paid. */
export type Outcome = { code: 'txSuccess' | 'txFailed'; operations: xdr.OperationResult[] } | { code: FailureCode };

export function failedWith(code: FailureCode): Outcome {
  return { code };
}

export function succeeded(outcome: Outcome): boolean {
  return outcome.code === 'txSuccess';
}

export function transactionResult(outcome: Outcome, feeCharged: bigint): xdr.TransactionResult {
  const result =
    'operations' in outcome
      ? xdr.TransactionResultResult[outcome.code](outcome.operations)
      : xdr.TransactionResultResult[outcome.code]();
  return new xdr.TransactionResult({ feeCharged, result, ext: xdr.TransactionResultExt.v0() });
}

/** The result of a fee bump holds the inner transaction's, which itself was charged nothing. */
export function feeBumpResult(inner: Outcome, innerHash: Uint8Array, feeCharged: bigint): xdr.TransactionResult {
  const innerResult =
    'operations' in inner
      ? xdr.InnerTransactionResultResult[inner.code](inner.operations)
      : xdr.InnerTransactionResultResult[inner.code]();
  const pair = new xdr.InnerTransactionResultPair({
    transactionHash: new xdr.Hash(innerHash),
    result: new xdr.InnerTransactionResult({
      feeCharged: 0n,
      result: innerResult,
      ext: xdr.InnerTransactionResultExt.v0(),
    }),
  });
  const result = succeeded(inner)
    ? xdr.TransactionResultResult.txFeeBumpInnerSuccess(pair)
    : xdr.TransactionResultResult.txFeeBumpInnerFailed(pair);
  return new xdr.TransactionResult({ feeCharged, result, ext: xdr.TransactionResultExt.v0() });
}

export function opInner(result: xdr.OperationResultTr): xdr.OperationResult {
  return xdr.OperationResult.opInner(result);
}

/** Every operation's success code ends in this word, and only those do. */
export function operationSucceeded(result: xdr.OperationResult): boolean {
  return result.type === 'opInner' && innerCode(result.tr).endsWith('Success');
}

/** Such as `paymentUnderfunded`. */
function innerCode(result: xdr.OperationResultTr): string {
  return result.value.type;
}
