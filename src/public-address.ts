import { BlockList, isIP } from 'node:net';

/**
 * Whether an address is one of the open internet. IPv4: all but the special registries; IPv6: only the block that is
 * given out, without what wraps an IPv4 address or is set aside in it. What cannot be read is not public.
 */
export function isPublicAddress(address: string): boolean {
  const version = isIP(address);
  // A zone (`fe80::1%eth0`) names an interface of this machine.
  if (version === 0 || address.includes('%')) return false;
  if (version === 4) return !special4.check(address, 'ipv4');
  return global6.check(address, 'ipv6') && !special6.check(address, 'ipv6');
}

/** RFC 6890 and its updates: this network, private, shared (CGNAT), loopback, link-local, documentation, multicast… */
const special4 = listOf('ipv4', [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
]);

const global6 = listOf('ipv6', [['2000::', 3]]);

/** Protocol assignments with Teredo, documentation, 6to4, documentation again. */
const special6 = listOf('ipv6', [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
]);

function listOf(family: 'ipv4' | 'ipv6', ranges: [address: string, prefix: number][]): BlockList {
  const list = new BlockList();
  for (const [address, prefix] of ranges) list.addSubnet(address, prefix, family);
  return list;
}
