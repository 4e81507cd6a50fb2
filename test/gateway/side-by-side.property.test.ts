import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readTarget } from '../../src/gateway/path.ts';
import { createReadings } from '../../src/gateway/readings.ts';
import { change, changed, readerChain, readingsOf } from '../support/path-spellings.ts';
import { makeConfig } from './make-config.ts';

/** Several APIs of one server: what is sold of one of them never arrives, by any reading, where a dearer one is sold. */

type Sold = { mount: string; place: string; price: number };

const origin = 'http://127.0.0.1:9';

/** Neither beneath the other, on the server or before it. */
const siblings: Sold[] = [
  { mount: '/a', place: '/x', price: 1 },
  { mount: '/b', place: '/y', price: 5_000 },
  { mount: '/c', place: '/dir/one', price: 2 },
  { mount: '/d', place: '/dir/two', price: 5_000 },
];

/** Side by side before the gateway, one within the other on the server. */
const nested: Sold[] = [
  { mount: '/all', place: '', price: 1 },
  { mount: '/gold', place: '/y', price: 5_000 },
  { mount: '/part', place: '/dir', price: 2 },
  { mount: '/deep', place: '/dir/two', price: 5_000 },
  { mount: '/deeper', place: '/dir/two/x', price: 9_000 },
];

/** What the gateway makes of a target: the price and the path it would forward, or nothing where it refuses. */
function gatewayOf(sold: Sold[]) {
  const { routes, apis } = makeConfig(
    sold.map(({ mount, place, price }) => ({
      origin,
      mount,
      basePath: place,
      price: `${price / 1_000}`,
      payee: 'GP',
      encodedSlash: true,
    })),
  );
  const readings = createReadings();
  return (target: string) => {
    const read = readTarget(target, 8_192);
    if (!read.ok) return undefined;
    const { path, lenient } = read.target;
    const match = routes.match('GET', path);
    if (match.kind !== 'route' || readings.isDearer('GET', match.rest, !lenient, match.route, apis)) return undefined;
    const { route, rest } = match;
    return { route, paid: Number(route.priceUnits) / 10_000, forwarded: route.api.upstream.basePath + rest || '/' };
  };
}

/** The API of the innermost place that a path on the server lies in. */
function ownerOf(sold: Sold[], path: string): Sold | undefined {
  const within = sold.filter(({ place }) => path === place || path.startsWith(`${place}/`));
  return within.sort((a, b) => b.place.length - a.place.length)[0];
}

const tails = [
  '',
  '/',
  '/z',
  '/y',
  '/y/z',
  '/dir/two',
  '/dir/two/x/z',
  '/two/z',
  '/two/x',
  '/x',
  '/../y/z',
  '/../../y',
];

function targetOf(sold: Sold[]): fc.Arbitrary<string> {
  const mount = fc.constantFrom(...sold.map((each) => each.mount));
  return fc
    .tuple(mount, fc.constantFrom(...tails), fc.array(change, { maxLength: 4 }))
    .map(([prefix, tail, changes]) => prefix + changes.reduce(changed, tail));
}

describe('APIs side by side on one server', () => {
  it.each([
    ['with places of their own: no reading of a path leaves the place that it is sold of', siblings],
    ['one within the place of another: no reading of a path arrives at a dearer one than was paid', nested],
  ])('%s', (_, sold) => {
    const gateway = gatewayOf(sold);
    const passed = new Map<string, number>();
    fc.assert(
      fc.property(targetOf(sold), readerChain, (target, names) => {
        const call = gateway(target);
        if (!call) return;
        const { mount, upstream } = call.route.api;
        passed.set(mount, (passed.get(mount) ?? 0) + 1);
        for (const [reader, read] of readingsOf(call.forwarded, names)) {
          const owner = ownerOf(sold, read);
          const what = { target, reader, read };
          if (sold === siblings)
            expect({ ...what, place: owner?.place }).toEqual({ ...what, place: upstream.basePath });
          expect({ ...what, dearer: (owner?.price ?? 0) > call.paid + 0.5 }).toEqual({ ...what, dearer: false });
        }
      }),
      { numRuns: 20_000 },
    );
    // Nothing is shown by a gateway that refuses everything.
    for (const { mount } of sold) expect([mount, (passed.get(mount) ?? 0) > 200]).toEqual([mount, true]);
  });
});
