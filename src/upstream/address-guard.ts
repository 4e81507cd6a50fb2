import dns, { type LookupAddress } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { isPublicAddress } from '../public-address.ts';
import { UpstreamError } from './upstream-error.ts';

/** Asks the system for every address of a name. */
export type Resolve = (
  name: string,
  options: dns.LookupAllOptions,
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

/**
 * Node's question for the addresses of a name, once per connection. Every one of them is looked at, and Node dials
 * those that are returned here and no others: a name that answers otherwise a moment later leads nowhere else. A name
 * with one private address among public ones is refused whole. Node does not ask about an address that stands in the
 * URL: then the catalog itself has named it.
 */
export function guardedLookup(allowPrivate: boolean, resolve: Resolve = dns.lookup): LookupFunction {
  return (name, options, callback) => {
    resolve(name, { ...options, all: true }, (error, addresses) => {
      if (error) return callback(error, []);
      const inside = allowPrivate || isLocalhost(name) ? undefined : addresses.find(isPrivate);
      if (inside) return callback(forbidden(name, inside.address), []);
      const [first] = addresses;
      if (!first) return callback(new UpstreamError('dns', `${name} has no address`), []);
      if (options.all) callback(null, addresses);
      else callback(null, first.address, first.family);
    });
  };
}

function isPrivate({ address }: LookupAddress): boolean {
  return !isPublicAddress(address);
}

/** The one name that says by itself where it leads. */
function isLocalhost(name: string): boolean {
  return name === 'localhost' || name.endsWith('.localhost');
}

function forbidden(name: string, address: string): UpstreamError {
  const remedy = 'allow_private: true on the API lets it';
  return new UpstreamError(
    'address_forbidden',
    `${name} leads to ${address}, which is not a public address; ${remedy}`,
  );
}
