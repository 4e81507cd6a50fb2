import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { until } from '../support/until.ts';
import { type ApiSpec, limits, makeConfig } from './make-config.ts';
import type { RawAnswer } from './raw-client.ts';
import { type Behaviour, okAnswer, type RawUpstream, startUpstream } from './raw-upstream.ts';
import { account, type Rig, type RigOptions, startRig, token } from './rig.ts';

/** What header fields say to either side, beyond passing through: traces, cookies, secrets, caches, whose answer it is. */

let upstream: RawUpstream | undefined;
let rig: Rig | undefined;

async function start(
  behave: Behaviour = () => okAnswer,
  spec: Partial<ApiSpec> = {},
  options: Partial<RigOptions> = {},
) {
  upstream = await startUpstream(behave);
  const config = makeConfig([{ origin: upstream.origin, price: '0.1', ...spec }]);
  rig = await startRig({ config, balance: '1000', ...options });
  return rig;
}

afterEach(async () => {
  await rig?.close();
  await upstream?.close();
});

/** An upstream that answers 200 with these fields. */
function withFields(...fields: string[]): Behaviour {
  return () => `HTTP/1.1 200 OK\r\n${fields.map((field) => `${field}\r\n`).join('')}content-length: 0\r\n\r\n`;
}

function headSeen(): string {
  return upstream?.requests.at(-1)?.head ?? '';
}

/** Sends one call with these field lines and returns what the upstream saw of a field. */
async function sent(lines: string[], name: string): Promise<string | undefined> {
  const own = `host: gateway.test\r\nauthorization: Bearer ${token}\r\nconnection: close\r\n`;
  const answer = await rig?.send(`GET /api0/a HTTP/1.1\r\n${own}${lines.map((line) => `${line}\r\n`).join('')}\r\n`);
  expect(answer).toMatch(/^HTTP\/1\.1 200 /);
  return upstream?.requests.at(-1)?.headers.get(name);
}

/** The values of a repeated field of an answer, in order. */
function valuesOf({ raw }: RawAnswer, name: string): string[] {
  return [...raw.matchAll(/^([^:\r\n]+): (.*)\r$/gm)].flatMap(([, field, value = '']) =>
    field?.toLowerCase() === name ? [value] : [],
  );
}

describe('a trace', () => {
  const id = '0af7651916cd43dd8448eb211c80319c';
  const span = 'b7ad6b7169203331';
  const valid = `00-${id}-${span}-01`;

  it('passes unchanged with its state', async () => {
    await start();
    const lines = [`traceparent: ${valid}`, 'tracestate: a=1', 'tracestate: b=2'];
    expect(await sent(lines, 'traceparent')).toBe(valid);
    expect(headSeen()).toContain('tracestate: a=1\r\ntracestate: b=2');
  });

  it('is not made up where there is none', async () => {
    await start();
    expect(await sent(['accept: text/plain'], 'traceparent')).toBeUndefined();
  });

  it.each([
    ['of a later version', `01-${id}-${span}-01-more`, true],
    ['with all flags', `00-${id}-${span}-ff`, true],
    ['in upper case', `00-${id.toUpperCase()}-${span}-01`, false],
    ['of the version that is none', `ff-${id}-${span}-01`, false],
    ['with more behind version 00', `${valid}-more`, false],
    ['with more that no dash separates', `01-${id}-${span}-01more`, false],
    ['without a trace', `00-${'0'.repeat(32)}-${span}-01`, false],
    ['without a parent', `00-${id}-${'0'.repeat(16)}-01`, false],
    ['cut short', valid.slice(0, -1), false],
    ['with other separators', valid.replaceAll('-', '_'), false],
    ['that is no hex', `00-${id.replace('a', 'g')}-${span}-01`, false],
  ])('%s: %s passes: %s', async (_, traceparent, passes) => {
    await start();
    expect(await sent([`traceparent: ${traceparent}`, 'tracestate: a=1'], 'traceparent')).toBe(
      passes ? traceparent : undefined,
    );
    expect(headSeen().includes('tracestate')).toBe(passes);
  });

  it('named twice names nothing, and a state alone belongs to none', async () => {
    await start();
    expect(await sent([`traceparent: ${valid}`, `Traceparent: ${valid}`, 'tracestate: a=1'], 'traceparent')).toBe(
      undefined,
    );
    expect(await sent(['tracestate: a=1'], 'tracestate')).toBe(undefined);
  });
});

