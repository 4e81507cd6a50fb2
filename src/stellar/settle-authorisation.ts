import { authorizeEntry, Keypair, xdr } from '@stellar/stellar-sdk/base';
import { invocationOf, operatorEntry, readOperatorEntry } from './operator-authorisation.ts';

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
  if (text === undefined || others.length > 0) return undefined;
  const entry = xdr.SorobanAuthorizationEntry.fromXdr(text, 'base64');
  const asked = readOperatorEntry(entry);
  if (asked?.address !== operator.publicKey()) return undefined;
  if (entry.rootInvocation.toXdr('base64') !== invocation.toXdr('base64')) return undefined;
  const own = operatorEntry(invocation, { ...asked, expiresLedger, signature: xdr.ScVal.scvVoid() });
  return (await authorizeEntry(own, operator, expiresLedger, passphrase)).toXdr('base64');
}
