import { Address, Asset, Operation, xdr } from '@stellar/stellar-sdk/base';
import { type Units, units } from '../money.ts';
import { addressValue, i128Value, isAccountAddress, readI128, u32Value, u64Value } from './contract-values.ts';
import { viewContract } from './contract-view.ts';
import type { Rpc } from './rpc.ts';
import type { SubmitOutcome, Submitter } from './submitter.ts';
import { publicKeyOf } from './transactions.ts';
import { accountKey, keyText } from './vault-keys.ts';

/** What the owner of a key does with the vault, without any gateway. Every call is signed by `secret`'s account. */
export type AccountTransactions = {
  readonly address: string;
  deposit(account: string, amount: Units, signal?: AbortSignal): Promise<SubmitOutcome>;
  setLimit(perPeriod: Units, signal?: AbortSignal): Promise<SubmitOutcome>;
  requestWithdraw(amount: Units, signal?: AbortSignal): Promise<SubmitOutcome>;
  cancelWithdraw(signal?: AbortSignal): Promise<SubmitOutcome>;
  withdraw(to: string, signal?: AbortSignal): Promise<SubmitOutcome>;
  trust(asset: { code: string; issuer: string }, signal?: AbortSignal): Promise<SubmitOutcome>;
};

export function createAccountTransactions(deps: {
  submitter: Pick<Submitter, 'submit'>;
  vault: string;
  secret: string;
}): AccountTransactions {
  const { submitter, vault, secret } = deps;
  const address = publicKeyOf(secret);
  const own = addressValue(address);
  const call = (fn: string, args: xdr.ScVal[], signal?: AbortSignal) =>
    submitter.submit({ operation: contractCall(vault, fn, args), secret }, signal);
  return {
    address,
    deposit: (account, amount, signal) => call('deposit', [own, addressValue(account), i128Value(amount)], signal),
    setLimit: (perPeriod, signal) => call('set_limit', [own, i128Value(perPeriod)], signal),
    requestWithdraw: (amount, signal) => call('request_withdraw', [own, i128Value(amount)], signal),
    cancelWithdraw: (signal) => call('cancel_withdraw', [own], signal),
    withdraw: (to, signal) => call('withdraw', [own, addressValue(to)], signal),
    trust(asset, signal) {
      const operation = Operation.changeTrust({ asset: new Asset(asset.code, asset.issuer) });
      return submitter.submit({ operation, secret }, signal);
    },
  };
}

/** The vault's payouts: anyone may send them, the money goes where the vault says. */
export function claimOperation(vault: string, payee: string, lane: number): xdr.Operation {
  return contractCall(vault, 'claim', [addressValue(payee), u32Value(lane)]);
}

export function collectFeeOperation(vault: string, payee: string, lane: number): xdr.Operation {
  return contractCall(vault, 'collect_fee', [addressValue(payee), u32Value(lane)]);
}

/** A deposit that the vault takes only once for each sender and `id`. */
export function depositOnceOperation(
  vault: string,
  { from, account, amount, id }: { from: string; account: string; amount: Units; id: bigint },
): xdr.Operation {
  const args = [addressValue(from), addressValue(account), i128Value(amount), u64Value(id)];
  return contractCall(vault, 'deposit_once', args);
}

export function contractCall(contract: string, fn: string, args: xdr.ScVal[]): xdr.Operation {
  return Operation.invokeContractFunction({ contract, function: fn, args });
}

/** Why an address cannot receive the asset now, or what it holds. */
export type AssetHolding =
  | { ok: true; balance: Units }
  | { ok: false; reason: 'no_account' | 'no_trustline' | 'not_authorized' };

/** The `code:issuer` of an asset contract; undefined for a token that is no classic asset. */
export async function readTokenAsset(
  rpc: Rpc,
  token: string,
  signal?: AbortSignal,
): Promise<{ code: string; issuer: string } | undefined> {
  const answer = await viewContract(rpc, token, 'name', [], signal);
  if (!answer.ok || answer.value.type !== 'scvString') return undefined;
  const [code, issuer] = answer.value.str.toString().split(':');
  if (!code || !issuer || !isAccountAddress(issuer)) return undefined;
  const asset = new Asset(code, issuer);
  return asset.contractId(rpc.passphrase) === token ? { code, issuer } : undefined;
}

/** What an account or contract holds of a token; a classic account needs a trustline first. */
export async function readHolding(
  rpc: Rpc,
  token: string,
  holder: string,
  signal?: AbortSignal,
): Promise<AssetHolding> {
  if (isAccountAddress(holder)) {
    const asset = await readTokenAsset(rpc, token, signal);
    if (asset && asset.issuer !== holder) return (await readTrustline(rpc, asset, holder, signal)).holding;
  }
  const answer = await viewContract(rpc, token, 'balance', [addressValue(holder)], signal);
  return answer.ok ? { ok: true, balance: units(readI128(answer.value)) } : { ok: false, reason: 'no_trustline' };
}

/** What an account holds, and since which ledger it has: all that moved it before is in it, and nothing after. */
export async function readTrustline(
  rpc: Pick<Rpc, 'entries'>,
  asset: { code: string; issuer: string },
  holder: string,
  signal?: AbortSignal,
): Promise<{ holding: AssetHolding; sinceLedger: number }> {
  const address = Address.fromString(holder).toScAddress();
  if (address.type !== 'scAddressTypeAccount') throw new Error(`${holder} is no account that has trustlines`);
  const trustline = xdr.LedgerKey.trustline(
    new xdr.LedgerKeyTrustLine({
      accountId: address.accountId,
      asset: new Asset(asset.code, asset.issuer).toTrustLineXDRObject(),
    }),
  );
  const { latestLedger, entries } = await rpc.entries([keyText(accountKey(holder)), keyText(trustline)], signal);
  const found = entries.map(({ dataXdr, modifiedLedger = latestLedger }) => ({
    data: xdr.LedgerEntryData.fromXdr(dataXdr, 'base64'),
    modifiedLedger,
  }));
  if (!found.some(({ data }) => data.type === 'account')) {
    return { holding: { ok: false, reason: 'no_account' }, sinceLedger: latestLedger };
  }
  for (const { data, modifiedLedger } of found) {
    if (data.type !== 'trustline') continue;
    const holding: AssetHolding =
      (data.trustLine.flags & 1) === 1
        ? { ok: true, balance: units(data.trustLine.balance) }
        : { ok: false, reason: 'not_authorized' };
    return { holding, sinceLedger: modifiedLedger };
  }
  return { holding: { ok: false, reason: 'no_trustline' }, sinceLedger: latestLedger };
}
