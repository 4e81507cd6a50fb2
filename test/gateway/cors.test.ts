import { afterEach, describe, expect, it } from 'vitest';
import type { Config, CorsPolicy } from '../../src/catalog/model.ts';
import { problemsOf, withApi } from '../catalog/folder.ts';
import { startKeyed } from './idempotency-rig.ts';
import { type ApiSpec, limits, makeConfig } from './make-config.ts';
import { type Behaviour, okAnswer, type RawUpstream, startUpstream } from './raw-upstream.ts';
import { type Rig, startRig, token } from './rig.ts';

let upstream: RawUpstream;
let rig: Rig;

async function start(specs: Partial<ApiSpec>[], gateway: Partial<Config['gateway']> = {}, behave?: Behaviour) {
  upstream = await startUpstream(behave ?? (() => okAnswer));
  const { origin } = upstream;
  rig = await startRig({
    config: makeConfig(
      specs.map((spec) => ({ origin, ...spec })),
      gateway,
    ),
    balance: '100',
  });
}

afterEach(async () => {
  await rig?.close();
  await upstream?.close();
});

const app = 'https://app.test';
const noToken = { authorization: 'Basic x' };

function policy(changes: Partial<CorsPolicy> = {}): CorsPolicy {
  return { origins: [app], headers: undefined, expose: [], maxAgeS: 600, credentials: false, ...changes };
}

/** A preflight for a method, with the fields a page wants to send. */
async function preflight(path: string, method: string, headers?: string, origin = app) {
  const asked = {
    'access-control-request-method': method,
    ...(headers ? { 'access-control-request-headers': headers } : {}),
  };
  return rig.get(path, { ...noToken, origin, ...asked }, 'OPTIONS');
}

const list = [
  { match: 'GET /a', price: '0.1' },
  { match: 'POST /a', price: '0.2' },
  { match: 'DELETE /b/:id', price: '0.1' },
  { match: 'OPTIONS /b/:id', price: '0.1' },
];

describe('a preflight', () => {
  it('lists the methods that the path is sold with, whatever is asked', async () => {
    await start([{ list }]);
    for (const method of ['GET', 'POST', 'PUT']) {
      const answer = await preflight('/api0/a', method);
      expect([answer.status, answer.headers.get('access-control-allow-methods')]).toEqual([204, 'GET, HEAD, POST']);
    }
    expect((await preflight('/api0/b/7', 'DELETE')).headers.get('access-control-allow-methods')).toBe(
      'DELETE, OPTIONS',
    );
    expect(upstream.requests).toEqual([]);
  });

  it('lets a page through to the 404 of a path that is not sold, which it can read', async () => {
    await start([{ list }]);
    const asked = await preflight('/api0/gone', 'PURGE');
    expect([asked.status, asked.headers.get('access-control-allow-origin')]).toEqual([204, '*']);
    expect(asked.headers.get('access-control-allow-methods')).toContain('PURGE');
    const answer = await rig.get('/api0/gone', { origin: app });
    expect([answer.status, answer.headers.get('access-control-allow-origin')]).toEqual([404, '*']);
    expect(answer.headers.get('access-control-expose-headers')).toContain('x-request-id');
  });

  it('allows every method where any is sold', async () => {
    await start([{ price: '0.1' }]);
    const answer = await preflight('/api0/x', 'PROPFIND');
    expect(answer.headers.get('access-control-allow-methods')).toBe(
      'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS, PROPFIND',
    );
  });

  it('allows what is asked to be sent, or what the API lists and the gateway needs', async () => {
    await start([{ price: '0.1' }, { price: '0.1', cors: policy({ headers: ['x-trace'] }) }]);
    const open = await preflight('/api0/x', 'POST', 'authorization,x-anything');
    expect(open.headers.get('access-control-allow-headers')).toBe('authorization,x-anything');
    const listed = await preflight('/api1/x', 'POST', 'authorization, x-anything');
    expect(listed.headers.get('access-control-allow-headers')).toBe(
      'authorization, content-type, idempotency-key, payment-signature, payment-authorization, x-trace',
    );
  });

  it('varies by all that it was decided on', async () => {
    await start([{ price: '0.1' }]);
    expect((await preflight('/api0/x', 'POST')).headers.get('vary')).toBe(
      'Origin, Access-Control-Request-Method, Access-Control-Request-Headers',
    );
  });

  it('to the gateway’s own pages follows the gateway, also beside an API at the root', async () => {
    await start([
      {
        mount: '',
        list: [{ match: 'GET /*', price: '0.1' }],
        cors: policy({ origins: ['https://only.test'], credentials: true }),
      },
    ]);
    const answer = await preflight('/_callora/hello', 'POST');
    expect(answer.headers.get('access-control-allow-origin')).toBe('*');
    expect(answer.headers.get('access-control-allow-methods')).toContain('POST');
    expect(answer.headers.has('access-control-allow-credentials')).toBe(false);
    const page = await rig.get('/_callora/hello', { origin: 'https://only.test' });
    expect(page.headers.get('access-control-allow-origin')).toBe('*');
  });
});

