/** What an invocation moved of assets that Horizon knows, told by the events of their contracts. */
import { Address, Asset, scValToNative, type xdr } from '@stellar/stellar-sdk';
import { type AssetFields, amountText, assetFields } from './amounts.ts';

export type BalanceChange = AssetFields & {
  type: string;
  from?: string;
  to?: string;
  amount: string;
  destination_muxed_id?: string;
};

const MOVEMENTS = ['transfer', 'mint', 'burn', 'clawback'];

export function balanceChanges(events: readonly xdr.ContractEvent[], passphrase: string): BalanceChange[] {
  return events.flatMap((event) => balanceChange(event, passphrase) ?? []);
}

/** Undefined for events of other contracts, whatever they look like: anyone can emit a `transfer`. */
function balanceChange(event: xdr.ContractEvent, passphrase: string): BalanceChange | undefined {
  const { topics, data } = event.body.v0;
  const [kindTopic, ...rest] = topics;
  const assetTopic = rest.at(-1);
  const asset = assetTopic?.type === 'scvString' ? parseAsset(assetTopic.str.toString()) : undefined;
  if (kindTopic?.type !== 'scvSymbol' || !asset || !event.contractId) return undefined;
  const contract = Address.contract(event.contractId.toBytes()).toString();
  const type = kindTopic.sym.toString();
  if (contract !== asset.contractId(passphrase) || !MOVEMENTS.includes(type)) return undefined;
  const parties = rest.slice(0, -1).map(addressText);
  const moved = movedAmount(data);
  if (!moved || parties.some((party) => party === undefined)) return undefined;
  const [first, second] = parties;
  return {
    ...assetFields(asset),
    type,
    ...partyFields(type, first, second),
    amount: amountText(moved.amount),
    ...(moved.muxedId === undefined ? {} : { destination_muxed_id: moved.muxedId }),
  };
}

function partyFields(type: string, first: string | undefined, second: string | undefined) {
  if (type === 'mint') return first === undefined ? {} : { to: first };
  return { ...(first === undefined ? {} : { from: first }), ...(second === undefined ? {} : { to: second }) };
}

function addressText(value: xdr.ScVal): string | undefined {
  return value.type === 'scvAddress' ? Address.fromScVal(value).toString() : undefined;
}

function movedAmount(data: xdr.ScVal): { amount: bigint; muxedId: string | undefined } | undefined {
  const value: unknown = scValToNative(data);
  if (typeof value === 'bigint') return { amount: value, muxedId: undefined };
  if (typeof value !== 'object' || value === null || !('amount' in value)) return undefined;
  const { amount } = value;
  if (typeof amount !== 'bigint') return undefined;
  const muxedId = 'to_muxed_id' in value && typeof value.to_muxed_id === 'bigint' ? value.to_muxed_id : undefined;
  return { amount, muxedId: muxedId?.toString() };
}

function parseAsset(text: string): Asset | undefined {
  if (text === 'native') return Asset.native();
  const [code, issuer] = text.split(':');
  try {
    return code && issuer ? new Asset(code, issuer) : undefined;
  } catch {
    return undefined;
  }
}
