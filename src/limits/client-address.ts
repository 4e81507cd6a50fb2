import { readAddress } from './addresses.ts';
import { readForwardedNodes } from './forwarded-field.ts';

/** The proxies whose word on addresses is taken, and where they write it. */
export type TrustedProxies = {
  trusts(address: string): boolean;
  field: 'x-forwarded-for' | 'forwarded';
};

/** Who a request comes from, as far as anyone we trust can tell. */
export type Client = {
  /** Plain address; what lists, rates and the access log go by. */
  address: string;
  /** The trusted proxies behind it, in the order the request went through them; the peer is the last. */
  via: string[];
};

/** A chain of proxies is a handful; a longer one is a loop or an attack. */
const hopsMax = 16;

/**
 * The rule, whole. A peer that is not trusted is the client, whatever fields it sends. Behind a trusted one the field that
 * the proxies write is read from its end: trusted addresses are passed over, and the first that is not trusted is the
 * client. What stands left of it was written by the client and is not even looked at. Where all are trusted, the leftmost
 * is the client; without the field the peer itself is. Undefined when an entry that counts cannot be read: a guess would
 * let someone in under a foreign address.
 */
export function clientOf(peer: string, fields: readonly string[], proxies: TrustedProxies): Client | undefined {
  const via: string[] = [];
  let address = peer;
  if (!proxies.trusts(peer)) return { address, via };
  for (let at = fields.length - 2; at >= 0; at -= 2) {
    const name = fields[at] ?? '';
    if (name.length !== proxies.field.length || name.toLowerCase() !== proxies.field) continue;
    const nodes =
      proxies.field === 'forwarded' ? readForwardedNodes(fields[at + 1] ?? '') : (fields[at + 1] ?? '').split(',');
    if (!nodes) return undefined;
    for (const node of nodes.reverse()) {
      const next = nodeAddress(node.trim());
      if (next === undefined || via.length === hopsMax) return undefined;
      via.unshift(address);
      address = next;
      if (!proxies.trusts(address)) return { address, via };
    }
  }
  return { address, via };
}

/** `192.0.2.1`, `192.0.2.1:4711`, `2001:db8::1`, `[2001:db8::1]` or `[2001:db8::1]:4711`. */
function nodeAddress(node: string): string | undefined {
  const end = node.startsWith('[') ? node.indexOf(']') : -1;
  if (end > 0) return isPort(node.slice(end + 1)) ? readAddress(node.slice(1, end)) : undefined;
  const colon = node.indexOf(':');
  // One colon parts a port from an IPv4 address; more of them are an IPv6 address.
  if (colon < 0 || node.includes(':', colon + 1)) return readAddress(node);
  return isPort(node.slice(colon)) ? readAddress(node.slice(0, colon)) : undefined;
}

function isPort(text: string): boolean {
  return text === '' || /^:[0-9]{1,5}$/.test(text);
}
