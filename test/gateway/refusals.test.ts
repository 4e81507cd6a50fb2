import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { formatUsdc } from '../../src/money.ts';
import { until } from '../support/until.ts';
import { limits, makeConfig, noRates, usdc } from './make-config.ts';
import { type RawAnswer, readAnswer } from './raw-client.ts';
import { type RawUpstream, startUpstream } from './raw-upstream.ts';
import { type Rig, type RigOptions, startRig, token } from './rig.ts';

/** Every refusal on one gateway: what is answered, in which order, and that none of them costs anything. */

let upstream: RawUpstream;
let rig: Rig;
const paused = new Set<string>();
let stop: ReturnType<NonNullable<NonNullable<RigOptions['deps']>['mayServe']>>;

const bad = { authorization: 'Bearer forged' };

beforeAll(async () => {
  upstream = await startUpstream();
  const origin = upstream.origin;
  rig = await startRig({
    config: makeConfig([
      {
        origin,
        name: 'weather',
        mount: '/weather',
        list: [
          { match: 'GET /dear', price: '5' },
          { match: 'POST /up', price: '1', bodyBytesMax: 10 },
        ],
      },
      {
        origin,
        name: 'slow',
        mount: '/slow',
        rates: { ...noRates, account: { perSecond: 0.01, burst: 1 } },
        price: '0.1',
      },
      { origin, name: 'free', mount: '/free', price: '0', list: [{ match: 'GET /open', auth: 'none' }] },
      { origin, name: 'files', mount: '/files', price: '0.1', encodedSlash: true },
    ]),
    balance: '2',
    deps: { mayServe: () => stop, isPaused: (api) => paused.has(api) },
  });
  const verified = {
    jti: 'jti-2',
    account: 'GOTHER',
    scopes: new Set(['free']),
    expiresAtMs: 1e15,
    capUnits: undefined,
  };
  rig.tokens.set('narrow', verified);
  rig.tokens.set('capped', {
    ...verified,
    jti: 'jti-3',
    account: 'GACCOUNT',
    scopes: '*' as const,
    capUnits: usdc('0.01'),
  });
});

beforeEach(() => {
  stop = undefined;
  paused.clear();
  upstream.requests.length = 0;
});

afterAll(async () => {
  await rig.close();
  await upstream.close();
});

