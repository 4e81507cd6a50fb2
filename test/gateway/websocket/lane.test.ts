import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import { systemClock } from '../../../src/clock.ts';
import { Lane } from '../../../src/gateway/websocket/lane.ts';

it('a flood of frames that is there at once passes a piece a turn, so that other calls have theirs', async () => {
  const from = new PassThrough({ highWaterMark: 10_000_000 });
  const to = new PassThrough({ highWaterMark: 10_000_000 });
  to.resume();
  const rules = { masked: true, packed: false, frameBytesMax: 1_000, messageBytesMax: 1_000 };
  const ignore = () => undefined;
  const events = {
    pay: undefined,
    onMessage: ignore,
    onBeat: ignore,
    onClosed: ignore,
    onFault: ignore,
    onUnpaid: ignore,
  };
  const lane = new Lane(from, to, rules, systemClock, events);
  const pings = Buffer.alloc(60_000).map((_, i) => (i % 6 === 0 ? 0x89 : i % 6 === 1 ? 0x80 : 0));
  for (let piece = 0; piece < 50; piece++) from.write(pings);
  lane.start(Buffer.alloc(0));
  let most = 0;
  for (let before = 0; before < 50 * pings.length; ) {
    await new Promise((resolve) => setImmediate(resolve));
    most = Math.max(most, lane.bytes - before);
    before = lane.bytes;
  }
  expect(most).toBeLessThanOrEqual(2 * pings.length);
});
