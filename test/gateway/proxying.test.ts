import { connect, createServer, type Socket } from 'node:net';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { until } from '../support/until.ts';
import { LargeAnswer } from './large-answer.ts';
import { type ApiSpec, makeConfig, noRates } from './make-config.ts';
import { readAnswer } from './raw-client.ts';
import { type Behaviour, okAnswer, type RawUpstream, startUpstream } from './raw-upstream.ts';
import { type Rig, startRig, token } from './rig.ts';

let upstream: RawUpstream;
let rig: Rig;

async function start(behave: Behaviour = () => okAnswer, spec: Partial<ApiSpec> = {}) {
  upstream = await startUpstream(behave);
  rig = await startRig({ config: makeConfig([{ origin: upstream.origin, price: '0.1', ...spec }]), balance: '1000' });
}

afterEach(async () => {
  await rig.close();
  await upstream.close();
});

/** Resolves when a value has stopped changing. */
async function settled(value: () => number): Promise<void> {
  for (let before = Number.NaN; before !== value(); ) {
    before = value();
    for (let turn = 0; turn < 500; turn++) await new Promise((resolve) => setImmediate(resolve));
  }
}

const auth = `host: gateway.test\r\nauthorization: Bearer ${token}\r\n`;
const close = 'connection: close\r\n';

function lastHeaders(): Map<string, string> {
  const seen = upstream.requests.at(-1);
  if (!seen) throw new Error('nothing reached the upstream');
  return seen.headers;
}

