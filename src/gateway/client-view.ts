import { addressGroup } from '../limits/addresses.ts';
import type { Client } from '../limits/client-address.ts';

/** A client in the forms that every request needs: made once per connection, and per request behind a trusted proxy. */
export type ClientView = {
  /** Plain address; lists, the access log and the gateway's own pages go by it. */
  address: string;
  /** What it counts as where addresses are counted. */
  group: string;
  /** For X-Forwarded-For: the client, then the trusted proxies behind it. */
  forwardedFor: string;
  /** The first element of Forwarded, to which host and proto belong, and the elements behind it. */
  forwardedFirst: string;
  forwardedRest: string;
};

export function clientView({ address, via }: Client): ClientView {
  return {
    address,
    group: addressGroup(address),
    forwardedFor: [address, ...via].join(', '),
    forwardedFirst: forwardedNode(address),
    forwardedRest: via.map((proxy) => `, ${forwardedNode(proxy)}`).join(''),
  };
}

/** RFC 7239 wants IPv6 addresses bracketed and quoted. */
function forwardedNode(address: string): string {
  return address.includes(':') ? `for="[${address}]"` : `for=${address}`;
}
