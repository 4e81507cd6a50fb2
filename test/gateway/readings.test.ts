import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeConfig, type RawUpstream, type Rig, startRig, startUpstream } from './rig.ts';

/** Spellings by which a lenient upstream could serve a dear route that was priced as a cheap one. */

let upstream: RawUpstream;
let rig: Rig;

beforeAll(async () => {
  upstream = await startUpstream();
  const { origin } = upstream;
  rig = await startRig({
    config: makeConfig([
      {
        origin,
        mount: '/a',
        price: '0.001',
        encodedSlash: true,
        list: [
          { match: 'GET /dear', price: '5' },
          { match: 'GET /Mixed/dear:now', price: '5' },
          { match: 'GET /city/:name', price: '0.002' },
          { match: 'GET /city/gold', price: '5' },
          { match: 'GET /open/*', price: '0', auth: 'none' },
          { match: 'GET /open/closed', price: '0' },
          { match: 'GET /Case', price: '0.003' },
          { match: 'GET /case', price: '5' },
          { match: 'POST /cheap', price: '0.0001' },
          { match: 'GET /both', price: '5' },
          { match: 'ANY /both', price: '0.002' },
          { match: 'PUT /written', price: '5' },
          { match: 'POST /written', price: '0.004' },
        ],
      },
      { origin, mount: '/flat', price: '0.001', list: [{ match: 'GET /dear', price: '0.001' }] },
    ]),
  });
});

afterAll(async () => {
  await rig.close();
  await upstream.close();
});

describe('a path that a lenient upstream may read as a dearer route', () => {
  it.each([
    '/a/DEAR',
    '/a/Dear',
    '/a/dear/',
    '/a/dear;x=1',
    '/a/dear%20',
    '/a/dear%3Fx',
    '/a/dear%23x',
    '/a/dear%3Bx',
    '/a/dear;x/',
    '/a/mixed/dear:now',
    '/a/Mixed/dear%3Anow',
    '/a/city/GOLD',
    '/a/city/gold/',
    '/a/city%2Fgold',
    '/a/dear.',
    '/a/dear...',
    '/a/dear.%20.',
    '/a/dear./',
    '/a/city./gold',
    '/a/%C2%A0dear',
    '/a/dear%E2%80%83',
    '/a/ca%C5%BFe',
    '/a/city/%23gold/',
    '/a/city/.../',
    '/a/city/a%2Fb%23;x/A%3B./%3B',
    '/a/open/CLOSED',
    '/a/open/closed/',
    '/a/CASE',
  ])('is refused: %s', async (path) => {
    const answer = await rig.get(path);
    expect([answer.status, JSON.parse(answer.body).code]).toEqual([400, 'bad_path']);
  });

  it.each([
    ['/a/dear', '5'],
    ['/a/Mixed/dear:now', '5'],
    ['/a/city/Oslo', '0.002'],
    ['/a/city/S%C3%A3o%20Paulo', '0.002'],
    ['/a/city/12%3A00', '0.002'],
    ['/a/Other/Thing/', '0.001'],
    ['/a/dear/deeper', '0.001'],
    ['/a/open/Page', '0'],
    ['/a/Case', '0.003'],
    ['/a/case', '5'],
    ['/flat/DEAR', '0.001'],
  ])('while %s is sold for %s', async (path, price) => {
    const answer = await rig.get(path);
    expect([answer.status, answer.headers.get('callora-price')]).toEqual([200, price]);
  });
});

describe('a method that an upstream may not look at', () => {
  it.each([
    ['POST', '/a/dear', 'GET, HEAD'],
    ['OPTIONS', '/a/dear', 'GET, HEAD'],
    ['POST', '/a/DEAR/', 'GET, HEAD'],
    ['DELETE', '/a/city/Oslo', 'GET, HEAD'],
    ['GET', '/a/written', 'PUT, POST'],
    ['HEAD', '/a/written', 'PUT, POST'],
  ])('gets no dearer route at the price of unlisted calls: %s %s', async (method, path, allow) => {
    const answer = await rig.get(path, {}, method);
    expect(answer.status).toBe(405);
    expect(answer.headers.get('allow')?.split(', ').sort()).toEqual(allow.split(', ').sort());
  });

  it.each([
    ['POST', '/a/both', '0.002'],
    ['GET', '/a/both', '5'],
    ['POST', '/a/written', '0.004'],
    ['GET', '/a/cheap', '0.001'],
    ['POST', '/a/unlisted', '0.001'],
    ['POST', '/flat/dear', '0.001'],
  ])('while %s %s is sold for %s', async (method, path, price) => {
    const answer = await rig.get(path, {}, method);
    expect([answer.status, answer.headers.get('callora-price')]).toEqual([200, price]);
  });
});
