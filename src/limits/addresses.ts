import { BlockList, isIP } from 'node:net';

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
      const plain = plainAddress(address);
      const family = isIP(plain) === 6 ? 'ipv6' : 'ipv4';
      if (blocked?.check(plain, family)) return false;
      return allowed ? allowed.check(plain, family) : true;
    },
  };
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
