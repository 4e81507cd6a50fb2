import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { givenMsMax } from '../../src/billing/charging.ts';
import { fakeClock } from '../../src/clock.ts';
import type { GatewayDeps } from '../../src/gateway/deps.ts';
import { until } from '../support/until.ts';
import { limits, makeConfig } from './make-config.ts';
import { okAnswer, type RawUpstream, startUpstream } from './raw-upstream.ts';
import { type Rig, startRig, token } from './rig.ts';

let upstream: RawUpstream;
let rig: Rig;
let answer: (() => void) | undefined;
let begin: (bytes: string) => void;

async function start(drainTimeoutMs: number, deps: Partial<GatewayDeps> = {}) {
  answer = undefined;
  upstream = await startUpstream((_request, socket) => {
    answer = () => socket.write(okAnswer);
    begin = (bytes) => socket.write(bytes);
    return undefined;
  });
  const config = makeConfig([{ origin: upstream.origin, price: '0.1' }], { limits: { ...limits, drainTimeoutMs } });
  rig = await startRig({ config, balance: '1', deps });
}

afterEach(async () => {
  await rig.close();
  await upstream.close();
});

describe('a drain', () => {
  it('finishes running calls, refuses new ones with 503 and then lets go of the port', async () => {
    await start(60_000);
    const running = rig.get('/api0/a');
    await until(() => answer !== undefined);
    const drained = rig.gateway.drain();
    const refused = await rig.get('/api0/b');
    expect([refused.status, JSON.parse(refused.body).code]).toEqual([503, 'shutting_down']);
    expect(refused.headers.get('connection')).toBe('close');
    answer?.();
    expect((await running).status).toBe(200);
    await drained;
    expect(rig.journal.finishes).toMatchObject([{ outcome: 'completed' }]);
    expect(await rig.send('GET / HTTP/1.1\r\n\r\n')).toBe('');
  });

  it('refuses the next call of a connection that is already open', async () => {
    await start(60_000);
    let text = '';
    const call = (path: string) => `GET /api0/${path} HTTP/1.1\r\nhost: a\r\nauthorization: Bearer ${token}\r\n\r\n`;
    const client = connect(rig.port, '127.0.0.1', () => client.write(call('a')));
    client.on('data', (chunk) => {
      text += chunk.toString();
    });
    await until(() => answer !== undefined);
    const answerFirst = answer;
    const running = rig.get('/api0/held');
    await until(() => upstream.requests.length === 2);
    const answerHeld = answer;
    answerFirst?.();
    await until(() => rig.metrics.ended.length === 1);
    const drained = rig.gateway.drain();
    client.write(call('b'));
    await until(() => rig.metrics.ended.length === 2);
    answerHeld?.();
    await running;
    await drained;
    expect(rig.metrics.ended[1]).toMatchObject([{ outcome: 'shutting_down', status: 503, route: undefined }]);
    expect(text.match(/HTTP\/1.1 \d+/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 503']);
    expect(upstream.requests.length).toBe(2);
    expect(rig.account().holds).toBe(0);
  });

  it('ends what does not finish in time: no head costs nothing', async () => {
    await start(20);
    const running = rig.get('/api0/a');
    await until(() => answer !== undefined);
    await rig.gateway.drain();
    expect(await running).toMatchObject({ body: '' });
    expect(rig.account()).toMatchObject({ held: 0n, charged: 0n });
  });

  it('ends what does not finish in time: an answer that it cuts off is paid back, however long it was had', async () => {
    const clock = fakeClock();
    await start(1_000, { clock });
    const client = connect(rig.port, '127.0.0.1');
    client.on('error', () => {});
    client.write(`GET /api0/a HTTP/1.1\r\nhost: a\r\nauthorization: Bearer ${token}\r\n\r\n`);
    await until(() => answer !== undefined);
    begin('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhello');
    await once(client, 'data');
    clock.advance(givenMsMax - 1);
    begin('more');
    await once(client, 'data');
    const drained = rig.gateway.drain();
    clock.advance(1_000);
    await drained;
    expect(rig.journal.finishes).toMatchObject([{ outcome: 'gateway_failed' }]);
    expect(rig.journal.refunds).toMatchObject([{ reason: 'gateway_failed' }]);
  });
});
