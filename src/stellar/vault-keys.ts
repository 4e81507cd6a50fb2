import { Address, xdr } from '@stellar/stellar-sdk/base';
import { addressValue, u32Value } from './contract-values.ts';

/**
 * The ledger keys of the vault's storage, as contracts/vault/src/storage.rs makes them: a symbol, or a vector of one and what
 * tells entries of one kind apart. Settle's footprint is made of these, and the keeper's.
 */
export type VaultKeys = {
  instance(): xdr.LedgerKey;
  account(address: string): xdr.LedgerKey;
  earnings(payee: string, lane: number): xdr.LedgerKey;
  lane(lane: number): xdr.LedgerKey;
  payee(address: string): xdr.LedgerKey;
  payout(payee: string): xdr.LedgerKey;
  liabilities(): xdr.LedgerKey;
};

export function vaultKeys(vault: string): VaultKeys {
  const contract = Address.fromString(vault).toScAddress();
  const persistent = (name: string, ...fields: xdr.ScVal[]) =>
    contractDataKey(contract, xdr.ScVal.scvVec([xdr.ScVal.scvSymbol(name), ...fields]));
  return {
    instance: () => instanceKey(vault),
    account: (address) => persistent('Account', addressValue(address)),
    earnings: (payee, lane) => persistent('Earnings', addressValue(payee), u32Value(lane)),
    lane: (lane) => persistent('Lane', u32Value(lane)),
    payee: (address) => persistent('Payee', addressValue(address)),
    payout: (payee) => persistent('Payout', addressValue(payee)),
    liabilities: () => contractDataKey(contract, xdr.ScVal.scvSymbol('Liability')),
  };
}

export function instanceKey(contract: string): xdr.LedgerKey {
  return contractDataKey(Address.fromString(contract).toScAddress(), xdr.ScVal.scvLedgerKeyContractInstance());
}

export function codeKey(wasmHash: Uint8Array): xdr.LedgerKey {
  return xdr.LedgerKey.contractCode(new xdr.LedgerKeyContractCode({ hash: wasmHash }));
}

export function accountKey(account: string): xdr.LedgerKey {
  const address = Address.fromString(account).toScAddress();
  if (address.type !== 'scAddressTypeAccount') throw new Error(`${account} is not a classic account`);
  return xdr.LedgerKey.account(new xdr.LedgerKeyAccount({ accountId: address.accountId }));
}

export function keyText(key: xdr.LedgerKey): string {
  return key.toXdr('base64');
}

function contractDataKey(contract: xdr.ScAddress, key: xdr.ScVal): xdr.LedgerKey {
  const durability = xdr.ContractDataDurability.persistent;
  return xdr.LedgerKey.contractData(new xdr.LedgerKeyContractData({ contract, key, durability }));
}
