/** What of history was looked at last, decoded: history itself is kept as XDR. */
import { readEnvelope, type SignedTransaction } from './envelope.ts';
import type { Network } from './network.ts';

export type Decoded = {
  envelope(hash: string, envelope: Uint8Array): SignedTransaction;
  /** The list that `decode` makes for this owner, kept as long as there is room. */
  list<Item>(owner: object, decode: () => readonly Item[]): readonly Item[];
};

/** Transactions kept decoded: pages of history are looked at by several requests, and hold at most 200. */
const ENVELOPES_KEPT = 1_000;

/** Items of lists kept decoded. Events, at about 1 kB: 50 MB. */
const ITEMS_KEPT = 50_000;

export function createDecoded(network: Network): Decoded {
  const envelopes = new Map<string, SignedTransaction>();
  const lists = new Map<object, readonly unknown[]>();
  let items = 0;
  return {
    envelope(hash, envelope) {
      const known = envelopes.get(hash);
      if (known) return known;
      const signed = readEnvelope(envelope, network);
      envelopes.set(hash, signed);
      if (envelopes.size > ENVELOPES_KEPT) dropFirst(envelopes);
      return signed;
    },
    list<Item>(owner: object, decode: () => readonly Item[]): readonly Item[] {
      const known = lists.get(owner);
      if (known) return known as readonly Item[];
      const list = decode();
      lists.set(owner, list);
      items += list.length;
      while (items > ITEMS_KEPT && lists.size > 1) items -= dropFirst(lists)?.length ?? 0;
      return list;
    },
  };
}

/** The one that has been in it longest. */
function dropFirst<Key, Value>(map: Map<Key, Value>): Value | undefined {
  for (const [key, value] of map) {
    map.delete(key);
    return value;
  }
  return undefined;
}
