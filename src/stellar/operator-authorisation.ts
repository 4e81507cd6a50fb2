import { Address, xdr } from '@stellar/stellar-sdk/base';

/** What the check of the operator's signature takes at apply, and a simulation without one does not see. */
export const signatureInstructions = 1_000_000;

/** What the operator agrees to by a signature of its own, in an envelope whose source is somebody else. */
export type OperatorAuthorisation = {
  credentials: 'sorobanCredentialsAddress' | 'sorobanCredentialsAddressV2';
  /** G… address of the vault's operator. */
  address: string;
  nonce: bigint;
  /** Last ledger in which it counts. */
  expiresLedger: number;
  /** Void until the operator has signed. */
  signature: xdr.ScVal;
};

/** A contract call with nothing below it that would need the operator's word. */
export function invocationOf({ body }: xdr.Operation): xdr.SorobanAuthorizedInvocation {
  const call = body.type === 'invokeHostFunction' ? body.invokeHostFunctionOp.hostFunction : undefined;
  if (call?.type !== 'hostFunctionTypeInvokeContract') throw new Error('the operator agrees to contract calls alone');
  return new xdr.SorobanAuthorizedInvocation({
    function: xdr.SorobanAuthorizedFunction.sorobanAuthorizedFunctionTypeContractFn(call.invokeContract),
    subInvocations: [],
  });
}

/** The operator's part of a call: exactly this invocation. */
export function operatorEntry(
  rootInvocation: xdr.SorobanAuthorizedInvocation,
  operator: OperatorAuthorisation,
): xdr.SorobanAuthorizationEntry {
  const credentials = new xdr.SorobanAddressCredentials({
    address: Address.fromString(operator.address).toScAddress(),
    nonce: operator.nonce,
    signatureExpirationLedger: operator.expiresLedger,
    signature: operator.signature,
  });
  return new xdr.SorobanAuthorizationEntry({
    credentials: xdr.SorobanCredentials[operator.credentials](credentials),
    rootInvocation,
  });
}

export function readOperatorEntry(entry: xdr.SorobanAuthorizationEntry): OperatorAuthorisation | undefined {
  const { credentials } = entry;
  if (credentials.type !== 'sorobanCredentialsAddress' && credentials.type !== 'sorobanCredentialsAddressV2') {
    return undefined;
  }
  const { address, nonce, signatureExpirationLedger, signature } = credentials.value;
  return {
    credentials: credentials.type,
    address: Address.fromScAddress(address).toString(),
    nonce,
    expiresLedger: signatureExpirationLedger,
    signature,
  };
}
