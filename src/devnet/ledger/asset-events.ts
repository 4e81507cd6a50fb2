/**
 * Classic movements as the events their asset's contract would emit (CAP-67), so that one event stream tells of
 * every movement.
 */
import { Address, Asset, nativeToScVal, xdr } from '@stellar/stellar-sdk';
import { accountOf, accountText } from './envelope.ts';
import type { Network } from './network.ts';

/** Memos of classic payments stand in for the number of a sub-account. */
export type Transfer = {
  asset: Asset;
  from: Holder;
  to: Holder;
  amount: bigint;
  memo: xdr.Memo;
};

/** Who holds an asset: an account, or a claimable balance that is nobody's yet. */
export type Holder = xdr.MuxedAccount | xdr.ClaimableBalanceId;

/** A payment from or to the issuer makes or ends money: mint and burn. */
export function transferEvent(transfer: Transfer, network: Network): xdr.ContractEvent {
  const { asset, amount } = transfer;
  const issuer = asset.isNative() ? undefined : asset.getIssuer();
  const [from, to] = [holderAddress(transfer.from), holderAddress(transfer.to)];
  const fromIssuer = isAccount(transfer.from, issuer);
  const toIssuer = isAccount(transfer.to, issuer);
  if (fromIssuer && !toIssuer) {
    return assetEvent(network, asset, 'mint', [to], movedData(transfer, amount));
  }
  if (toIssuer && !fromIssuer) return assetEvent(network, asset, 'burn', [from], i128(amount));
  return assetEvent(network, asset, 'transfer', [from, to], movedData(transfer, amount));
}

/** What an issuer took back, from an account or from a claimable balance. */
export function clawbackEvent(asset: Asset, from: Holder, amount: bigint, network: Network): xdr.ContractEvent {
  return assetEvent(network, asset, 'clawback', [holderAddress(from)], i128(amount));
}

/** What an issuer let a holder do: anything, or less than that. */
export function setAuthorizedEvent(
  asset: Asset,
  holder: xdr.PublicKey,
  authorized: boolean,
  network: Network,
): xdr.ContractEvent {
  return assetEvent(network, asset, 'set_authorized', [address(accountText(holder))], xdr.ScVal.scvBool(authorized));
}

/** The fee of a transaction; a refund is a negative fee. */
export function feeEvent(network: Network, payer: xdr.PublicKey, amount: bigint): xdr.ContractEvent {
  const topics = [symbol('fee'), address(accountText(payer))];
  return contractEvent(Asset.native().contractId(network.passphrase), topics, i128(amount));
}

function assetEvent(network: Network, asset: Asset, kind: string, parties: xdr.ScVal[], data: xdr.ScVal) {
  const name = asset.isNative() ? 'native' : `${asset.getCode()}:${asset.getIssuer()}`;
  const topics = [symbol(kind), ...parties, xdr.ScVal.scvString(name)];
  return contractEvent(asset.contractId(network.passphrase), topics, data);
}

function contractEvent(contractId: string, topics: xdr.ScVal[], data: xdr.ScVal): xdr.ContractEvent {
  return new xdr.ContractEvent({
    ext: xdr.ExtensionPoint.v0(),
    contractId: new xdr.ContractId(new Address(contractId).toBuffer()),
    type: xdr.ContractEventType.contract,
    body: xdr.ContractEventBody.v0(new xdr.ContractEventV0({ topics, data })),
  });
}

/** The amount alone, or a map where it goes to a sub-account or the payment has a memo. */
function movedData({ to, memo }: Transfer, amount: bigint): xdr.ScVal {
  if (to.type === 'claimableBalanceIdTypeV0') return i128(amount);
  const toId = to.type === 'keyTypeMuxedEd25519' ? xdr.ScVal.scvU64(to.med25519.id) : memoValue(memo);
  if (!toId) return i128(amount);
  return xdr.ScVal.scvMap([entry('amount', i128(amount)), entry('to_muxed_id', toId)]);
}

function memoValue(memo: xdr.Memo): xdr.ScVal | undefined {
  switch (memo.type) {
    case 'memoNone':
      return undefined;
    case 'memoText':
      return xdr.ScVal.scvString(memo.text);
    case 'memoId':
      return xdr.ScVal.scvU64(memo.id);
    case 'memoHash':
      return xdr.ScVal.scvBytes(memo.hash.value);
    case 'memoReturn':
      return xdr.ScVal.scvBytes(memo.retHash.value);
  }
}

function entry(key: string, val: xdr.ScVal): xdr.ScMapEntry {
  return new xdr.ScMapEntry({ key: symbol(key), val });
}

/** The number of a sub-account is no part of the address. */
function holderAddress(holder: Holder): xdr.ScVal {
  if (holder.type !== 'claimableBalanceIdTypeV0') return address(accountText(accountOf(holder)));
  return xdr.ScVal.scvAddress(xdr.ScAddress.scAddressTypeClaimableBalance(holder));
}

function isAccount(holder: Holder, account: string | undefined): boolean {
  return holder.type !== 'claimableBalanceIdTypeV0' && accountText(accountOf(holder)) === account;
}

function symbol(text: string): xdr.ScVal {
  return xdr.ScVal.scvSymbol(text);
}

function address(text: string): xdr.ScVal {
  return new Address(text).toScVal();
}

function i128(amount: bigint): xdr.ScVal {
  return nativeToScVal(amount, { type: 'i128' });
}