describe('a payment that a client sends', () => {
  it.each(['Payment-Authorization', 'payment_signature', 'X-PAYMENT'])(
    'is a credential: %s reaches no upstream',
    async (name) => {
      await start();
      await sent([`${name}: s3cret`, 'x-other: passes'], 'x-other');
      expect(headSeen()).toContain('passes');
      expect(headSeen()).not.toContain('s3cret');
    },
  );
});

describe('cookies', () => {
  it.each([
    ['a=1; callora_admin=s3cret; b=2', 'a=1; b=2'],
    ['callora_admin=s3cret', undefined],
    ['a=1;callora_admin=s3cret', 'a=1'],
    ['__Host-callora_admin=s3cret; b=2', 'b=2'],
    ['a=callora_admin', 'a=callora_admin'],
    ['a=1; b=2', 'a=1; b=2'],
    ['not-callora_admin=1', 'not-callora_admin=1'],
  ])('%s reach the upstream as %s', async (cookies, seen) => {
    await start();
    expect(await sent([`cookie: ${cookies}`], 'cookie')).toBe(seen);
    expect(headSeen()).not.toContain('s3cret');
  });

  it('of an upstream keep their order, and none of ours is among them', async () => {
    const cookies = [
      'b=2; Path=/',
      'callora_admin=planted',
      ' callora_admin=planted; Path=/',
      '=callora_admin=planted',
      '__Secure-callora_admin=planted; Secure',
      'a=1',
      'b=3; HttpOnly',
      'c=callora_admin',
    ];
    await start(withFields(...cookies.map((cookie) => `Set-Cookie: ${cookie}`)));
    const answer = await start0().get('/api0/a');
    expect(valuesOf(answer, 'set-cookie')).toEqual(['b=2; Path=/', 'a=1', 'b=3; HttpOnly', 'c=callora_admin']);
  });
});

function start0(): Rig {
  if (!rig) throw new Error('not started');
  return rig;
}

describe('a secret of the upstream', () => {
  const spec: Partial<ApiSpec> = {
    headers: [
      ['x-api-key', 'k3y/that+nobody=knows'],
      ['authorization', 'Bearer t0ken-of-the-upstream'],
      ['accept-language', 'en'],
    ],
    secrets: ['k3y/that+nobody=knows', 'Bearer t0ken-of-the-upstream'],
  };

  it('does not come back in the value of any field', async () => {
    const fields = [
      'x-debug: x-api-key=k3y/that+nobody=knows',
      'x-request-headers: {"authorization":"Bearer t0ken-of-the-upstream"}',
      'x-token: t0ken-of-the-upstream',
      'location: https://elsewhere.test/?key=k3y%2Fthat%2Bnobody%3Dknows',
      'set-cookie: k=k3y/that+nobody=knows',
      'link: <https://a.test/?k3y/that+nobody=knows>; rel=next',
      'x-language: en',
      'x-plain: nothing',
    ];
    await start(withFields(...fields), spec);
    const { raw, headers } = await start0().get('/api0/a');
    expect(raw).not.toContain('nobody');
    expect(raw).not.toContain('t0ken');
    expect([headers.get('x-language'), headers.get('x-plain')]).toEqual(['en', 'nothing']);
  });

  it('does not come back in a trailer', async () => {
    const body = '0\r\nx-echo: k3y/that+nobody=knows\r\nx-sum: 1\r\n\r\n';
    await start(() => `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n${body}`, spec);
    const { raw } = await start0().get('/api0/a');
    expect(raw).toContain('x-sum: 1');
    expect(raw).not.toContain('nobody');
  });
});

