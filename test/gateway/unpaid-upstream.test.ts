import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { until } from '../support/until.ts';
import { startKeyed } from './idempotency-rig.ts';
import { type ApiSpec, makeConfig, usdc } from './make-config.ts';
import { readAnswer } from './raw-client.ts';
import { type Behaviour, okAnswer, type RawUpstream, startUpstream } from './raw-upstream.ts';
import { type Rig, startRig, token } from './rig.ts';

/** An upstream's own 402: a client that pays for what it is asked would pay a stranger for a call that it buys here. */

const offer = JSON.stringify({ x402Version: 1, accepts: [{ scheme: 'exact', payTo: 'GSTRANGER' }] });
const unpaid = `HTTP/1.1 402 Payment Required\r\ncontent-type: application/json\r\ncontent-length: ${offer.length}\r\n\r\n${offer}`;

let upstream: RawUpstream;
let rig: Rig;

async function start(behave: Behaviour, spec: Partial<ApiSpec> = {}): Promise<void> {
  upstream = await startUpstream(behave);
  rig = await startRig({ config: makeConfig([{ origin: upstream.origin, price: '0.1', ...spec }]) });
}

afterEach(async () => {
  await until(() => rig.gateway.stats().running === 0, 'every call ended');
  expect(rig.account()).toMatchObject({ held: 0n, holds: 0 });
  await rig.close();
  await upstream.close();
});

function expectUnpaid(raw: string): void {
  const answer = readAnswer(raw);
  expect(answer.status).toBe(502);
  expect(raw).not.toContain('GSTRANGER');
  expect(answer.headers.get('callora-price')).toBe('0');
  expect(answer.headers.get('proxy-status')).toBe('callora; error=proxy_configuration_error');
  expect(JSON.parse(answer.body)).toMatchObject({ code: 'upstream_unpaid', call: answer.headers.get('callora-call') });
  expect([rig.journal.charges, rig.account().charged]).toEqual([[], 0n]);
}

describe('a 402 of the upstream', () => {
  it('reaches nobody: the call is answered with 502, says whose fault it is, and costs nothing', async () => {
    await start(() => unpaid);
    expectUnpaid((await rig.get('/api0/a')).raw);
    expect(rig.metrics.ended).toMatchObject([[{ outcome: 'upstream_unpaid', status: 502, paid: 0n }]]);
    await until(() => upstream.connections.size === 0, 'the upstream was let go');
  });

  it('costs nothing where `charge_on` has it too', async () => {
    await start(() => unpaid, { list: [{ match: 'GET /a', price: '0.1', charges: () => true }] });
    expectUnpaid((await rig.get('/api0/a')).raw);
  });

  it('to HEAD is a head of the gateway’s', async () => {
    await start(() => 'HTTP/1.1 402 Payment Required\r\nx-mark: GSTRANGER\r\ncontent-length: 9\r\n\r\n');
    const answer = await rig.get('/api0/a', {}, 'HEAD');
    expect([answer.status, answer.body, answer.raw.includes('GSTRANGER')]).toEqual([502, '', false]);
    expect(Number(answer.headers.get('content-length'))).toBeGreaterThan(9);
    expect(rig.journal.charges).toEqual([]);
  });

  it('with a body without an end is not waited for', async () => {
    await start((_request, socket) => {
      socket.write('HTTP/1.1 402 Payment Required\r\ntransfer-encoding: chunked\r\n\r\n9\r\nGSTRANGER\r\n');
      return undefined;
    });
    expectUnpaid((await rig.get('/api0/a')).raw);
    await until(() => upstream.connections.size === 0, 'the upstream was cut off');
  });

  it('ahead of the end of the request body ends the connection behind the refusal', async () => {
    await start(() => undefined);
    const client = connect(rig.port, '127.0.0.1');
    let text = '';
    client.on('data', (chunk) => {
      text += chunk;
    });
    client.write(
      `POST /api0/a HTTP/1.1\r\nhost: a\r\nauthorization: Bearer ${token}\r\ncontent-length: 10\r\n\r\nhello`,
    );
    await until(() => upstream.bytes.some((bytes) => bytes.endsWith('hello')));
    for (const socket of upstream.connections) socket.write(unpaid);
    await until(() => client.readableEnded, 'the end');
    client.destroy();
    expect(readAnswer(text).headers.get('connection')).toBe('close');
    expectUnpaid(text);
  });

  it('on a route without a token reaches nobody either', async () => {
    await start(() => unpaid, { list: [{ match: 'GET /open', price: '0', auth: 'none' }] });
    expectUnpaid(await rig.send('GET /api0/open HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n'));
  });

  it('to a handshake takes back what was paid for it', async () => {
    await start(() => unpaid, { list: [{ match: 'GET /live', price: '0.1', websocket: 'connection' }] });
    const handshake =
      `GET /api0/live HTTP/1.1\r\nhost: a\r\nauthorization: Bearer ${token}\r\nconnection: upgrade\r\nupgrade: websocket\r\n` +
      'sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n';
    const answer = readAnswer(await rig.send(handshake));
    expect([answer.status, JSON.parse(answer.body).code]).toEqual([502, 'upstream_unpaid']);
    expect(answer.raw).not.toContain('GSTRANGER');
    await until(() => rig.gateway.stats().running === 0);
    expect(rig.journal.refunds).toMatchObject([{ amount: usdc('0.1') }]);
  });

  it('closes the API to nobody, however often it comes', async () => {
    await start(({ line }) => (line.startsWith('GET /dear ') ? unpaid : okAnswer), {
      upstream: { breaker: { failures: 2, openForMs: 60_000 } },
    });
    for (let i = 0; i < 5; i++) expectUnpaid((await rig.get('/api0/dear')).raw);
    expect((await rig.get('/api0/a')).status).toBe(200);
  });

  it('leaves the key of its call free', async () => {
    await start(() => okAnswer);
    const keyed = await startKeyed({ behave: (_request, _socket, index) => (index === 0 ? unpaid : okAnswer) });
    const call = () => keyed.call('/a/x', { 'idempotency-key': 'one' }, 'body');
    const first = await call();
    expect([first.status, JSON.parse(first.body).code]).toEqual([502, 'upstream_unpaid']);
    expect([(await call()).status, (await call()).headers.get('idempotent-replayed')]).toEqual([200, 'true']);
    expect([keyed.upstream.requests.length, keyed.charged()]).toEqual([2, usdc('0.1')]);
  });
});

describe('a 402 of the upstream on a route that passes it', () => {
  it('is an answer like any other, but for offers in its fields', async () => {
    await start(() => unpaid.replace('content-type', 'payment-required: forged\r\ncontent-type'), {
      list: [{ match: 'GET /a', price: '0.1', passesPaymentRequired: true, charges: (status) => status === 402 }],
    });
    const answer = await rig.get('/api0/a');
    expect([answer.status, answer.body, answer.headers.get('callora-price')]).toEqual([402, offer, '0.1']);
    expect(answer.raw).not.toContain('forged');
    await until(() => rig.journal.finishes.length === 1);
    expect(rig.account().charged).toBe(usdc('0.1'));
  });
});