describe('a refused call', () => {
  it.each([
    ['an ambiguous path before anything else', 'GET', '/weather/../dear', bad, 400, 'bad_path'],
    ['an unknown route before the token', 'GET', '/nothing', bad, 404, 'not_found'],
    ['an unlisted route before the token', 'GET', '/weather/cheap', bad, 404, 'not_found'],
    ['a wrong method before the token', 'DELETE', '/weather/dear', bad, 405, 'method_not_allowed'],
    ['a bad token before scope and money', 'GET', '/weather/dear', bad, 401, 'token_invalid'],
    ['a scope before money', 'GET', '/weather/dear', { authorization: 'Bearer narrow' }, 403, 'scope_missing'],
    ['money last', 'GET', '/weather/dear', {}, 402, 'balance_too_low'],
    ['a token cap', 'GET', '/files/a', { authorization: 'Bearer capped' }, 402, 'token_cap_reached'],
    ['an encoded slash where it is not allowed', 'GET', '/free/a%2Fb', {}, 400, 'bad_path'],
  ])('answers %s', async (_name, method, path, headers, status, code) => {
    const answer = await rig.get(path, headers, method);
    expect([answer.status, JSON.parse(answer.body).code]).toEqual([status, code]);
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(answer.headers.get('x-request-id')).toBe(JSON.parse(answer.body).request_id);
    expect(upstream.requests).toEqual([]);
    expect(rig.account()).toMatchObject({ held: 0n, holds: 0, charged: 0n });
  });

  it('of a paused API is told so whether it is paid, free or open, after the token and before its rate and money', async () => {
    for (const api of ['weather', 'slow', 'free']) paused.add(api);
    const paths = ['/weather/dear', '/slow/a', '/slow/a', '/free/token', '/free/open'];
    for (const path of paths) {
      const answer = await rig.get(path);
      expect([path, answer.status, JSON.parse(answer.body).code]).toEqual([path, 503, 'api_paused']);
      expect(answer.headers.get('retry-after')).toBe('30');
    }
    expect((await rig.get('/weather/dear', bad)).status).toBe(401);
    expect(upstream.requests).toEqual([]);
    expect(rig.account()).toMatchObject({ held: 0n, holds: 0, charged: 0n });
    paused.clear();
    expect((await rig.get('/free/open')).status).toBe(200);
  });

  it('names the methods that are sold', async () => {
    expect((await rig.get('/weather/dear', {}, 'DELETE')).headers.get('allow')).toBe('GET, HEAD');
  });

  it('asks for a token per RFC 6750 and 9728, without an error when none was sent', async () => {
    const metadata = 'resource_metadata="http://gateway.test/.well-known/oauth-protected-resource"';
    const none = await rig.send('GET /weather/dear HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n');
    expect(none).toContain(`www-authenticate: Bearer realm="callora", ${metadata}\r\n`);
    expect(none).toContain('"code":"token_missing"');
    const forged = await rig.get('/weather/dear', bad);
    expect(forged.headers.get('www-authenticate')).toContain('error="invalid_token"');
    const narrow = await rig.get('/weather/dear', { authorization: 'Bearer narrow' });
    expect(narrow.headers.get('www-authenticate')).toContain('error="insufficient_scope", scope="weather"');
  });

  it('over a rate says when to come back, and is throttled before money is looked at', async () => {
    expect((await rig.get('/slow/a', { authorization: 'Bearer capped' })).status).toBe(402);
    const throttled = await rig.get('/slow/a');
    expect([throttled.status, JSON.parse(throttled.body).code]).toEqual([429, 'rate_limited']);
    const seconds = throttled.headers.get('retry-after');
    expect(Number(seconds)).toBeGreaterThan(0);
    expect(JSON.parse(throttled.body).detail).toBe(
      `the rate "slow/account" lets 0.01 calls a second in; try again in ${seconds} s`,
    );
    expect(throttled.headers.get('ratelimit-policy')).toBe('"slow/account";q=1;w=100');
    expect(throttled.headers.get('ratelimit')).toMatch(/^"slow\/account";r=0;t=\d+$/);
  });

  it('for money says price, what is there, what is missing and how to pay', async () => {
    const body = JSON.parse((await rig.get('/weather/dear')).body);
    expect(body).toMatchObject({
      type: '/_callora/errors/balance_too_low',
      status: 402,
      code: 'balance_too_low',
      price: '5',
      available: '2',
      shortfall: '3',
      pay: [{ kind: 'vault', min: '3' }],
    });
    expect(body).not.toHaveProperty('resets_at');
  });

  it('offers no deposit where a deposit does not help', async () => {
    const body = JSON.parse((await rig.get('/weather/dear', { authorization: 'Bearer capped' })).body);
    expect([body.code, body.pay]).toEqual(['token_cap_reached', []]);
    expect(body.detail).toContain('higher cap');
  });

  it('for the limit says when the next period begins', async () => {
    const slot = rig.ledger.open({
      id: 50,
      address: 'GLIMITED',
      deposited: usdc('10'),
      limit: usdc('6'),
      period: 20_833,
      used: usdc('4'),
    });
    rig.tokens.set('limited', {
      jti: 'jti-4',
      account: slot.address,
      scopes: '*',
      expiresAtMs: 1e15,
      capUnits: undefined,
    });
    const answer = await rig.get('/weather/dear', { authorization: 'Bearer limited' });
    expect(JSON.parse(answer.body)).toMatchObject({
      code: 'limit_reached',
      available: '2',
      pay: [],
      resets_at: '2027-01-16T00:00:00.000Z',
    });
  });

  it('while sales are stopped is not held, and a free call still goes', async () => {
    stop = { code: 'watcher_stale', detail: 'no ledger since noon' };
    const paid = await rig.get('/weather/dear');
    expect([paid.status, JSON.parse(paid.body).detail]).toEqual([503, 'no ledger since noon']);
    expect((await rig.get('/free/a')).status).toBe(200);
  });

  it('on a free route still wants a token unless the route is open', async () => {
    expect((await rig.get('/free/a', bad)).status).toBe(401);
    const open = await rig.get('/free/open', bad);
    expect(open.status).toBe(200);
    expect(open.headers.has('callora-balance')).toBe(false);
    expect(upstream.requests[0]?.headers.has('callora-account')).toBe(false);
    expect(upstream.requests[0]?.headers.has('authorization')).toBe(false);
  });

  it('carries CORS fields too, so that a page can read the reason', async () => {
    const answer = await rig.get('/weather/dear', { origin: 'https://app.test' });
    expect(answer.status).toBe(402);
    expect(answer.headers.get('access-control-allow-origin')).toBe('*');
    expect(answer.headers.get('access-control-expose-headers')).toContain('callora-balance');
  });

  it('with a body too large by declaration is refused before the body is sent', async () => {
    const answer = await rig.get('/weather/up', { 'content-length': '11', expect: '100-continue' }, 'POST');
    expect([answer.status, JSON.parse(answer.body).code]).toEqual([413, 'body_too_large']);
    expect(answer.headers.get('connection')).toBe('close');
    expect(answer.raw).not.toContain('100 Continue');
  });

  it('does not read the body of an unpaid upload that waits for 100 Continue', async () => {
    const answer = await rig.get('/weather/up', { ...bad, 'content-length': '5', expect: '100-continue' }, 'POST');
    expect(answer.status).toBe(401);
    expect(answer.raw).not.toContain('100 Continue');
  });

  it('reaches a client that is still sending its body', async () => {
    const head = `POST /weather/up HTTP/1.1\r\nhost: a\r\nauthorization: Bearer ${token}\r\ncontent-length: 5000000\r\n\r\n`;
    const text = await rig.send(head + 'x'.repeat(200_000));
    expect(text).toMatch(/^HTTP\/1.1 413 /);
    expect(text).toContain('"code":"body_too_large"');
  });
});

