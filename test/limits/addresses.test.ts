import { describe, expect, it } from 'vitest';
import {
  addressGroup,
  createAddressGuard,
  createAddressSet,
  plainAddress,
  readAddress,
} from '../../src/limits/addresses.ts';

describe('an address guard', () => {
  it('without lists lets everyone in', () => {
    const guard = createAddressGuard({ block: [], allow: [] });
    expect([guard.admits('192.0.2.1'), guard.admits('2001:db8::1')]).toEqual([true, true]);
  });

  it('keeps blocked addresses and ranges out', () => {
    const guard = createAddressGuard({ block: ['192.0.2.7', '198.51.100.0/24', '2001:db8::/32'], allow: [] });
    const admitted = ['192.0.2.7', '192.0.2.8', '198.51.100.200', '2001:db8:1::1', '2001:db9::1'].filter(guard.admits);
    expect(admitted).toEqual(['192.0.2.8', '2001:db9::1']);
  });

  it('with allowed addresses lets only those in, and blocking wins', () => {
    const guard = createAddressGuard({ block: ['192.0.2.7'], allow: ['192.0.2.0/24'] });
    expect(['192.0.2.1', '192.0.2.7', '203.0.113.1', '::1'].filter(guard.admits)).toEqual(['192.0.2.1']);
  });

  it('knows an IPv4 client of a dual-stack socket by its own address', () => {
    const guard = createAddressGuard({ block: ['192.0.2.7'], allow: [] });
    expect(guard.admits('::ffff:192.0.2.7')).toBe(false);
    expect([plainAddress('::ffff:192.0.2.7'), plainAddress('::1')]).toEqual(['192.0.2.7', '::1']);
  });

  it('does not let an address through that it cannot read when a list allows', () => {
    expect(createAddressGuard({ block: [], allow: ['192.0.2.1'] }).admits('')).toBe(false);
  });

  it.each(['nonsense', '192.0.2.1/33', '192.0.2.1/', '192.0.2.1/x', '2001:db8::/129', '', '192.0.2'])(
    'refuses to be made from %s',
    (entry) => {
      expect(() => createAddressGuard({ block: [entry], allow: [] })).toThrow('is not an address or CIDR range');
    },
  );
});

describe('an address', () => {
  it('counts by itself with IPv4 and by its line of /64 with IPv6', () => {
    expect(addressGroup('192.0.2.1')).toBe('192.0.2.1');
    const line = ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::', '2001:db8:1:2:ffff::1'].map(addressGroup);
    expect(new Set(line)).toEqual(new Set(['2001:db8:1:2::/64']));
    expect(['2001:db8::1', '::1', '2001:db8:1::5'].map(addressGroup)).toEqual([
      '2001:db8:0:0::/64',
      '0:0:0:0::/64',
      '2001:db8:1:0::/64',
    ]);
  });

  it('has one spelling, and none with a zone', () => {
    expect(['192.0.2.1', '2001:DB8:0::1', '::ffff:c000:201', 'fe80::1%eth0', '192.0.2', ''].map(readAddress)).toEqual([
      '192.0.2.1',
      '2001:db8::1',
      '192.0.2.1',
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('is in no empty set', () => {
    expect([createAddressSet([])('192.0.2.1'), createAddressSet(['192.0.2.0/24'])('192.0.2.1')]).toEqual([false, true]);
  });
});
