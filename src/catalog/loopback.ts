import { BlockList, isIP } from 'node:net';

/** The names and addresses that never leave the machine, as a listener names them or as a URL does. */
export function isLoopback(host: string): boolean {
  if (host.toLowerCase() === 'localhost') return true;
  const address = host.replace(/^\[|\]$/g, '');
  const version = isIP(address);
  return version !== 0 && addresses.check(address, version === 4 ? 'ipv4' : 'ipv6');
}

/** An IPv4 address in IPv6 clothes is found among those of IPv4. */
const addresses = new BlockList();
addresses.addSubnet('127.0.0.0', 8, 'ipv4');
addresses.addAddress('::1', 'ipv6');