describe('what a cache may keep', () => {
  const cached = ['cache-control: public, max-age=60', 'vary: accept-language, callora-account'];
  const cacheable: Partial<ApiSpec> = { list: [{ match: 'GET /a', price: '0.1', cacheable: true }] };

  it('varies by the token where it varies by the account', async () => {
    await start(withFields(...cached), cacheable);
    const answer = await start0().get('/api0/a');
    expect(answer.headers.get('cache-control')).toBe('public, max-age=60');
    expect(answer.headers.get('vary')).toBe('accept-language, callora-account, Authorization');
  });

  it('tells no balance', async () => {
    await start(withFields(...cached), cacheable);
    expect((await start0().get('/api0/a')).names).not.toContain('callora-balance');
    expect((await start0().get('/api0/b')).names).toContain('callora-balance');
  });

  it('tells nothing of what its payer has left of a rate', async () => {
    const account = { perSecond: 5, burst: 5 };
    await start(withFields(...cached), { ...cacheable, rates: { account, token: undefined, address: undefined } });
    expect((await start0().get('/api0/a')).names).not.toContain('ratelimit');
    expect((await start0().get('/api0/b')).names).toContain('ratelimit');
  });

  it('is nothing that was bought, whatever the upstream tells which cache', async () => {
    const orders = [
      'CDN-Cache-Control',
      'Cloudflare-CDN-Cache-Control',
      'Surrogate-Control',
      'Edge-Control',
      'X-Accel-Expires',
      'Expires',
    ];
    await start(withFields(...orders.map((name) => `${name}: max-age=60`)));
    const { raw, headers } = await start0().get('/api0/a');
    expect(headers.get('cache-control')).toBe('private, no-store');
    expect(raw).not.toContain('max-age=60');
  });
});

describe('trailers of a request', () => {
  it('reach the upstream without those that speak for the gateway or for the head', async () => {
    await start(undefined, { headers: [['x-api-key', 'upstream-secret']] });
    const trailers = [
      'x-sum: 1',
      'callora_account: forged',
      'Content-Length: forged',
      'X-Api-Key: forged',
      'x-more: 2',
    ];
    const own = `host: gateway.test\r\nauthorization: Bearer ${token}\r\nconnection: close\r\ntransfer-encoding: chunked\r\n`;
    const body = `5\r\nhello\r\n0\r\n${trailers.map((line) => `${line}\r\n`).join('')}\r\n`;
    const seen = () => upstream?.bytes.join('') ?? '';
    const client = connect(start0().port, '127.0.0.1', () => client.write(`POST /api0/a HTTP/1.1\r\n${own}\r\n`));
    // The head has left when the body comes, so that the body goes on in chunks.
    await until(() => seen().includes('\r\n\r\n'), 'the head');
    client.write(body);
    await until(() => seen().includes('x-more: 2\r\n\r\n'), 'the trailers');
    client.destroy();
    expect(seen()).toContain('\r\n0\r\nx-sum: 1\r\nx-more: 2\r\n\r\n');
    expect(seen()).not.toContain('forged');
  });
});

describe('fields that announce trailers', () => {
  it('name those that will pass', async () => {
    await start(withFields('trailer: x-sum, content-length, Set-Cookie,callora-call , x-more'));
    const answer = await start0().get('/api0/a');
    expect(answer.headers.get('trailer')).toBe('x-sum, x-more');
    expect(await sent(['trailer: x-sum, authorization, x_account_id'], 'trailer')).toBe('x-sum');
    expect(await sent(['trailer: host'], 'trailer')).toBe(undefined);
  });
});

describe('Server-Timing', () => {
  it('has the gateway’s part behind the upstream’s own', async () => {
    await start(withFields('server-timing: db;dur=53'));
    const answer = await start0().get('/api0/a');
    expect(valuesOf(answer, 'server-timing')).toEqual(['db;dur=53', expect.stringMatching(/^callora;dur=\d+(\.\d)?$/)]);
  });
});

describe('Date', () => {
  it('is on an answer whose upstream names its own in Connection', async () => {
    await start(withFields('connection: close, date', 'date: Sat, 28 Nov 2020 18:20:09 GMT'));
    expect(valuesOf(await start0().get('/api0/a'), 'date')).toEqual([expect.not.stringContaining('2020')]);
  });
});