describe('an API with origins of its own', () => {
  const cors = policy({ expose: ['x-total-count'], credentials: true });

  it('answers pages of these with their origin, its fields and leave to send cookies', async () => {
    await start([{ price: '0.1', cors }]);
    const asked = await preflight('/api0/x', 'POST');
    expect(asked.headers.get('access-control-allow-origin')).toBe(app);
    expect(asked.headers.get('access-control-allow-credentials')).toBe('true');
    expect(asked.headers.get('access-control-max-age')).toBe('600');
    const { headers } = await rig.get('/api0/x', { origin: app });
    expect(headers.get('access-control-allow-origin')).toBe(app);
    expect(headers.get('access-control-allow-credentials')).toBe('true');
    expect(headers.get('access-control-expose-headers')).toMatch(
      /callora-call.*idempotent-replayed.*payment-required.*x-total-count/,
    );
  });

  it.each(['https://evil.test', 'https://app.test.evil.test', 'http://app.test', 'https://APP.test', 'null', ''])(
    'never repeats the origin %s',
    async (origin) => {
      await start([{ price: '0.1', cors }]);
      for (const answer of [
        await rig.get('/api0/x', { origin }),
        await preflight('/api0/x', 'GET', undefined, origin),
      ]) {
        expect(answer.names.filter((name) => name.startsWith('access-control-'))).toEqual([]);
        expect(answer.headers.get('vary')).toContain('Origin');
      }
    },
  );

  it('varies by the origin on every answer, refusals and calls without one included', async () => {
    await start([{ list, cors }]);
    for (const answer of [
      await rig.get('/api0/a'),
      await rig.get('/api0/a', noToken),
      await rig.get('/api0/gone'),
      await rig.get('/api0/a', { origin: app }),
    ]) {
      expect(answer.headers.get('vary')).toBe('Origin');
    }
  });

  it('leaves the others to the gateway', async () => {
    await start([{ price: '0.1', cors }, { price: '0.1' }]);
    expect((await rig.get('/api1/x', { origin: 'https://evil.test' })).headers.get('access-control-allow-origin')).toBe(
      '*',
    );
    expect((await rig.get('/api1/x')).names).not.toContain('vary');
  });
});

describe('an answer that a shared cache may keep', () => {
  const cached: Behaviour = () => 'HTTP/1.1 200 OK\r\ncache-control: public\r\ncontent-length: 0\r\n\r\n';

  it('lets any page read it, whoever asked first', async () => {
    await start([{ list: [{ match: 'GET /a', price: '0', auth: 'none' }] }], {}, cached);
    const { headers } = await rig.get('/api0/a', noToken);
    expect([headers.get('access-control-allow-origin'), headers.has('vary')]).toEqual(['*', false]);
  });

  it('varies by the origin where not every page may', async () => {
    const spec = { list: [{ match: 'GET /a', price: '0', auth: 'none' as const }], cors: policy() };
    await start([spec], {}, cached);
    const { headers } = await rig.get('/api0/a', noToken);
    expect([headers.get('access-control-allow-origin'), headers.get('vary')]).toEqual([undefined, 'Origin']);
  });
});

describe('an answer that is replayed', () => {
  it('tells the page that asks now, and not what the first one was told', async () => {
    const keyed = await startKeyed({
      api: { list: [{ match: 'GET /x', price: '0.1', cacheable: true }], cors: policy({ origins: '*' }) },
    });
    const key = { 'idempotency-key': 'one' };
    expect((await keyed.call('/a/x', key)).headers.get('access-control-allow-origin')).toBe('*');
    const again = await keyed.call('/a/x', { ...key, origin: app });
    expect([again.headers.get('idempotent-replayed'), again.headers.get('access-control-allow-origin')]).toEqual([
      'true',
      '*',
    ]);
    await keyed.stop();
  });
});

