import { describe, expect, it } from 'vitest';
import { checkPrices } from '../../src/cli/check-prices.ts';
import { makeConfig } from '../gateway/make-config.ts';

/** Two mounts over one part of a server are two prices for it, which somebody should have meant. */

const origin = 'http://up:9000';
const found = (...specs: Parameters<typeof makeConfig>[0]) =>
  checkPrices(makeConfig(specs)).map(({ state, detail }) => `${state}: ${detail}`);

const cheap = { origin, mount: '/weather', price: '0.0005' };
const maps = {
  origin,
  mount: '/maps',
  list: [
    { match: 'GET /tiles/:z', price: '1' },
    { match: 'POST /tiles/:z', price: '2' },
    { match: 'GET /free', price: '0' },
  ],
};

describe('a check of prices', () => {
  it('tells of a listed route that another API of the same server sells for less', () => {
    expect(found(cheap, maps)).toEqual([
      'warn: GET /weather/tiles/:z costs 0.0005 and reaches what GET /maps/tiles/:z sells for 1 (and 1 more of api1): list it in api0 too, or give the two APIs parts of http://up:9000 of their own',
    ]);
  });

  it('tells of one that another API gives to anyone', () => {
    const open = { origin, mount: '/weather', list: [{ match: 'GET /*', price: '0', auth: 'none' as const }] };
    const closed = { ...maps, list: [{ match: 'GET /x', price: '0' }] };
    expect(found(open, closed)[0]).toMatch(/^warn: GET \/weather\/x is open to anyone and reaches what GET \/maps\/x/);
  });

  it.each([
    ['is listed in both', [{ ...cheap, list: maps.list.map(({ match }) => ({ match, price: '0.1' })) }, maps]],
    ['costs no more there', [{ ...cheap, price: '5' }, maps]],
    ['is not sold by the other', [{ origin, mount: '/weather', list: [{ match: 'GET /now', price: '0.1' }] }, maps]],
    ['is on another server', [{ ...cheap, origin: 'http://up:9001' }, maps]],
    ['is in another part of the server', [{ ...cheap, basePath: '/weather' }, maps]],
    ['is in a part of what the other has, where such calls are refused', [cheap, { ...maps, basePath: '/maps' }]],
    ['is only the price of unlisted paths', [cheap, { ...cheap, mount: '/more', price: '1' }]],
    [
      'is a WebSocket',
      [cheap, { origin, mount: '/l', list: [{ match: 'GET /l', price: '1', websocket: 'message' as const }] }],
    ],
  ])('says nothing when such a route %s', (_, specs) => {
    expect(found(...specs)).toEqual([]);
  });
});