describe('the head for the upstream', () => {
  it('names the account, the call, the price and the client, and nothing of the token', async () => {
    await start();
    await rig.get('/api0/a', { 'x-request-id': 'mine-1', accept: 'text/plain' });
    expect(Object.fromEntries(lastHeaders())).toEqual({
      host: upstream.origin.slice(7),
      accept: 'text/plain',
      'callora-account': 'GACCOUNT',
      'callora-call': '1',
      'callora-price': '0.1',
      'x-request-id': 'mine-1',
      via: '1.1 callora',
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-proto': 'http',
      'x-forwarded-host': 'gateway.test',
      forwarded: 'for=127.0.0.1;host="gateway.test";proto=http',
    });
    expect(upstream.bytes.join('')).not.toContain(token);
  });

  it('of an HTTP/1.0 call without a Host names the host of public_url, and the upstream by its own name', async () => {
    await start();
    const answer = await rig.send(`GET /api0/a HTTP/1.0\r\nauthorization: Bearer ${token}\r\n\r\n`);
    expect(answer).toMatch(/^HTTP\/1\.1 200 /);
    expect(Object.fromEntries(lastHeaders())).toMatchObject({
      host: upstream.origin.slice(7),
      via: '1.0 callora',
      'x-forwarded-host': 'gateway.test',
      forwarded: 'for=127.0.0.1;host="gateway.test";proto=http',
    });
    expect(upstream.requests).toHaveLength(1);
  });

  it.each([
    'callora-account',
    'Callora-Account',
    'callora_account',
    'X-Callora-Account',
    'x_callora_price',
    'callora-anything',
    'X-Account-Id',
    'x_account_id',
    'X-Forwarded-For',
    'x_forwarded_for',
    'X-Forwarded-Prefix',
    'Forwarded',
    'X-Real-IP',
    'True-Client-IP',
    'X-Original-URL',
    'X-Rewrite-URL',
    'X-HTTP-Method-Override',
    'x_http_method_override',
    'Proxy-Authorization',
    'TE',
    'Keep-Alive',
    'Proxy-Connection',
    'X-Api-Key',
    'x_api_key',
    'X-API_KEY',
    'x.api.key',
    'callora.account',
    'callora~account',
    'remote.user',
    'x+forwarded!for',
    'Proxy',
    'Client-Cert',
    'client_cert_chain',
    'X-SSL-Client-Cert',
    'ssl-client-verify',
    'WL-Proxy-Client-IP',
    'Proxy-Client-IP',
    'X-Auth-Request-User',
    'X-WebAuth-User',
    'X-Remote-Groups',
    'X-Consumer-Username',
    'X-Original-Forwarded-For',
    'X-Middleware-Subrequest',
  ])('takes no %s from a client', async (name) => {
    await start(undefined, { headers: [['x-api-key', 'upstream-secret']] });
    expect((await rig.get('/api0/a', { [name]: 'forged' })).status).toBe(200);
    expect(upstream.bytes.join('')).not.toContain('forged');
    expect([lastHeaders().get('callora-account'), lastHeaders().get('x-api-key')]).toEqual([
      'GACCOUNT',
      'upstream-secret',
    ]);
  });

  it('drops what Connection names, but nobody can name away what carries framing, identity or the secret', async () => {
    await start(undefined, { headers: [['x-api-key', 'upstream-secret']] });
    const named = 'x-private, host, content-length, authorization, callora-account, x-api-key, x-forwarded-for, via';
    const answer = await rig.send(
      `POST /api0/a HTTP/1.1\r\n${auth}x-private: 1\r\nx-public: 2\r\nconnection: close, ${named}\r\ncontent-length: 3\r\n\r\nabc`,
    );
    expect(answer).toMatch(/^HTTP\/1.1 200 /);
    const headers = lastHeaders();
    expect([headers.has('x-private'), headers.get('x-public')]).toEqual([false, '2']);
    expect(headers.get('content-length')).toBe('3');
    expect(headers.get('callora-account')).toBe('GACCOUNT');
    expect(headers.get('x-api-key')).toBe('upstream-secret');
    expect(headers.get('x-forwarded-for')).toBe('127.0.0.1');
  });

  it('keeps repeated fields, their order and their bytes', async () => {
    await start();
    await rig.send(`GET /api0/a HTTP/1.1\r\n${auth}${close}X-A: 1\r\nX-B: caf\xe9\r\nx-a: 2\r\n\r\n`);
    expect(upstream.requests[0]?.head).toContain('X-A: 1\r\nX-B: caf');
    expect(upstream.requests[0]?.head).toContain('x-a: 2');
  });

  it('lets no combination of hostile fields change who pays or what is secret', async () => {
    await start(undefined, { headers: [['x-api-key', 'upstream-secret']] });
    const name = fc.constantFrom(
      'callora-account',
      'CALLORA_CALL',
      'x-api-key',
      'X_Api_Key',
      'connection',
      'x-forwarded-for',
      'authorization-x',
      'cookie',
    );
    const value = fc.constantFrom(
      'forged',
      'close, callora-account',
      'x-api-key',
      'keep-alive',
      'callora-price, x-api-key',
    );
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(name, value), { maxLength: 6 }), async (fields) => {
        const lines = fields.map(([field, text]) => `${field}: ${text}\r\n`).join('');
        const answer = await rig.send(`GET /api0/a HTTP/1.1\r\n${auth}${close}${lines}\r\n`);
        expect(answer).toMatch(/^HTTP\/1.1 200 /);
        const head = upstream.requests.at(-1)?.head ?? '';
        expect(head.match(/callora-account: (.*)/gi)).toEqual(['callora-account: GACCOUNT']);
        expect(head.match(/x[-_]api[-_]key: (.*)/gi)).toEqual(['x-api-key: upstream-secret']);
        expect(head).not.toContain(token);
      }),
      { numRuns: 60 },
    );
  });
});

