import { xdr } from '@stellar/stellar-sdk/base';
import type { Units } from '../money.ts';
import { addressValue, readAddress, readStruct, readSymbol } from './contract-values.ts';
import type { BrokenEvent, RawEvent } from './rpc-answers.ts';
import type { EventPlace, UnreadableEvent } from './vault-events.ts';
import { readUnits } from './vault-views.ts';

/** A transfer of the token, as its contract told it. */
export type TransferEvent = EventPlace & { kind: 'transfer'; from: string; to: string; amount: Units };

/** The topic patterns of all transfers to one holder, the issuer's `mint` among them; the asset's name may follow. */
export function transfersTo(holder: string): string[][] {
  const name = (text: string) => xdr.ScVal.scvSymbol(text).toXdr('base64');
  const to = addressValue(holder).toXdr('base64');
  return [
    [name('transfer'), '*', to, '**'],
    [name('mint'), to, '**'],
  ];
}

/** Never throws: what is odd becomes `unreadable`. */
export function decodeTransfer(raw: RawEvent | BrokenEvent): TransferEvent | UnreadableEvent {
  if ('broken' in raw) {
    const place = {
      id: raw.id ?? `unnamed-transfer-${raw.ledger ?? 0}`,
      ledger: raw.ledger ?? 0,
      closedAtMs: 0,
      txHash: '',
    };
    return { ...place, kind: 'unreadable', reason: 'the record lacks fields that every event has', raw: raw.text };
  }
  const { id, ledger, closedAtMs, txHash } = raw;
  const place = { id, ledger, closedAtMs, txHash };
  try {
    const [name, ...rest] = raw.topicsXdr.map((topic) => xdr.ScVal.fromXdr(topic, 'base64'));
    const { from, to } = readParties(name && readSymbol(name), rest);
    const data = xdr.ScVal.fromXdr(raw.valueXdr, 'base64');
    // A plain number, or a map when a memo or muxed id came with it.
    const amount = readUnits(data.type === 'scvMap' ? readStruct(data).field('amount') : data);
    return { ...place, kind: 'transfer', from, to, amount };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    return { ...place, kind: 'unreadable', reason, raw: JSON.stringify(raw).slice(0, 4_000) };
  }
}

/** What the issuer sends is minted: who that is, the asset's name tells. A token of another kind names nobody. */
function readParties(name: string | undefined, [first, second]: xdr.ScVal[]): { from: string; to: string } {
  if (name === 'transfer' && first && second) return { from: readAddress(first), to: readAddress(second) };
  if (name !== 'mint' || !first) throw new Error('not a transfer');
  const issuer = second?.type === 'scvString' ? second.value.toString().split(':')[1] : undefined;
  return { from: issuer ?? '', to: readAddress(first) };
}
