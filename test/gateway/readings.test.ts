import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeConfig } from './make-config.ts';
import { type RawUpstream, startUpstream } from './raw-upstream.ts';
import { type Rig, startRig } from './rig.ts';

/** Spellings by which a lenient upstream could serve a dear route that was priced as a cheap one. */

/** More readings than anybody looks at. */
const unreadable = 'dear%20Sir;v=1/Ask%3F%3B./A.b.c/';

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
          { match: 'GET /report.pdf', price: '5' },
          { match: 'GET /report.txt', price: '0.002' },
          { match: 'GET /v/:id/sheet', price: '5' },
          { match: 'GET /en%2Fcoded', price: '5' },
          { match: 'GET /.env', price: '5' },
        ],
      },
      { origin, mount: '/flat', price: '0.001', list: [{ match: 'GET /dear', price: '0.001' }] },
      { origin, mount: '/plain', price: '0.001', list: [{ match: 'GET /dear', price: '5' }] },
      { origin, mount: '/top', price: '0.5', list: [{ match: 'GET /cheap', price: '0.1' }] },
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
    `/a/${unreadable}`,
    '/a/open/CLOSED',
    '/a/open/closed/',
    '/a/CASE',
    '/a/dear.json',
    '/a/dear.tar.gz',
    '/a/dear.json/',
    '/a/dear%20.json',
    '/a/dear..json',
    '/a/dear.%C3%A4-b',
    '/a/DEAR.Json;x',
    '/a/v/1/sheet.json',
    '/a/city/gold.5',
    '/a/open/closed.html',
    '/a/report',
    '/a/report.html',
    '/a/EN%2Fcoded',
    '/a/.ENV',
    '/plain/dear.json',
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
    ['/flat/dear.json', '0.001'],
    ['/a/other.json', '0.001'],
    ['/a/', '0.001'],
    ['/plain/other.json', '0.001'],
    ['/a', '0.001'],
    ['/a/dear.json/deeper', '0.001'],
    ['/a/city/Oslo.5', '0.002'],
    ['/a/report.pdf', '5'],
    ['/a/report.txt', '0.002'],
    ['/a/companies/Acme%20Inc./Q1.2024.pdf', '0.001'],
    ['/a/companies/Acme%20Inc./Q1.2024.pdf/', '0.001'],
    ['/a/map;v=1/Tile%20A.v1.2.png', '0.001'],
    [`/top/${unreadable}`, '0.5'],
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
    ['POST', '/a/dear.json', 'GET, HEAD'],
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

describe('a path that a lenient upstream may read as the path of another API beneath the mount', () => {
  let nested: Rig;

  beforeAll(async () => {
    const { origin } = upstream;
    const cheap = { origin, price: '0.0005' };
    nested = await startRig({
      config: makeConfig([
        { ...cheap, mount: '/v1', payee: 'GP', list: [{ match: 'GET /open/*', price: '0', auth: 'none' }] },
        { ...cheap, mount: '/v1/dear', basePath: '/dear', payee: 'GP', price: '1' },
        { ...cheap, mount: '/v1/neat.v2', basePath: '/neat.v2', payee: 'GP', price: '1' },
        { ...cheap, mount: '/v1/same', basePath: '/same', payee: 'GP' },
        { ...cheap, mount: '/v1/theirs', basePath: '/theirs', payee: 'GTHEIRS' },
        { ...cheap, mount: '/v1/Odd', basePath: '/Odd', payee: 'GP', price: '1' },
        { ...cheap, mount: '/v1/guarded', payee: 'GP', allowAddresses: ['127.0.0.0/8'] },
        { ...cheap, mount: '/v1/open/closed', payee: 'GP', price: '0' },
        { origin, mount: '/v1/listed', payee: 'GP', list: [{ match: 'GET /x', price: '0.0005' }] },
        { ...cheap, mount: '/v1/written', payee: 'GP', list: [{ match: 'POST /x', price: '1' }] },
        { origin: 'http://127.0.0.1:1', mount: '/v1/elsewhere', payee: 'GP', price: '1' },
      ]),
    });
  });

  afterAll(() => nested.close());

  it.each([
    ['dearer', '/v1/dear;a/x'],
    ['dearer', '/v1/DEAR/x'],
    ['dearer', '/v1/dear%20/x'],
    ['dearer', '/v1/dear./x'],
    ['dearer', '/v1/DEAR'],
    ['dearer', '/v1/dear.json'],
    ['dearer, under a name with a dot', '/v1/Neat.v2/x'],
    ['dearer, under a name with a dot', '/v1/neat.v2.json'],
    ['dearer, under a mount in upper case', '/v1/odd/x'],
    ['paid to another', '/v1/Theirs/x'],
    ['sold with a token only', '/v1/open/Closed/x'],
    ['open to some addresses only', '/v1/Guarded/x'],
    ['not sold there', '/v1/Listed/other'],
    ['dearer by another method', '/v1/Written/x'],
  ])('is refused where that is %s: %s', async (_, path) => {
    const answer = await nested.get(path);
    expect(answer.status).toBe(400);
    expect(JSON.parse(answer.body).code).toBe('bad_path');
  });

  it.each([
    ['/v1/dear/x', '1', '/dear/x'],
    ['/v1/Odd/x', '1', '/Odd/x'],
    ['/v1/Same/x', '0.0005', '/Same/x'],
    ['/v1/Listed/x', '0.0005', '/Listed/x'],
    ['/v1/ELSEWHERE/x', '0.0005', '/ELSEWHERE/x'],
    ['/v1/x.json', '0.0005', '/x.json'],
    ['/v1/open/Page', '0', '/open/Page'],
  ])('while %s is sold for %s', async (path, price, forwarded) => {
    const answer = await nested.get(path);
    expect([answer.status, answer.headers.get('callora-price')]).toEqual([200, price]);
    expect(upstream.requests.at(-1)?.line).toBe(`GET ${forwarded} HTTP/1.1`);
  });
});

