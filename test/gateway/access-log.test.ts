import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fakeClock } from '../../src/clock.ts';
import { createAccessLog } from '../../src/gateway/access-log.ts';
import { callRecord } from '../support/call-record.ts';
import { makeConfig, usdc } from './make-config.ts';
import { readAnswer } from './raw-client.ts';
import { okAnswer, type RawUpstream, startUpstream } from './raw-upstream.ts';
import { account, type Rig, startRig } from './rig.ts';

let upstream: RawUpstream;
let rig: Rig;
let lines: string[];
let answer: string | undefined;

beforeEach(async () => {
  lines = [];
  answer = okAnswer;
  upstream = await startUpstream((_request, socket) => {
    if (answer === undefined) socket.destroy();
    return answer;
  });
  const list = [
    { match: 'GET /city/:name', price: '0.002' },
    { match: 'POST /up', price: '1' },
  ];
  rig = await startRig({
    config: makeConfig([{ origin: upstream.origin, name: 'weather', mount: '/weather', list }]),
    deps: { logCall: createAccessLog({ clock: fakeClock(), add: (line) => void lines.push(line) }) },
  });
});

afterEach(async () => {
  await rig.close();
  await upstream.close();
});

/** The line of the one call of a test, once its client has its answer and the gateway is through with it. */
async function theLine(): Promise<Record<string, unknown>> {
  while (lines.length === 0) await new Promise((resolve) => setImmediate(resolve));
  expect(lines).toHaveLength(1);
  return JSON.parse(lines[0] ?? '');
}

describe('the access log', () => {
  it('has one line for a WebSocket at its end, with its messages and all that was paid', () => {
    const log = createAccessLog({ clock: fakeClock(), add: (line) => void lines.push(line) });
    log(callRecord({ status: 101, paid: usdc('0.3'), bytesIn: 70, socket: { openedMs: 4, messages: 7 } }));
    log(callRecord());
    const [socket, call] = lines.map((line) => JSON.parse(line));
    expect(socket).toMatchObject({ status: 101, price: '0.3', bytes_in: 70, messages: 7, duration_ms: 12 });
    expect(call).not.toHaveProperty('messages');
  });

  it('has one line for a paid call, with its ids, route template, price, sizes and times', async () => {
    await rig.get('/weather/city/oslo?key=hidden', { 'x-request-id': 'mine-1' });
    expect(lines).toHaveLength(1);
    const { duration_ms, overhead_ms, ...line } = await theLine();
    expect(line).toEqual({
      level: 'info',
      time: '2027-01-15T08:00:00.000Z',
      msg: 'call',
      request: 'mine-1',
      call: '1',
      account,
      api: 'weather',
      route: '/weather/city/:name',
      method: 'GET',
      status: 200,
      outcome: 'completed',
      price: '0.002',
      bytes_in: 0,
      bytes_out: 5,
      address: '127.0.0.1',
    });
    expect(duration_ms).toBeGreaterThan(0);
    expect(overhead_ms).toBeGreaterThan(0);
    expect(Number(duration_ms)).toBeGreaterThanOrEqual(Number(overhead_ms));
  });

  it('counts the bytes of a request body', async () => {
    await rig.send(
      'POST /weather/up HTTP/1.1\r\nhost: a\r\nauthorization: Bearer good-token\r\ncontent-length: 7\r\nconnection: close\r\n\r\n1234567',
    );
    expect(await theLine()).toMatchObject({ method: 'POST', bytes_in: 7, price: '1' });
  });

  it.each([
    ['a refusal before the route', '/nothing?x=hidden', {}, { route: null, status: 404, outcome: 'not_found' }],
    ['a bad token', '/weather/city/a', { authorization: 'Bearer hidden' }, { status: 401, outcome: 'token_invalid' }],
    [
      'a page of the gateway',
      '/_callora/hello',
      {},
      { api: null, route: '/_callora/*', status: 200, outcome: 'completed' },
    ],
  ])('has one line for %s, which costs nothing and names no secret', async (_name, path, headers, wanted) => {
    await rig.get(path, headers);
    expect(await theLine()).toMatchObject({ ...wanted, call: null, account: null, price: '0' });
    expect(lines[0]).not.toContain('hidden');
  });

  it('has one line for a head that is no HTTP', async () => {
    const refused = readAnswer(await rig.send('GET /weather/city/hidden HTTP/1.1\r\nbroken line\r\n\r\n'));
    const request = refused.headers.get('x-request-id');
    expect(await theLine()).toMatchObject({ request, method: null, status: 400, outcome: 'bad_request' });
    expect(lines[0]).not.toContain('hidden');
  });

  it('shows a call that the upstream left unanswered as free, with its account and id', async () => {
    answer = undefined;
    await rig.get('/weather/city/a');
    expect(await theLine()).toMatchObject({
      call: '1',
      account,
      status: 502,
      outcome: 'upstream_bad_answer',
      price: '0',
    });
  });

  it('shows a call whose answer broke off as refunded', async () => {
    answer = 'HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\nhello';
    const going = rig.get('/weather/city/a');
    while (upstream.requests.length === 0) await new Promise((resolve) => setImmediate(resolve));
    while (rig.journal.charges.length === 0) await new Promise((resolve) => setImmediate(resolve));
    for (const socket of upstream.connections) socket.destroy();
    await going;
    expect(await theLine()).toMatchObject({ status: expect.any(Number), price: '0' });
    expect(rig.journal.refunds).toHaveLength(1);
  });

  it('does not write a request id that looks like a secret', async () => {
    const jws = 'eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJl';
    await rig.get('/weather/city/a', { 'x-request-id': jws });
    await theLine();
    expect(lines[0]).not.toContain('eyJ');
  });
});
