import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { fakeClock } from '../../src/clock.ts';
import { silentLog } from '../../src/log.ts';
import { createUpstreams } from '../../src/upstream/upstreams.ts';
import { until } from '../support/until.ts';
import { pass } from '../upstream/rig.ts';
import { type ApiSpec, idempotency, limits, makeConfig } from './make-config.ts';
import { readAnswer } from './raw-client.ts';
import { type Behaviour, okAnswer, startUpstream } from './raw-upstream.ts';
import { type Rig, startRig, token } from './rig.ts';

const ends: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

async function upstreamThat(behave: Behaviour) {
  const upstream = await startUpstream(behave);
  ends.push(upstream.close);
  return upstream;
}

async function rigFor(upstream: ApiSpec['upstream'], origin: string, spec: Partial<ApiSpec> = {}): Promise<Rig> {
  const config = makeConfig([{ origin, price: '0.1', ...(upstream ? { upstream } : {}), ...spec }]);
  const rig = await startRig({ config });
  ends.unshift(rig.close);
  return rig;
}

describe('an upstream past a limit', () => {
  it('of the whole time, before its head, costs nothing', async () => {
    const upstream = await upstreamThat(() => undefined);
    const rig = await rigFor({ totalTimeoutMs: 100 }, upstream.origin);
    const answer = await rig.get('/api0/a');
    expect([answer.status, JSON.parse(answer.body).code]).toEqual([504, 'upstream_timeout']);
    expect(answer.headers.get('proxy-status')).toBe('callora; error=http_response_timeout');
    expect(rig.account()).toMatchObject({ held: 0n, charged: 0n });
  });

  it('of the whole time, within its answer, gives a broken answer and the money back', async () => {
    const upstream = await upstreamThat((_request, socket) => {
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhello');
      return undefined;
    });
    const rig = await rigFor({ totalTimeoutMs: 100 }, upstream.origin);
    const answer = await rig.get('/api0/a');
    expect([answer.status, answer.body]).toEqual([200, 'hello']);
    await until(() => rig.journal.refunds.length === 1, 'the refund');
    expect(rig.account()).toMatchObject({ held: 0n, unsettled: 0n });
  });

  it('of calls that wait is refused, and costs nothing', async () => {
    let release = () => {};
    const upstream = await upstreamThat((_request, socket) => {
      release = () => socket.write(okAnswer);
      return undefined;
    });
    const rig = await rigFor({ connectionsMax: 1, waitingMax: 0 }, upstream.origin);
    const first = rig.get('/api0/a');
    await until(() => upstream.requests.length === 1);
    const refused = await rig.get('/api0/b');
    expect([refused.status, JSON.parse(refused.body).code]).toEqual([502, 'upstream_unreachable']);
    expect(refused.headers.get('proxy-status')).toBe('callora; error=connection_limit_reached');
    expect(refused.headers.get('retry-after')).toBe('1');
    release();
    expect((await first).status).toBe(200);
    expect(rig.journal.charges).toHaveLength(1);
  });

  it('of failures in a row gets no calls for a while', async () => {
    const upstream = await upstreamThat((_request, socket) => {
      socket.destroy();
      return undefined;
    });
    const rig = await rigFor({ breaker: { failures: 2, openForMs: 60_000 } }, upstream.origin);
    for (let i = 0; i < 2; i++) expect((await rig.get('/api0/a')).headers.has('retry-after')).toBe(false);
    // Others may come before the gateway has asked for itself.
    let refused = await rig.get('/api0/a');
    for (let i = 0; i < 100 && !refused.headers.has('retry-after'); i++) refused = await rig.get('/api0/a');
    expect(refused.headers.get('proxy-status')).toBe('callora; error=destination_unavailable');
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(50);
    const { length } = upstream.requests;
    expect((await rig.get('/api0/a')).headers.has('retry-after')).toBe(true);
    expect(upstream.requests).toHaveLength(length);
    expect(rig.account()).toMatchObject({ held: 0n, charged: 0n });
  });

  it('on one path, which costs nothing, keeps the calls of everybody else', async () => {
    const upstream = await upstreamThat(({ line }) => (line.includes('/slow') ? undefined : okAnswer));
    const list = [{ match: 'GET /slow', price: '0.1', timeoutMs: 100 }];
    const rig = await rigFor({ breaker: { failures: 2, openForMs: 60_000 } }, upstream.origin, { list });
    for (let round = 0; round < 3; round++) {
      const slow = await Promise.all(Array.from({ length: 10 }, () => rig.get('/api0/slow')));
      expect(new Set(slow.map(({ status }) => status))).toEqual(new Set([504]));
      expect((await rig.get('/api0/a')).status).toBe(200);
    }
  });
});