describe('a path of one API that arrives where another is sold on the same server', () => {
  let beside: Rig;

  beforeAll(async () => {
    const { origin } = upstream;
    const cheap = { origin, price: '0.0005', payee: 'GP' };
    beside = await startRig({
      config: makeConfig([
        { ...cheap, mount: '/all', list: [{ match: 'GET /meant/*', price: '0.0005' }] },
        { ...cheap, mount: '/gold', basePath: '/dear', price: '1' },
        { ...cheap, mount: '/silver', basePath: '/dear/less', price: '0.0005' },
        { ...cheap, mount: '/odd', basePath: '/Odd', price: '1' },
        { ...cheap, mount: '/same', basePath: '/same' },
        { ...cheap, mount: '/theirs', basePath: '/theirs', payee: 'GTHEIRS' },
        { ...cheap, mount: '/some', basePath: '/meant', price: '1' },
        { origin, payee: 'GP', mount: '/few', basePath: '/few', list: [{ match: 'GET /x', price: '0.0005' }] },
        { ...cheap, mount: '/all/moved', basePath: '/elsewhere', price: '1' },
        { ...cheap, origin: 'http://127.0.0.1:1', mount: '/other', basePath: '/other', price: '1' },
      ]),
    });
  });

  afterAll(() => beside.close());

  it.each([
    ['dearer', '/all/dear/x'],
    ['dearer', '/all/dear'],
    ['dearer', '/all/DEAR/x'],
    ['dearer', '/all/dear;a/x'],
    ['dearer', '/all/dear.json'],
    ['dearer, in an API above it', '/all/dear/less/x'],
    ['dearer, under a path in upper case', '/all/Odd/x'],
    ['dearer, under a path in upper case', '/all/odd/x'],
    ['paid to another', '/all/theirs/x'],
    ['not sold there', '/all/few/other'],
    ['dearer, mounted beneath it under another name', '/all/elsewhere/x'],
  ])('is refused where that is %s: %s', async (_, path) => {
    const before = upstream.requests.length;
    const answer = await beside.get(path);
    expect([answer.status, JSON.parse(answer.body).code]).toEqual([400, 'bad_path']);
    expect(upstream.requests.length).toBe(before);
  });

  it.each([
    ['/gold/x', '1', '/dear/x'],
    ['/gold/less/x', '1', '/dear/less/x'],
    ['/silver/x', '0.0005', '/dear/less/x'],
    ['/all/same/x', '0.0005', '/same/x'],
    ['/all/few/x', '0.0005', '/few/x'],
    ['/all/meant/x', '0.0005', '/meant/x'],
    ['/all/dearer/x', '0.0005', '/dearer/x'],
    ['/all/other/x', '0.0005', '/other/x'],
    ['/all/x', '0.0005', '/x'],
  ])('while %s is sold for %s', async (path, price, forwarded) => {
    const answer = await beside.get(path);
    expect([answer.status, answer.headers.get('callora-price')]).toEqual([200, price]);
    expect(upstream.requests.at(-1)?.line).toBe(`GET ${forwarded} HTTP/1.1`);
  });
});