describe('the head for the client', () => {
  it('has the upstream’s fields, repeated ones too, without hop-by-hop, forged or secret ones', async () => {
    const fields = [
      'content-length: 2',
      'set-cookie: a=1',
      'set-cookie: b=2',
      'x-hop: 1',
      'connection: keep-alive, x-hop',
      'keep-alive: timeout=9',
      'callora-balance: 999',
      'x-callora-call: 9',
      'x-api-key: upstream-secret',
      'cache-control: public, max-age=60',
      'age: 3',
      'access-control-allow-origin: https://evil.test',
      'alt-svc: h3=":443"',
      'clear-site-data: "*"',
      'strict-transport-security: max-age=63072000; includeSubDomains',
      'nel: {"report_to":"evil","max_age":2592000,"include_subdomains":true,"success_fraction":1}',
      'report-to: {"group":"evil","max_age":2592000,"endpoints":[{"url":"https://evil.test"}]}',
      'service-worker-allowed: /',
      'etag: "x"',
    ];
    await start(() => `HTTP/1.1 200 OK\r\n${fields.join('\r\n')}\r\n\r\nok`, {
      headers: [['x-api-key', 'upstream-secret']],
    });
    const { headers, names, raw } = await rig.get('/api0/a', { origin: 'https://app.test' });
    expect(headers.get('set-cookie')).toBe('a=1, b=2');
    expect(headers.get('callora-balance')).toBe('999.9');
    expect(headers.get('cache-control')).toBe('private, no-store');
    expect(headers.get('access-control-allow-origin')).toBe('*');
    expect(headers.get('etag')).toBe('"x"');
    expect(headers.get('via')).toBe('1.1 callora');
    for (const name of ['x-hop', 'x-callora-call', 'age', 'x-api-key']) expect(names).not.toContain(name);
    const wholeOrigin = ['alt-svc', 'clear-site-data', 'strict-transport-security', 'nel', 'report-to'];
    for (const name of [...wholeOrigin, 'service-worker-allowed']) expect(names).not.toContain(name);
    expect(raw).not.toContain('upstream-secret');
  });

  it.each([
    'Public-Key-Pins',
    'Accept-CH',
    'Origin-Agent-Cluster',
    'Use-As-Dictionary',
    'Set-Login',
    'X-Accel-Redirect',
    'X_Accel_Redirect',
    'X-Sendfile',
    'X-Reproxy-URL',
    'Access-Control-Allow-Private-Network',
    'Proxy-Authenticate',
    'Content_Length',
    'Payment-Required',
    'PAYMENT-RESPONSE',
    'Payment_Response',
    'Payment-Receipt',
    'X-Payment',
    'X-Payment-Response',
    'Idempotent-Replayed',
    'idempotent_replayed',
  ])('takes no %s from an upstream, which speaks for one path and not for the listener', async (name) => {
    await start(() => `HTTP/1.1 200 OK\r\n${name}: forged\r\ncontent-length: 0\r\n\r\n`);
    expect((await rig.get('/api0/a')).raw).not.toContain('forged');
  });

  it.each([
    ['Payment id="a", realm="b"', undefined],
    ['Bearer realm="a", payment id="b"', undefined],
    ['PAYMENT', undefined],
    ['Basic realm="payment office"', 'Basic realm="payment office"'],
    ['Bearer realm="a"', 'Bearer realm="a"'],
  ])('with the challenge %j of an upstream tells %j: who is to be paid is the gateway', async (challenge, told) => {
    await start(() => `HTTP/1.1 401 Unauthorized\r\nwww-authenticate: ${challenge}\r\ncontent-length: 0\r\n\r\n`);
    expect((await rig.get('/api0/a')).headers.get('www-authenticate')).toBe(told);
  });

  const upstreamRates = 'RateLimit: "theirs";r=1;t=9\r\nRateLimit-Policy: "theirs";q=5;w=9\r\nx-ratelimit-limit: 5\r\n';

  it('tells the rates of the upstream where the gateway has none', async () => {
    await start(() => `HTTP/1.1 200 OK\r\n${upstreamRates}content-length: 0\r\n\r\n`);
    const { headers } = await rig.get('/api0/a');
    expect([headers.get('ratelimit'), headers.get('ratelimit-policy')]).toEqual([
      '"theirs";r=1;t=9',
      '"theirs";q=5;w=9',
    ]);
  });

  it.each([false, true])('tells no rates but the gateway’s where it has some: cacheable is %s', async (cacheable) => {
    await start(() => `HTTP/1.1 200 OK\r\n${upstreamRates}content-length: 0\r\n\r\n`, {
      rates: { ...noRates, account: { perSecond: 5, burst: 5 } },
      list: [{ match: 'GET /a', price: '0.1', cacheable }],
    });
    const { headers, raw } = await rig.get('/api0/a');
    expect([raw.includes('theirs'), headers.has('ratelimit')]).toEqual([false, !cacheable]);
    expect(headers.get('x-ratelimit-limit')).toBe('5');
  });

  it('keeps the upstream’s cache fields on routes that say so', async () => {
    await start(() => 'HTTP/1.1 200 OK\r\ncache-control: max-age=60\r\ncontent-length: 0\r\n\r\n', {
      list: [{ match: 'GET /a', price: '0.1', cacheable: true }],
    });
    expect((await rig.get('/api0/a')).headers.get('cache-control')).toBe('max-age=60');
  });

  it.each([
    ['/v1/next?x=1', '/api0/next?x=1'],
    ['/v1', '/api0'],
    ['/v10/other', '/v10/other'],
    ['https://elsewhere.test/v1/a', 'https://elsewhere.test/v1/a'],
    ['next', 'next'],
    ['//elsewhere.test/v1', '//elsewhere.test/v1'],
  ])('moves a redirect to %s to %s', async (location, moved) => {
    await start(() => `HTTP/1.1 302 Found\r\nlocation: ${location}\r\ncontent-length: 0\r\n\r\n`, { basePath: '/v1' });
    expect((await rig.get('/api0/a')).headers.get('location')).toBe(moved);
    expect(upstream.requests.length).toBe(1);
  });

  it('does not show where the upstream is in a redirect', async () => {
    await start(() => `HTTP/1.1 302 Found\r\nlocation: ${upstream.origin}/v1/b\r\ncontent-length: 0\r\n\r\n`, {
      basePath: '/v1',
    });
    expect((await rig.get('/api0/a')).headers.get('location')).toBe('/api0/b');
  });
});

