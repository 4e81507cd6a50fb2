import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { givenMsMax } from '../../src/billing/charging.ts';
import { fakeClock } from '../../src/clock.ts';
import { until } from '../support/until.ts';
import { makeConfig } from './make-config.ts';
import { startUpstream } from './raw-upstream.ts';
import { startRig, token } from './rig.ts';

/** An answer that its consumer has had for a minute has been given: no trick that makes an upstream hang up gets back more. */

it.each([
  ['for less than a minute is paid back', givenMsMax - 1, [{ reason: 'upstream_broke' }]],
  ['for a minute has been paid', givenMsMax, []],
])('a stream that its upstream breaks off when it was had %s', async (_, ms, refunds) => {
  const clock = fakeClock();
  let far: Socket | undefined;
  const upstream = await startUpstream((_request, socket) => {
    far = socket;
    socket.write(
      'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n6\r\ndata: \r\n',
    );
    return undefined;
  });
  const rig = await startRig({ config: makeConfig([{ origin: upstream.origin, price: '0.1' }]), deps: { clock } });
  const client = connect(rig.port, '127.0.0.1');
  onTestFinished(async () => {
    client.destroy();
    await rig.close();
    await upstream.close();
  });
  client.on('error', () => {});
  client.write(`GET /api0/a HTTP/1.1\r\nhost: a\r\nauthorization: Bearer ${token}\r\n\r\n`);
  await once(client, 'data');
  clock.advance(ms - 1_000);
  // It moves to the last, so that no idle time is over.
  far?.write('6\r\ndata: \r\n');
  await once(client, 'data');
  clock.advance(1_000);
  far?.destroy();
  await until(() => rig.journal.finishes.length === 1);
  expect(rig.journal.finishes).toMatchObject([{ outcome: 'upstream_broke' }]);
  expect(rig.journal.refunds).toMatchObject(refunds);
  expect(rig.account().unsettled).toBe(refunds.length === 0 ? 1_000_000n : 0n);
});
