import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createAddressSet } from '../../src/limits/addresses.ts';
import { clientOf, type TrustedProxies } from '../../src/limits/client-address.ts';

const trusts = createAddressSet(['10.0.0.0/8', '2001:db8:1::/48']);
const byList: TrustedProxies = { trusts, field: 'x-forwarded-for' };
const byForwarded: TrustedProxies = { trusts, field: 'forwarded' };

const xff = (...lines: string[]) => lines.flatMap((line) => ['X-Forwarded-For', line]);
const forwarded = (...lines: string[]) => lines.flatMap((line) => ['Forwarded', line]);

describe('the client of a request', () => {
  it('is a peer that is not trusted, whatever it sends', () => {
    const fields = [...xff('10.0.0.1', 'nonsense'), ...forwarded('for=10.0.0.1')];
    expect(clientOf('192.0.2.1', fields, byList)).toEqual({ address: '192.0.2.1', via: [] });
    expect(clientOf('192.0.2.1', fields, byForwarded)).toEqual({ address: '192.0.2.1', via: [] });
  });

  it('is the first address from the right that is not trusted', () => {
    expect(clientOf('10.0.0.9', xff('8.8.8.8, 192.0.2.1, 10.0.0.2'), byList)).toEqual({
      address: '192.0.2.1',
      via: ['10.0.0.2', '10.0.0.9'],
    });
    expect(clientOf('10.0.0.9', xff('8.8.8.8', '192.0.2.1', '10.0.0.2'), byList)?.address).toBe('192.0.2.1');
  });

  it('is the leftmost where all are trusted, and a trusted peer itself without the field', () => {
    expect(clientOf('10.0.0.9', xff('10.0.0.1, 10.0.0.2'), byList)?.address).toBe('10.0.0.1');
    expect(clientOf('10.0.0.9', [], byList)).toEqual({ address: '10.0.0.9', via: [] });
  });

  it('is read from the configured field alone', () => {
    const fields = [...xff('192.0.2.1'), ...forwarded('for=198.51.100.1')];
    expect(clientOf('10.0.0.9', fields, byList)?.address).toBe('192.0.2.1');
    expect(clientOf('10.0.0.9', fields, byForwarded)?.address).toBe('198.51.100.1');
    expect(clientOf('10.0.0.9', ['X_Forwarded_For', '192.0.2.1'], byList)?.address).toBe('10.0.0.9');
  });

  it.each([
    ['192.0.2.1:4711', '192.0.2.1'],
    ['2001:DB8::1', '2001:db8::1'],
    ['[2001:db8::1]', '2001:db8::1'],
    ['[2001:db8::1]:4711', '2001:db8::1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['::FFFF:c000:201', '192.0.2.1'],
  ])('written as %s is %s', (text, address) => {
    expect(clientOf('10.0.0.9', xff(text), byList)?.address).toBe(address);
    expect(clientOf('10.0.0.9', forwarded(`proto=https; FOR="${text}" ;by=_x`), byForwarded)?.address).toBe(address);
  });

  it.each(['', 'unknown', '192.0.2', '192.0.2.1:', '192.0.2.1:x', '[::1', '[::1]x', 'fe80::1%eth0', '192.0.2.1,'])(
    'is unknown when a trusted proxy wrote "%s"',
    (text) => {
      expect(clientOf('10.0.0.9', xff(text), byList)).toBeUndefined();
    },
  );

  it.each([
    'for=unknown',
    'for=_hidden',
    'by=10.0.0.1',
    'for="192.0.2.1',
    'for=192.0.2.1;for=8.8.8.8',
    'for = 192.0.2.1',
    'for=192.0.2.1,',
    'for=192.0.2.1;',
    'for=192.0.2.1 for=8.8.8.8',
  ])('is unknown when a trusted proxy wrote %s', (text) => {
    expect(clientOf('10.0.0.9', forwarded(text), byForwarded)).toBeUndefined();
  });

  it('is unknown behind more proxies than anyone has', () => {
    expect(clientOf('10.0.0.9', xff(Array.from({ length: 40 }, () => '10.0.0.1').join(',')), byList)).toBeUndefined();
  });
});

/** What a client may write to seem to be someone else. */
const garbage = fc.oneof(
  fc.string(),
  fc
    .array(fc.constantFrom('10.0.0.1', '8.8.8.8', '[::1]', 'for=8.8.8.8', '"', '\\', ',', ';', '=', ' ', 'for="'))
    .map((parts) => parts.join('')),
);
const proxies = fc.array(fc.constantFrom('10.0.0.1', '10.3.2.1', '2001:db8:1::7'), { minLength: 1, maxLength: 4 });
const client = fc.constantFrom('192.0.2.7', '198.51.100.3', '2001:db8:2::1');

describe('no client changes the address it is seen under', () => {
  it('through proxies that go on with X-Forwarded-For, in one line or in more', () => {
    fc.assert(
      fc.property(garbage, client, proxies, fc.boolean(), (written, address, chain, oneLine) => {
        const entries = [address, ...chain.slice(0, -1)];
        const fields = oneLine ? xff([written, ...entries].join(', ')) : xff(written, ...entries);
        expect(clientOf(chain.at(-1) ?? '', fields, byList)?.address).toBe(address);
      }),
    );
  });

  it('through proxies that go on with Forwarded: it is seen as itself or refused', () => {
    const node = (address: string) => (address.includes(':') ? `for="[${address}]"` : `for=${address}`);
    fc.assert(
      fc.property(garbage, client, proxies, fc.boolean(), (written, address, chain, oneLine) => {
        const entries = [address, ...chain.slice(0, -1)].map(node);
        const fields = oneLine ? forwarded([written, ...entries].join(', ')) : forwarded(written, ...entries);
        expect([address, undefined]).toContain(clientOf(chain.at(-1) ?? '', fields, byForwarded)?.address);
        if (!oneLine) expect(clientOf(chain.at(-1) ?? '', fields, byForwarded)?.address).toBe(address);
      }),
      { numRuns: 2_000 },
    );
  });

  it('when it calls without a proxy', () => {
    fc.assert(
      fc.property(fc.array(garbage), client, (lines, address) => {
        for (const rule of [byList, byForwarded]) {
          expect(clientOf(address, [...xff(...lines), ...forwarded(...lines)], rule)?.address).toBe(address);
        }
      }),
    );
  });
});
