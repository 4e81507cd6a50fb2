import { BlockList, isIP, SocketAddress } from 'node:net';

/** Says which client addresses may call at all. */
export type AddressGuard = { admits(address: string): boolean };

/**
 * Compiles lists of addresses and CIDR ranges. A blocked address is out even when it is also allowed. An empty allow
 * list lets everyone in, by the meaning of the setting; an entry that cannot be read throws, since a guard that
 * ignores a typing error fails open.
 */
export function createAddressGuard(lists: { block: string[]; allow: string[] }): AddressGuard {
  const blocked = compile(lists.block);
  const allowed = compile(lists.allow);
  return {
    admits(address) {
      if (blocked && has(blocked, address)) return false;
      return allowed ? has(allowed, address) : true;
    },
  };
}

/** True for addresses in the list; with an empty list for none. */
export function createAddressSet(entries: string[]): (address: string) => boolean {
  const list = compile(entries);
  return (address) => list !== undefined && has(list, address);
}

function has(list: BlockList, address: string): boolean {
  const plain = plainAddress(address);
  return list.check(plain, isIP(plain) === 6 ? 'ipv6' : 'ipv4');
}

function compile(entries: string[]): BlockList | undefined {
  if (entries.length === 0) return undefined;
  const list = new BlockList();
  for (const entry of entries) {
    const slash = entry.indexOf('/');
    const address = slash < 0 ? entry : entry.slice(0, slash);
    const version = isIP(address);
    if (version === 0) throw new Error(`"${entry}" is not an address or CIDR range`);
    const family = version === 6 ? 'ipv6' : 'ipv4';
    if (slash < 0) {
      list.addAddress(address, family);
      continue;
    }
    const prefix = Number(entry.slice(slash + 1));
    const prefixMax = version === 6 ? 128 : 32;
    if (!/^\d{1,3}$/.test(entry.slice(slash + 1)) || prefix > prefixMax) {
      throw new Error(`"${entry}" is not an address or CIDR range`);
    }
    list.addSubnet(address, prefix, family);
  }
  return list;
}

/** An IPv4 client of a dual-stack socket shows as `::ffff:192.0.2.1`; lists and headers use the plain form. */
export function plainAddress(address: string): string {
  return address.startsWith('::ffff:') && isIP(address.slice(7)) === 4 ? address.slice(7) : address;
}

/** The one spelling of an address that somebody wrote; undefined for what is none, or names a zone. */
export function readAddress(text: string): string | undefined {
  switch (text.includes('%') ? 0 : isIP(text)) {
    case 4:
      return text;
    case 6:
      return plainAddress(new SocketAddress({ address: text, family: 'ipv6' }).address);
    default:
      return undefined;
  }
}

/**
 * What counts as one client where calls or connections are counted: an IPv4 address, or the /64 of an IPv6 one, which is
 * what a single line is given at the least. By the address alone one client would be as many as it likes.
 */
export function addressGroup(address: string): string {
  if (!address.includes(':')) return address;
  const [head = '', tail] = address.split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const missing = tail === undefined ? 0 : 8 - left.length - right.length;
  const groups = [...left, ...Array.from({ length: missing }, () => '0'), ...right];
  return `${groups.slice(0, 4).join(':')}::/64`;
}