describe('a CORS preflight', () => {
  const preflight = { origin: 'https://app.test', 'access-control-request-method': 'POST', ...bad };

  it('is answered without a token, whatever the path', async () => {
    const answer = await rig.get(
      '/weather/up',
      { ...preflight, 'access-control-request-headers': 'authorization, x-a' },
      'OPTIONS',
    );
    expect(answer.status).toBe(204);
    expect(answer.headers.get('access-control-allow-methods')).toContain('POST');
    expect(answer.headers.get('access-control-allow-headers')).toBe('authorization, x-a');
    expect(upstream.requests).toEqual([]);
  });

  it('reflects nothing that could break out of a field', async () => {
    const answer = await rig.get('/free/a', { ...preflight, 'access-control-request-headers': 'a;b<c>' }, 'OPTIONS');
    expect(answer.raw).not.toContain('a;b');
  });

  it('is an ordinary OPTIONS call without its two fields', async () => {
    expect((await rig.get('/free/a', bad, 'OPTIONS')).status).toBe(401);
  });
});

describe('configured origins', () => {
  it('are echoed with Vary, and others get nothing', async () => {
    const config = makeConfig([{ origin: upstream.origin, price: '0.1' }], { corsOrigins: ['https://app.test'] });
    const other = await startRig({ config });
    const known = await other.get('/api0/a', { origin: 'https://app.test' });
    expect(known.headers.get('access-control-allow-origin')).toBe('https://app.test');
    expect(known.headers.get('vary')).toBe('Origin');
    const unknown = await other.get('/api0/a', { origin: 'https://evil.test' });
    expect(unknown.headers.has('access-control-allow-origin')).toBe(false);
    expect(unknown.headers.get('vary')).toBe('Origin');
    await other.close();
  });
});

