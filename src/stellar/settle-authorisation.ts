import { Address, authorizeEntry, Keypair, xdr } from '@stellar/stellar-sdk/base';
import { readOperatorEntry } from './exit-envelope.ts';

/** What the check of the operator's signature costs at apply, which a simulation without one does not see. */
export const signatureInstructions = 1_000_000;

/**
 * The operator's agreement to one settle call, for an envelope whose source is another account. A simulation says under
 * which nonce, since the footprint names it; everything else is made here from the call itself. Undefined when the answer
 * asks for anything but this one signature: nobody can have the operator sign another call.
 */
export async function signSettleAuthorisation(
  recorded: readonly string[],
  operation: xdr.Operation,
  operatorSecret: string,
  expiresLedger: number,
  passphrase: string,
): Promise<string | undefined> {
  const operator = Keypair.fromSecret(operatorSecret);
  const invocation = invocationOf(operation);
  const [text, ...others] = recorded;
  if (!invocation || text === undefined || others.length > 0) return undefined;
  const entry = xdr.SorobanAuthorizationEntry.fromXdr(text, 'base64');
  const asked = readOperatorEntry(entry);
  if (asked?.address !== operator.publicKey()) return undefined;
  if (entry.rootInvocation.toXdr('base64') !== invocation.toXdr('base64')) return undefined;
  const own = new xdr.SorobanAuthorizationEntry({
    credentials: xdr.SorobanCredentials[asked.credentials](
      new xdr.SorobanAddressCredentials({
        address: Address.fromString(operator.publicKey()).toScAddress(),
        nonce: asked.nonce,
        signatureExpirationLedger: expiresLedger,
        signature: xdr.ScVal.scvVoid(),
      }),
    ),
    rootInvocation: invocation,
  });
  return (await authorizeEntry(own, operator, expiresLedger, passphrase)).toXdr('base64');
}

/** A contract call with nothing below it. */
function invocationOf(operation: xdr.Operation): xdr.SorobanAuthorizedInvocation | undefined {
  if (operation.body.type !== 'invokeHostFunction') return undefined;
  const { hostFunction } = operation.body.invokeHostFunctionOp;
  if (hostFunction.type !== 'hostFunctionTypeInvokeContract') return undefined;
  return new xdr.SorobanAuthorizedInvocation({
    function: xdr.SorobanAuthorizedFunction.sorobanAuthorizedFunctionTypeContractFn(hostFunction.invokeContract),
    subInvocations: [],
  });
}
