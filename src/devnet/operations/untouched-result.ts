import { xdr } from '@stellar/stellar-sdk';

const Tr = xdr.OperationResultTr;

/** The result of an operation nobody looked at, because another one of its transaction cannot be applied. */
export function untouchedResult(body: xdr.OperationBody): xdr.OperationResult {
  const result = firstCode(body.type);
  return result ? xdr.OperationResult.opInner(result) : xdr.OperationResult.opNotSupported();
}

/** The network leaves the first code of the operation's result, which reads as success. */
function firstCode(type: xdr.OperationBody['type']): xdr.OperationResultTr | undefined {
  switch (type) {
    case 'createAccount':
      return Tr.createAccount(xdr.CreateAccountResult.createAccountSuccess());
    case 'payment':
      return Tr.payment(xdr.PaymentResult.paymentSuccess());
    case 'changeTrust':
      return Tr.changeTrust(xdr.ChangeTrustResult.changeTrustSuccess());
    case 'setOptions':
      return Tr.setOptions(xdr.SetOptionsResult.setOptionsSuccess());
    case 'manageData':
      return Tr.manageData(xdr.ManageDataResult.manageDataSuccess());
    case 'bumpSequence':
      return Tr.bumpSequence(xdr.BumpSequenceResult.bumpSequenceSuccess());
    case 'accountMerge':
      return Tr.accountMerge(xdr.AccountMergeResult.accountMergeSuccess(0n));
    default:
      return undefined;
  }
}