describe('an OPTIONS request that is no preflight', () => {
  it.each([
    ['5', '4'],
    ['1', '0'],
    ['999999999', '999999998'],
  ])('may go as far as it says: with Max-Forwards %s it arrives with %s', async (sent, seen) => {
    await start([{ list }]);
    const head = `host: a\r\nauthorization: Bearer ${token}\r\nMax-Forwards: ${sent}\r\nconnection: close\r\n\r\n`;
    expect(await rig.send(`OPTIONS /api0/b/7 HTTP/1.1\r\n${head}`)).toMatch(/^HTTP\/1\.1 200 /);
    expect(upstream.requests.map(({ headers }) => headers.get('max-forwards'))).toEqual([seen]);
  });

  it('that may go no further is answered here, whoever asks, and costs nothing', async () => {
    await start([{ list }, { price: '0.1' }]);
    const { status, headers } = await rig.get('/api0/b/7', { ...noToken, 'max-forwards': '0', origin: app }, 'OPTIONS');
    expect([status, headers.get('allow')]).toEqual([204, 'DELETE, OPTIONS']);
    expect(headers.get('access-control-allow-origin')).toBe('*');
    // What sells any method has no list of them.
    const any = await rig.get('/api1/x', { 'max-forwards': '0' }, 'OPTIONS');
    expect([any.status, any.headers.has('allow')]).toEqual([204, false]);
    expect([upstream.requests.length, rig.account().charged]).toEqual([0, 0n]);
  });

  it.each(['-1', 'x', '', '1, 2', '1234567890', '5\r\nMax-Forwards: 5'])(
    'with Max-Forwards %j is refused: nobody knows how far it may go',
    async (value) => {
      await start([{ list }]);
      const head = `host: a\r\nauthorization: Bearer ${token}\r\nMax-Forwards: ${value}\r\nconnection: close\r\n\r\n`;
      expect(await rig.send(`OPTIONS /api0/b/7 HTTP/1.1\r\n${head}`)).toMatch(/^HTTP\/1\.1 400 /);
      expect(upstream.requests.length).toBe(0);
    },
  );

  it('is alone in that: other methods carry Max-Forwards as it is', async () => {
    await start([{ list }]);
    await rig.get('/api0/a', { 'max-forwards': '0' });
    expect(upstream.requests[0]?.headers.get('max-forwards')).toBe('0');
  });

  it('is a call where it is listed, and 405 or 404 elsewhere', async () => {
    await start([{ list }, { price: '0.1' }]);
    const status = async (path: string, headers = {}) => (await rig.get(path, headers, 'OPTIONS')).status;
    expect(await status('/api0/b/7')).toBe(200);
    expect(await status('/api0/b/7', { origin: app })).toBe(200);
    expect(await status('/api1/x')).toBe(200);
    expect(upstream.requests.map(({ line }) => line)).toEqual(
      Array.from({ length: 3 }, (_, i) => `OPTIONS ${['/b/7', '/b/7', '/x'][i]} HTTP/1.1`),
    );
    expect(await status('/api0/a')).toBe(405);
    expect(await status('/api0/gone')).toBe(404);
    expect(await status('/api0/b/7', noToken)).toBe(401);
  });

  it('of the whole server is refused', async () => {
    await start([{ price: '0.1' }]);
    expect(await rig.send('OPTIONS * HTTP/1.1\r\nhost: a\r\n\r\n')).toMatch(/^HTTP\/1\.1 4/);
  });
});

describe('HEAD', () => {
  it('is sold as GET, at its price, and asked of the upstream as HEAD', async () => {
    await start([{ list }]);
    const answer = await rig.get('/api0/a', {}, 'HEAD');
    expect([answer.status, answer.headers.get('callora-price'), answer.body]).toEqual([200, '0.1', '']);
    expect(upstream.requests[0]?.line).toBe('HEAD /a HTTP/1.1');
    expect((await rig.get('/api0/b/7', {}, 'HEAD')).status).toBe(405);
  });
});

describe('the settings', () => {
  const settings = (...lines: string[]) =>
    problemsOf(withApi('price: "1"', 'cors:', ...lines.map((line) => `  ${line}`)));

  it('want a list of origins where cookies may come along', () => {
    expect(settings("origins: '*'", 'credentials: true').map(({ field }) => field)).toEqual(['apis[0].cors.origins']);
    expect(settings('origins: [https://a.test]', 'credentials: true')).toEqual([]);
  });

  it('want origins, and fields by their names', () => {
    expect(settings('max_age: 1h').map(({ field }) => field)).toEqual(['apis[0].cors.origins']);
    expect(settings("origins: '*'", "headers: ['*']")[0]?.field).toContain('apis[0].cors.headers');
    expect(settings("origins: '*'", 'expose: [a b]')[0]?.field).toContain('apis[0].cors.expose');
    expect(settings('origins: [https://a.test/]').length).toBe(1);
  });
});

it('a limit of requests per connection is told in the answer to a preflight, too', async () => {
  await start([{ price: '0.1' }], { limits: { ...limits, requestsPerConnectionMax: 1 } });
  const asked = `OPTIONS /api0/x HTTP/1.1\r\nhost: a\r\norigin: ${app}\r\naccess-control-request-method: GET\r\n\r\n`;
  expect(await rig.send(asked)).toContain('connection: close');
});
