/** What an invocation moved of assets that Horizon knows: for its accounts, and for contracts on the invoker's. */
import type { xdr } from '@stellar/stellar-sdk';
import type { BalanceChange } from '../balance-changes.ts';
import { type Effect, effectOn, effectOnMuxed } from './effect.ts';

export function contractEffects(changes: readonly BalanceChange[], source: xdr.MuxedAccount): Effect[] {
  return changes.flatMap(({ type: _, from, to, destination_muxed_id: muxedId, ...moved }) => [
    ...(from === undefined ? [] : [party(from, 'debited', moved, source)]),
    ...(to === undefined ? [] : [withMuxedId(party(to, 'credited', moved, source), muxedId)]),
  ]);
}

function party(address: string, how: 'credited' | 'debited', moved: object, source: xdr.MuxedAccount): Effect {
  if (address.startsWith('G')) return effectOn(address, `account_${how}`, { ...moved });
  return effectOnMuxed(source, `contract_${how}`, { contract: address, ...moved });
}

function withMuxedId(effect: Effect, muxedId: string | undefined): Effect {
  return muxedId === undefined ? effect : { ...effect, fields: { ...effect.fields, destination_muxed_id: muxedId } };
}