describe('a reload between the head of a call and its sending', () => {
  it('leaves the call its time limit, which gives back what it holds', async () => {
    const upstream = await upstreamThat(() => undefined);
    const clock = fakeClock();
    const upstreams = createUpstreams({ log: silentLog(), clock });
    const configOf = (connectionsMax: number) =>
      makeConfig([{ origin: upstream.origin, price: '0.1', upstream: { connectionsMax } }], {
        idempotency,
        identitySecret: 'secret of the gateway',
        limits: { ...limits, callsPerAccountMax: 1 },
      });
    const first = configOf(8);
    upstreams.reload(first.apis);
    const rig = await startRig({ config: first, deps: { upstreams, keys: keysOfOneCall } });
    ends.unshift(rig.close, upstreams.close);

    const client = connect(rig.port, '127.0.0.1');
    let answer = '';
    client.on('data', (chunk: Buffer) => {
      answer += chunk.toString('latin1');
    });
    client.write(
      `POST /api0/a HTTP/1.1\r\nhost: a\r\nauthorization: Bearer ${token}\r\nidempotency-key: k\r\ncontent-length: 4\r\n\r\nha`,
    );
    await until(() => rig.account().held > 0n, 'the hold');
    const next = configOf(9);
    rig.setConfig(next);
    upstreams.reload(next.apis);
    await pass(clock, 1_000);
    client.write('lf');
    await until(() => upstream.requests.length === 1, 'the request at the upstream');
    await pass(clock, 30_200);
    expect(rig.account()).toMatchObject({ held: 0n, holds: 0, charged: 0n });
    await until(() => answer.includes('upstream_timeout'), 'the answer');
    expect(answer).toMatch(/^HTTP\/1\.1 504 /);
    await until(() => rig.gateway.stats().running === 0, 'the end of the call');
    expect(rig.journal.charges).toEqual([]);
    client.destroy();
    const another = rig.get('/api0/b');
    await until(() => upstream.requests.length === 2, 'a call in its place');
    await pass(clock, 30_200);
    expect((await another).status).toBe(504);
  });
});

/** Enough for a call whose key is let go of. */
const keysOfOneCall = {
  begin: async () => ({ kind: 'begun' as const }),
  keep: async () => {},
  spend: async () => {},
  release: async () => {},
  endUnpaid: async () => {},
};

describe('a client that does not finish its body', () => {
  it('is answered 408 at the time of the first byte, and closes the API to nobody', async () => {
    const upstream = await upstreamThat(() => okAnswer);
    const list = [{ match: 'POST /open', price: '0', auth: 'none' as const, timeoutMs: 100 }];
    const rig = await rigFor({ breaker: { failures: 2, openForMs: 60_000 } }, upstream.origin, { list });
    const stalled = 'POST /api0/open HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n5;ext';
    const answers = await Promise.all(Array.from({ length: 10 }, () => rig.send(stalled)));
    for (const raw of answers) {
      const { status, headers, body } = readAnswer(raw);
      expect([status, JSON.parse(body).code]).toEqual([408, 'request_timeout']);
      expect(headers.get('proxy-status')).toBe('callora; error=http_request_error; details="request_timeout"');
    }
    expect((await rig.get('/api0/a')).status).toBe(200);
  });
});

describe('an API of several upstreams', () => {
  it('shares its calls among them, and moves the redirects of each to its mount', async () => {
    const redirects: Behaviour = ({ headers }) =>
      `HTTP/1.1 302 Found\r\nlocation: http://${headers.get('host')}/v1/b\r\ncontent-length: 0\r\n\r\n`;
    const upstreams = [await upstreamThat(redirects), await upstreamThat(redirects)];
    const config = makeConfig([
      { origin: '', basePath: '/v1', price: '0.1', upstream: { origins: upstreams.map(({ origin }) => origin) } },
    ]);
    const rig = await startRig({ config });
    ends.unshift(rig.close);
    for (let i = 0; i < 4; i++) expect((await rig.get('/api0/a')).headers.get('location')).toBe('/api0/b');
    expect(upstreams.map(({ requests }) => requests.length)).toEqual([2, 2]);
  });
});