describe('Via', () => {
  it('names the gateway both ways, behind those before it, with the version each side spoke', async () => {
    await start(() => 'HTTP/1.0 200 OK\r\nvia: 1.1 varnish\r\ncontent-length: 0\r\n\r\n');
    const answer = await start0().get('/api0/a', { via: '2 cdn.test' });
    expect(headSeen().match(/^via: .*$/gim)).toEqual(['via: 2 cdn.test', 'via: 1.1 callora']);
    expect(valuesOf(answer, 'via')).toEqual(['1.1 varnish', '1.0 callora']);
  });
});

describe('Proxy-Status', () => {
  it('tells that the gateway refused a call, and why', async () => {
    const list = [
      { match: 'POST /up', price: '0.1', bodyBytesMax: 1 },
      { match: 'GET /dear', price: '5000' },
    ];
    await start(undefined, { list, price: undefined } as unknown as Partial<ApiSpec>);
    const call = start0().get;
    const none = { authorization: 'Basic x' };
    expect((await call('/api0/dear', none)).headers.get('proxy-status')).toBe(
      'callora; error=http_request_denied; details="token_missing"',
    );
    expect((await call('/api0/dear')).headers.get('proxy-status')).toContain(
      'http_request_denied; details="balance_too_low"',
    );
    expect((await call('/api0/gone')).headers.get('proxy-status')).toContain('http_request_error; details="not_found"');
    expect((await call('/api0/up')).headers.get('proxy-status')).toContain('details="method_not_allowed"');
    const tooLarge = await call('/api0/up', { 'content-length': '5' }, 'POST');
    expect(tooLarge.headers.get('proxy-status')).toContain('http_request_error; details="body_too_large"');
  });

  it('tells that the upstream was never asked', async () => {
    await start(undefined, {}, { deps: { mayServe: () => ({ code: 'vault_paused' }) } });
    expect((await start0().get('/api0/a')).headers.get('proxy-status')).toBe(
      'callora; error=proxy_internal_response; details="vault_paused"',
    );
  });

  it('tells what was wrong with the upstream', async () => {
    await start((_, socket) => void socket.destroy());
    const answer = await start0().get('/api0/a', {}, 'POST');
    expect([answer.status, answer.headers.get('proxy-status')]).toEqual([502, 'callora; error=connection_terminated']);
    expect(JSON.parse(answer.body)).toMatchObject({ detail: 'it ended the connection before it answered' });
  });

  it.each([
    ['cdn.test; error=connection_refused', 'cdn.test; error=connection_refused'],
    ['callora; error=connection_refused', undefined],
    ['cdn.test; error=dns_error, callora; error=connection_refused', undefined],
    ['"Callora"; details="balance_too_low"', undefined],
  ])(
    '%j of an upstream is told as %j: it may name the proxies behind the gateway, and never the gateway',
    async (status, told) => {
      await start(withFields(`Proxy-Status: ${status}`));
      expect((await start0().get('/api0/a')).headers.get('proxy-status')).toBe(told);
    },
  );

  it('is not on the gateway’s own pages, nor on what the upstream answered', async () => {
    await start();
    expect((await start0().get('/_callora/nothing')).names).not.toContain('proxy-status');
    expect((await start0().get('/api0/a')).names).not.toContain('proxy-status');
  });
});

describe('the memory for field names', () => {
  it('changes no verdict when it is full', async () => {
    await start(undefined, { headers: [['x-api-key', 'upstream-secret']] }, {});
    const lines = Array.from({ length: limits.headFieldsMax - 10 }, (_, i) => `x-filler-${i}: 1`);
    for (let round = 0; round < 15; round++) {
      await sent(
        lines.map((line) => line.replace('filler', `filler-${round}`)),
        'x-filler',
      );
    }
    expect(await sent(['Callora_Account: forged', 'X_API_key: forged', 'x-new: 1'], 'x-new')).toBe('1');
    expect(headSeen()).not.toContain('forged');
    expect(headSeen()).toContain(`callora-account: ${account}`);
  });
});