describe('a body', () => {
  it('of known length arrives as it is', async () => {
    await start();
    await rig.send(`POST /api0/a HTTP/1.1\r\n${auth}${close}content-length: 5\r\n\r\nhello`);
    expect(upstream.requests).toMatchObject([{ body: 'hello' }]);
    expect(lastHeaders().get('content-length')).toBe('5');
    expect(lastHeaders().has('transfer-encoding')).toBe(false);
  });

  it.each(['POST', 'DELETE', 'OPTIONS', 'GET'])('in chunks is one canonical %s request', async (method) => {
    await start();
    const inner = 'GET /api0/dear HTTP/1.1\r\nhost: x\r\n\r\n';
    const size = inner.length.toString(16);
    const answer = await rig.send(
      `${method} /api0/a HTTP/1.1\r\n${auth}${close}transfer-encoding: chunked\r\n\r\n${size}\r\n${inner}\r\n0\r\n\r\n`,
    );
    expect(answer).toMatch(/^HTTP\/1.1 200 /);
    expect(upstream.requests.map(({ line, body }) => [line, body])).toEqual([[`${method} /a HTTP/1.1`, inner]]);
    // Framed in one way: as chunks, or by its length when all of it was there before the request left.
    const framings = ['transfer-encoding', 'content-length'].filter((name) => lastHeaders().has(name));
    expect(framings.length).toBe(1);
  });

  it('that is empty has a length of 0 for POST, and none for DELETE', async () => {
    await start();
    await rig.get('/api0/a', { 'content-length': '0' }, 'POST');
    expect(lastHeaders().get('content-length')).toBe('0');
    await rig.get('/api0/a', {}, 'DELETE');
    expect(lastHeaders().has('content-length')).toBe(false);
  });

  it('past its bound is refused while it is counted, and costs nothing', async () => {
    await start(() => undefined, { list: [{ match: 'POST /a', price: '0.1', bodyBytesMax: 8 }] });
    const text = await rig.send(
      `POST /api0/a HTTP/1.1\r\n${auth}transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n5\r\nworld\r\n0\r\n\r\n`,
    );
    const answer = readAnswer(text);
    const problem = { code: 'body_too_large', detail: 'at most 8 bytes' };
    expect([answer.status, JSON.parse(answer.body)]).toMatchObject([413, problem]);
    expect(upstream.requests).toEqual([]);
    expect(rig.account()).toMatchObject({ held: 0n, charged: 0n });
  });

  it('that stops coming in is given up in time, and costs nothing', async () => {
    await start();
    const slow = makeConfig([{ origin: upstream.origin, price: '0.1' }]);
    slow.gateway.limits = { ...slow.gateway.limits, bodyIdleTimeoutMs: 50 };
    rig.setConfig(slow);
    const answer = readAnswer(await rig.send(`POST /api0/a HTTP/1.1\r\n${auth}content-length: 10\r\n\r\nhello`));
    expect([answer.status, JSON.parse(answer.body).code]).toEqual([408, 'request_timeout']);
    expect(rig.account()).toMatchObject({ held: 0n, charged: 0n });
  });

  it('is asked for with 100 Continue once the call is admitted', async () => {
    await start();
    const text = await rig.send(
      `POST /api0/a HTTP/1.1\r\n${auth}${close}expect: 100-continue\r\ncontent-length: 5\r\n\r\nhello`,
    );
    expect(text).toMatch(/^HTTP\/1.1 100 Continue\r\n\r\nHTTP\/1.1 200 /);
    expect(lastHeaders().has('expect')).toBe(false);
  });

  it('of many megabytes streams both ways with back-pressure and arrives whole', async () => {
    const size = 8 * 1024 * 1024;
    await start((request, socket) => {
      socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${request.body.length}\r\n\r\n`);
      socket.write(Buffer.from(request.body, 'latin1'));
      return undefined;
    });
    const body = Buffer.alloc(size, 'abcdefghijklmnopqrstuvwxyz').toString('latin1');
    const answer = readAnswer(
      await rig.send(`POST /api0/a HTTP/1.1\r\n${auth}${close}content-length: ${size}\r\n\r\n${body}`),
    );
    expect(answer.body.length).toBe(size);
    expect(answer.body === body).toBe(true);
    await until(() => rig.journal.finishes.length === 1);
    expect(rig.journal.finishes).toMatchObject([{ outcome: 'completed', bytesIn: size, bytesOut: size }]);
  });

  it('that waits for its charge to be written is held back at the upstream', async () => {
    const large = new LargeAnswer();
    await start((_request, socket) => void large.start(socket, 1_000));
    let commit: (() => void) | undefined;
    rig.journal.beforeCharge = () =>
      new Promise((resolve) => {
        commit = resolve;
      });
    const client = connect(rig.port, '127.0.0.1', () => client.write(`GET /api0/a HTTP/1.1\r\n${auth}\r\n`));
    await until(() => commit !== undefined && large.sent > 10);
    await settled(() => large.sent);
    expect(large.sent).toBeLessThan(600);
    let received = 0;
    client.on('data', (data) => {
      received += data.length;
    });
    commit?.();
    await until(() => received > 1_000 * 65_536, 'all of it arrived');
    client.destroy();
  });

  it('is not taken from the client faster than the upstream reads', async () => {
    upstream = await startUpstream();
    const hung: Socket[] = [];
    const deaf = createServer((socket) => hung.push(socket.pause().on('error', () => {})));
    await new Promise<void>((resolve) => deaf.listen(0, '127.0.0.1', resolve));
    const bound = deaf.address();
    const origin = `http://127.0.0.1:${typeof bound === 'object' && bound ? bound.port : 0}`;
    const list = [{ match: 'POST /a', price: '0.1', bodyBytesMax: 1e9 }];
    rig = await startRig({ config: makeConfig([{ origin, list }]), balance: '1000' });
    // More than the kernel buffers of two connections take.
    const chunk = Buffer.alloc(65_536);
    const client = connect(rig.port, '127.0.0.1', () => {
      client.write(`POST /api0/a HTTP/1.1\r\n${auth}content-length: ${640 * chunk.length}\r\n\r\n`);
      for (let n = 0; n < 640; n++) client.write(chunk);
    });
    client.on('error', () => {});
    await until(() => client.bytesWritten > 0);
    await settled(() => client.writableLength);
    expect(client.writableLength).toBeGreaterThan(0);
    for (const socket of hung) socket.destroy();
    await until(() => rig.account().holds === 0);
    client.destroy();
    deaf.close();
  });

  it('is not taken from the upstream faster than the client reads', async () => {
    const large = new LargeAnswer();
    await start((_request, socket) => void large.start(socket, 1_000));
    const socket = await new Promise<Socket>((resolve) => {
      const client = connect(rig.port, '127.0.0.1', () => {
        client.pause();
        client.write(`GET /api0/a HTTP/1.1\r\n${auth}\r\n`);
        resolve(client);
      });
    });
    await until(() => large.sent > 10);
    await settled(() => large.sent);
    expect(large.sent).toBeLessThan(600);
    socket.destroy();
    await until(() => rig.journal.finishes.length === 1);
  });
});

describe('an answer', () => {
  it('to HEAD is charged as GET and has no body', async () => {
    await start(() => 'HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n', { list: [{ match: 'GET /a', price: '0.3' }] });
    const answer = await rig.get('/api0/a', {}, 'HEAD');
    expect([answer.status, answer.headers.get('callora-price'), answer.headers.get('content-length')]).toEqual([
      200,
      '0.3',
      '5',
    ]);
    expect(answer.body).toBe('');
    expect(upstream.requests[0]?.line).toBe('HEAD /a HTTP/1.1');
    expect(rig.journal.finishes).toMatchObject([{ outcome: 'completed' }]);
  });

  it('of an event stream arrives event by event, head first', async () => {
    let stream: Socket | undefined;
    await start((_request, socket) => {
      stream = socket;
      return 'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n';
    });
    let text = '';
    const client = connect(rig.port, '127.0.0.1', () => client.write(`GET /api0/a HTTP/1.1\r\n${auth}\r\n`));
    client.on('data', (chunk) => {
      text += chunk.toString();
    });
    await until(() => text.includes('\r\n\r\n'), 'the head arrived before any event');
    expect(rig.journal.charges.length).toBe(1);
    for (const event of ['one', 'two']) {
      stream?.write(`b\r\ndata: ${event}\n\n\r\n`);
      await until(() => text.includes(`data: ${event}\n\n`), `event ${event}`);
    }
    stream?.write('0\r\n\r\n');
    await until(() => text.endsWith('0\r\n\r\n'));
    client.destroy();
  });

  it('that ends with its connection arrives whole', async () => {
    await start((_request, socket) => void socket.end('HTTP/1.1 200 OK\r\n\r\nuntil the end'));
    const answer = await rig.get('/api0/a');
    expect([answer.status, answer.body]).toEqual([200, 'until the end']);
    await until(() => rig.journal.finishes.length === 1);
    expect(rig.journal.refunds).toEqual([]);
  });

  it('to HTTP/1.0 has no chunks, and a break shows as a reset', async () => {
    let stream: Socket | undefined;
    await start((_request, socket) => {
      stream = socket;
      return 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n';
    });
    let text = '';
    let reset = false;
    const client = connect(rig.port, '127.0.0.1', () =>
      client.write(`GET /api0/a HTTP/1.0\r\n${auth}connection: keep-alive\r\n\r\n`),
    );
    client.on('data', (chunk) => {
      text += chunk.toString();
    });
    client.on('error', () => {
      reset = true;
    });
    await until(() => text.endsWith('hello'));
    expect(text.match(/^connection:.*$/gim)).toEqual(['connection: close']);
    expect(text).not.toContain('chunked');
    stream?.destroy();
    await until(() => client.destroyed);
    expect(reset).toBe(true);
  });

  it('compressed by the upstream passes packed', async () => {
    const packed = '\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03';
    await start(() => `HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: ${packed.length}\r\n\r\n${packed}`);
    const answer = await rig.get('/api0/a', { 'accept-encoding': 'gzip' });
    expect([answer.headers.get('content-encoding'), answer.body]).toEqual(['gzip', packed]);
  });
});

describe('a kept-alive connection to the upstream that had closed', () => {
  /** Answers once per connection, then closes it as soon as a second request is written. */
  const closesSecond: Behaviour = (_request, socket, index) => {
    if (index === 1) {
      socket.destroy();
      return undefined;
    }
    return okAnswer;
  };

  it.each(['GET', 'POST'])('is not retried for %s: nobody knows whether the upstream acted', async (method) => {
    await start(closesSecond);
    await rig.get('/api0/a');
    const answer = await rig.get('/api0/b', method === 'POST' ? { 'content-length': '0' } : {}, method);
    expect([answer.status, answer.headers.get('callora-price')]).toEqual([502, '0']);
    expect(upstream.requests.length).toBe(2);
    expect(rig.journal.charges.length).toBe(1);
  });

  it('is not retried when it was fresh: that upstream has seen the request', async () => {
    await start((_request, socket) => void socket.destroy());
    expect((await rig.get('/api0/a')).status).toBe(502);
    expect(upstream.requests.length).toBe(1);
  });
});
