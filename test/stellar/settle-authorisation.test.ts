import { Address, Keypair, xdr } from '@stellar/stellar-sdk/base';
import { describe, expect, it } from 'vitest';
import { units } from '../../src/money.ts';
import { contractCall } from '../../src/stellar/account-transactions.ts';
import { addressValue, i128Value } from '../../src/stellar/contract-values.ts';
import { signSettleAuthorisation } from '../../src/stellar/settle-authorisation.ts';
import { settleOperation } from '../../src/stellar/settle-transaction.ts';
import { addressOf } from '../settlement/rig.ts';
import { vaultAddress } from '../settlement/scripted-chain.ts';

const operator = Keypair.fromRawEd25519Seed(Buffer.alloc(32, 7));
const lines = [{ payee: addressOf('payee'), account: addressOf('account'), amount: units(5) }];
const settle = settleOperation(vaultAddress, { lane: 1, batch: 1, root: 'ab'.repeat(32), lines });
const other = settleOperation(vaultAddress, { lane: 1, batch: 1, root: 'cd'.repeat(32), lines });
const token = 'CBIELTK6YBZJU5UP2WWQEUCYKLPU6AUNZ2BQ4WWFEIE3USCIHMXQDAMA';
const theft = contractCall(token, 'transfer', [
  addressValue(operator.publicKey()),
  addressValue(addressOf('thief')),
  i128Value(1_000n),
]);

/** What a simulation says that the call needs. */
function recorded(operation: xdr.Operation, of = operator.publicKey(), below: xdr.Operation[] = []): string {
  return new xdr.SorobanAuthorizationEntry({
    credentials: xdr.SorobanCredentials.sorobanCredentialsAddress(
      new xdr.SorobanAddressCredentials({
        address: Address.fromString(of).toScAddress(),
        nonce: 77n,
        signatureExpirationLedger: 0,
        signature: xdr.ScVal.scvVoid(),
      }),
    ),
    rootInvocation: invocation(operation, below),
  }).toXdr('base64');
}

function invocation(operation: xdr.Operation, below: xdr.Operation[] = []): xdr.SorobanAuthorizedInvocation {
  const { body } = operation;
  const call = body.type === 'invokeHostFunction' ? body.invokeHostFunctionOp.hostFunction : undefined;
  if (call?.type !== 'hostFunctionTypeInvokeContract') throw new Error('not a contract call');
  return new xdr.SorobanAuthorizedInvocation({
    function: xdr.SorobanAuthorizedFunction.sorobanAuthorizedFunctionTypeContractFn(call.invokeContract),
    subInvocations: below.map((each) => invocation(each)),
  });
}

const sign = (entries: string[]) => signSettleAuthorisation(entries, settle, operator.secret(), 90, 'a network');

describe('the operator’s signature for a lane', () => {
  it('is given for the settlement itself, under the nonce that the network names and until the ledger that we name', async () => {
    const signed = await sign([recorded(settle)]);
    const entry = xdr.SorobanAuthorizationEntry.fromXdr(signed ?? '', 'base64');
    expect(entry.rootInvocation.toXdr('base64')).toBe(invocation(settle).toXdr('base64'));
    expect(entry.credentials.value).toMatchObject({ nonce: 77n, signatureExpirationLedger: 90 });
  });

  it.each<[string, string[]]>([
    ['another call', [recorded(theft)]],
    ['another batch under the same number', [recorded(other)]],
    ['a call below the settlement', [recorded(settle, operator.publicKey(), [theft])]],
    ['a second signature', [recorded(settle), recorded(theft)]],
    ['the signature of somebody else', [recorded(settle, addressOf('somebody'))]],
    ['no signature', []],
  ])('is not given when the server asks for %s', async (_, entries) => {
    expect(await sign(entries)).toBeUndefined();
  });
});
