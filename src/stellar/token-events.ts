import { xdr } from '@stellar/stellar-sdk/base';
import type { Units } from '../money.ts';
import { addressValue, readAddress, readStruct, readSymbol } from './contract-values.ts';
import type { BrokenEvent, RawEvent } from './rpc-answers.ts';
import type { EventPlace, UnreadableEvent } from './vault-events.ts';
import { readUnits } from './vault-views.ts';

/** A transfer of the token, as its contract told it. */
export type TransferEvent = EventPlace & { kind: 'transfer'; from: string; to: string; amount: Units };

/** The topic pattern of all transfers to one holder; the asset's name may follow. */
export function transfersTo(holder: string): string[][] {
  return [[xdr.ScVal.scvSymbol('transfer').toXdr('base64'), '*', addressValue(holder).toXdr('base64'), '**']];
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
    const [name, from, to] = raw.topicsXdr.map((topic) => xdr.ScVal.fromXdr(topic, 'base64'));
    if (!name || !from || !to || readSymbol(name) !== 'transfer') throw new Error('not a transfer');
    const data = xdr.ScVal.fromXdr(raw.valueXdr, 'base64');
    // A plain number, or a map when a memo or muxed id came with it.
    const amount = readUnits(data.type === 'scvMap' ? readStruct(data).field('amount') : data);
    return { ...place, kind: 'transfer', from: readAddress(from), to: readAddress(to), amount };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    return { ...place, kind: 'unreadable', reason, raw: JSON.stringify(raw).slice(0, 4_000) };
  }
}
