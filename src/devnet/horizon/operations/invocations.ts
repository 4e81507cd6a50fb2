/** What Horizon shows of calls of contracts, and whom they concern. */
import { Address, xdr } from '@stellar/stellar-sdk';
import { accountText } from '../../ledger/envelope.ts';
import type { BalanceChange } from '../balance-changes.ts';
import type { EntryPair } from '../operation-meta.ts';
import type { OperationFields } from './operation-fields.ts';

/** As Horizon's generated code prints them, the type's name in front. */
const FUNCTION_NAMES = {
  hostFunctionTypeInvokeContract: 'HostFunctionTypeHostFunctionTypeInvokeContract',
  hostFunctionTypeCreateContract: 'HostFunctionTypeHostFunctionTypeCreateContract',
  hostFunctionTypeUploadContractWasm: 'HostFunctionTypeHostFunctionTypeUploadContractWasm',
  hostFunctionTypeCreateContractV2: 'HostFunctionTypeHostFunctionTypeCreateContractV2',
} as const;

export function invocationFields(
  { hostFunction }: xdr.InvokeHostFunctionOp,
  pairs: readonly EntryPair[],
  changes: readonly BalanceChange[],
): OperationFields {
  const fields = {
    function: FUNCTION_NAMES[hostFunction.type],
    parameters: parametersOf(hostFunction),
    ...placeOf(hostFunction),
    // A list that was never begun is null to Horizon's language, and so to its clients.
    asset_balance_changes: changes.length > 0 ? changes : null,
  };
  const parties = changes.flatMap(({ from, to }) => [from, to]).filter((address) => address?.startsWith('G'));
  return { fields, concerned: [...pairs.flatMap(ownerOf), ...(parties as string[])] };
}

function parametersOf(hostFunction: xdr.HostFunction): { value: string; type: string }[] | null {
  switch (hostFunction.type) {
    case 'hostFunctionTypeInvokeContract': {
      const { contractAddress, functionName, args } = hostFunction.invokeContract;
      const called = [Address.fromScAddress(contractAddress).toScVal(), xdr.ScVal.scvSymbol(functionName), ...args];
      return called.map(parameter);
    }
    case 'hostFunctionTypeCreateContractV2':
      return hostFunction.createContractV2.constructorArgs.map(parameter);
    default:
      return null;
  }
}

/** Where a new contract gets its address from; of a contract of an asset neither is told. */
function placeOf(hostFunction: xdr.HostFunction): { address: string; salt: string } {
  const preimage =
    hostFunction.type === 'hostFunctionTypeCreateContract'
      ? hostFunction.createContract.contractIdPreimage
      : hostFunction.type === 'hostFunctionTypeCreateContractV2'
        ? hostFunction.createContractV2.contractIdPreimage
        : undefined;
  if (preimage?.type !== 'contractIdPreimageFromAddress') return { address: '', salt: '' };
  const { address, salt } = preimage.fromAddress;
  const number = BigInt(`0x${Buffer.from(salt.toXdr()).toString('hex')}`);
  return { address: Address.fromScAddress(address).toString(), salt: number.toString() };
}

/** Names of the arms that hold a value, as in the generated code that Horizon prints; those of nothing are empty. */
const ARM_NAMES: Readonly<Record<string, string>> = {
  scvBool: 'B',
  scvVoid: '',
  scvSymbol: 'Sym',
  scvString: 'Str',
  scvContractInstance: 'Instance',
  scvLedgerKeyContractInstance: '',
  scvLedgerKeyNonce: 'NonceKey',
};

function parameter(value: xdr.ScVal): { value: string; type: string } {
  return { value: value.toXdr('base64'), type: ARM_NAMES[value.type] ?? value.type.slice('scv'.length) };
}

/** The account whose entry this is; contracts and balances that wait have none. */
function ownerOf({ before, after }: EntryPair): string[] {
  const data = (after ?? before)?.data;
  switch (data?.type) {
    case 'account':
      return [accountText(data.account.accountId)];
    case 'trustline':
      return [accountText(data.trustLine.accountId)];
    case 'data':
      return [accountText(data.data.accountId)];
    default:
      return [];
  }
}