describe('the address guard', () => {
  it('refuses before anything is read into the request', async () => {
    const config = makeConfig([{ origin: upstream.origin, price: '0.1' }], { blockAddresses: ['127.0.0.0/8'] });
    const guarded = await startRig({ config });
    const answer = await guarded.get('/nothing');
    expect([answer.status, JSON.parse(answer.body).code]).toEqual([403, 'address_blocked']);
    await guarded.close();
  });

  it('lets only listed addresses in when any are listed', async () => {
    const config = makeConfig([{ origin: upstream.origin, price: '0.1' }], { allowAddresses: ['192.0.2.1'] });
    const guarded = await startRig({ config });
    expect((await guarded.get('/api0/a')).status).toBe(403);
    guarded.setConfig(makeConfig([{ origin: upstream.origin, price: '0.1' }], { allowAddresses: ['127.0.0.1'] }));
    expect((await guarded.get('/api0/a')).status).toBe(200);
    await guarded.close();
  });
});

describe('the paths of the gateway itself', () => {
  it('are answered by its own handler, without a token', async () => {
    expect((await rig.get('/_callora/hello', bad)).body).toBe('hello');
    const nothing = await rig.get('/_callora/nothing', bad);
    expect([nothing.status, JSON.parse(nothing.body).code]).toEqual([404, 'not_found']);
  });
});

describe('too many connections', () => {
  it('of one address are refused with 503', async () => {
    const config = makeConfig([{ origin: upstream.origin, price: '0.1' }], {
      limits: { ...limits, connectionsPerAddressMax: 0 },
    });
    const full = await startRig({ config });
    const answer = readAnswer(await full.send('GET / HTTP/1.1\r\n'));
    expect([answer.status, JSON.parse(answer.body).code]).toEqual([503, 'overloaded']);
    expect(idAndDate(answer)).toEqual([expect.stringMatching(/^[0-9a-f]{12}-1$/), true]);
    await full.close();
  });
});

/** The id that the fields and the body agree on, and whether the Date is one. */
function idAndDate({ headers, body }: RawAnswer): [string | undefined, boolean] {
  const id = headers.get('x-request-id');
  expect(JSON.parse(body).request_id).toBe(id);
  return [id, new Date(headers.get('date') ?? '').toUTCString() === headers.get('date')];
}

describe('a head that cannot be read', () => {
  it.each([
    ['is no HTTP', 'GET / HTTP/1.1\r\nno field\r\n\r\n', 400],
    ['is of another version', 'PRI * HTTP/2.0\r\n\r\n', 400],
    ['is too long', `GET / HTTP/1.1\r\nhost: a\r\nx: ${'x'.repeat(20_000)}`, 431],
    ['means two things', 'GET / HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n', 400],
    ['wants what is not understood', 'GET / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: gzip\r\n\r\n', 501],
  ])(
    'as it %s is refused with an id of its own, which the log has too, and with the date',
    async (_, bytes, status) => {
      const { length } = rig.metrics.ended;
      const answer = readAnswer(await rig.send(bytes));
      const [id, hasDate] = idAndDate(answer);
      expect([answer.status, hasDate]).toEqual([status, true]);
      await until(() => rig.metrics.ended.length > length);
      expect(rig.metrics.ended.slice(length)).toMatchObject([[{ requestId: id, status }]]);
    },
  );
});

describe('too many calls of one account', () => {
  it('are refused while the others run, and cost nothing', async () => {
    const config = makeConfig([{ origin: upstream.origin, price: '0.1' }], {
      limits: { ...limits, callsPerAccountMax: 0 },
    });
    const busy = await startRig({ config });
    const answer = await busy.get('/api0/a');
    expect([answer.status, JSON.parse(answer.body).code]).toEqual([429, 'too_many_waiting']);
    expect(formatUsdc(busy.ledger.spendable(busy.account()))).toBe('100');
    await busy.close();
  });

  it('give their places back, whatever became of them', async () => {
    const config = makeConfig(
      [{ origin: upstream.origin, price: '0.1', list: [{ match: 'GET /dear', price: '500' }] }],
      { limits: { ...limits, callsPerAccountMax: 1 } },
    );
    const narrow = await startRig({ config });
    const statuses = [];
    for (const path of ['/api0/a', '/api0/dear', '/api0/b']) statuses.push((await narrow.get(path)).status);
    expect(statuses).toEqual([200, 402, 200]);
    await narrow.close();
  });
});
