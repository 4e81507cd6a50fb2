import { connect, type Socket } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { type FakeClock, fakeClock } from '../../src/clock.ts';
import { until } from '../support/until.ts';
import { limits, makeConfig } from './make-config.ts';
import { startUpstream } from './raw-upstream.ts';
import { type Rig, startRig, token } from './rig.ts';

/** Answers to HTTP/1.0 that end with their connection: where it ends amid one, no reader may take it for whole. */

type CutOff = { rig: Rig; clock: FakeClock; client: Socket; failure(): Error | undefined };

/** A call whose answer has begun with this much, and goes on for ever. */
async function begin(body: string): Promise<CutOff> {
  const upstream = await startUpstream((_request, socket) => {
    socket.write(`HTTP/1.1 200 OK\r\n\r\n${body}`);
    return undefined;
  });
  const clock = fakeClock();
  const rig = await startRig({
    config: makeConfig([{ origin: upstream.origin, price: '0.1', upstream: { idleTimeoutMs: 1_000 } }], {
      limits: { ...limits, drainTimeoutMs: 1_000 },
    }),
    deps: { clock },
  });
  const client = connect(rig.port, '127.0.0.1');
  let failure: Error | undefined;
  client.on('error', (error) => {
    failure = error;
  });
  client.write(`GET /api0/a HTTP/1.0\r\nhost: a\r\nauthorization: Bearer ${token}\r\n\r\n`);
  onTestFinished(async () => {
    client.destroy();
    await rig.close();
    await upstream.close();
  });
  return { rig, clock, client, failure: () => failure };
}

it('an answer that a drain cuts off ends with a reset', async () => {
  const { rig, clock, client, failure } = await begin('hello');
  let text = '';
  client.on('data', (chunk) => {
    text += chunk;
  });
  await until(() => text.endsWith('hello'));
  const drained = rig.gateway.drain();
  clock.advance(1_000);
  await until(() => client.closed);
  await drained;
  expect(failure()).toMatchObject({ code: 'ECONNRESET' });
  expect(rig.journal.finishes).toMatchObject([{ outcome: 'gateway_failed', bytesOut: 5 }]);
});

it('an answer that its client has not read in time ends with a reset, when it reads on at last', async () => {
  const { rig, clock, client, failure } = await begin('x'.repeat(20_000_000));
  client.pause();
  await until(() => {
    clock.advance(500);
    return rig.journal.finishes.length === 1;
  }, 'the end of the call');
  client.resume();
  await until(() => client.closed);
  expect(failure()).toMatchObject({ code: 'ECONNRESET' });
  expect(rig.journal.finishes).toMatchObject([{ outcome: 'client_gone' }]);
});
