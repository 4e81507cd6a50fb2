import { xdr } from '@stellar/stellar-sdk/base';

/** What a network says of a settle call that asks too much, as base64 XDR. */
export const tooMuch = {
  /** Before it is run: it declares more than one transaction may. */
  declared: resultXdr(xdr.TransactionResultResult.txSorobanInvalid()),
  /** When it ran: it used more than it had declared. */
  used: resultXdr(
    xdr.TransactionResultResult.txFailed([
      xdr.OperationResult.opInner(
        xdr.OperationResultTr.invokeHostFunction(
          xdr.InvokeHostFunctionResult.invokeHostFunctionResourceLimitExceeded(),
        ),
      ),
    ]),
  ),
};

function resultXdr(result: xdr.TransactionResultResult): string {
  return new xdr.TransactionResult({ feeCharged: 100n, result, ext: xdr.TransactionResultExt.v0() }).toXdr('base64');
}
