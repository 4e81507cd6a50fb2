import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type FakeClock, fakeClock } from '../../../src/clock.ts';
import { STREAM_UNSENT_BYTES_MAX, serveStream } from '../../../src/devnet/horizon/stream.ts';
import { type EventStream, openStream } from './event-stream.ts';

/** Streams over real connections, of ledgers that close when the test says so and have an event of this size each. */
const EVENT_BYTES = 262_144;

let clock: FakeClock;
let streams: ServerResponse[];
let closeLedger: () => void;
let url: string;
let shutDown: () => void;

beforeEach(async () => {
  clock = fakeClock();
  streams = [];
  const listeners = new Set<() => void>();
  const chain = {
    onClosed(listener: () => void) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
  let ledger = 0;
  closeLedger = () => {
    ledger += 1;
    for (const listener of listeners) listener();
  };
  const server = createServer((_req, res) => {
    streams.push(res);
    const next = () => [{ id: String(ledger), data: 'x'.repeat(EVENT_BYTES) }];
    void serveStream(res, { chain: chain as never, clock }, Number.POSITIVE_INFINITY, next);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  shutDown = () => {
    server.close();
    server.closeAllConnections();
  };
});
afterEach(() => shutDown());

/** Asks for a stream and reads nothing of it. */
async function deaf(): Promise<{ socket: Socket; res: ServerResponse }> {
  const { port, hostname } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => undefined);
  socket.pause();
  socket.write('GET / HTTP/1.1\r\nhost: x\r\naccept: text/event-stream\r\n\r\n');
  await once(socket, 'connect');
  for (;;) {
    const res = streams.find(({ req }) => req.socket.remotePort === socket.localPort);
    if (res) return { socket, res };
    // Time for the server to look at its connections.
    await (await openStream(url))[Symbol.asyncDispose]();
  }
}

/** Closes ledgers, each when the reader has that of before, until the condition holds. */
async function closeLedgersUntil(reader: EventStream, reached: () => boolean): Promise<number> {
  for (let ledgers = 0; ; ledgers++) {
    if (reached()) return ledgers;
    if (ledgers === LEDGERS_MAX) throw new Error('it never came to that');
    closeLedger();
    expect((await reader.message())?.data).toHaveLength(EVENT_BYTES + 2);
  }
}

/** 256 MB of events: no kernel keeps as much for a connection. */
const LEDGERS_MAX = 1_000;

describe('a stream that nobody reads', () => {
  it('is cut off when too much of it is unsent, and those that are read go on', async () => {
    await using reader = await openStream(url);
    expect((await reader.message())?.id).toBe('0');
    const { res, socket } = await deaf();
    let mostUnsent = 0;
    await closeLedgersUntil(reader, () => {
      mostUnsent = Math.max(mostUnsent, res.writableLength);
      return res.closed;
    });
    expect(mostUnsent).toBeGreaterThan(STREAM_UNSENT_BYTES_MAX);
    expect(mostUnsent).toBeLessThan(STREAM_UNSENT_BYTES_MAX + 2 * EVENT_BYTES);
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk;
    });
    socket.resume();
    if (!socket.closed) await once(socket, 'close');
    expect(text).not.toContain('byebye');
    closeLedger();
    expect((await reader.message())?.data).toHaveLength(EVENT_BYTES + 2);
  });

  it('is cut off once it has been at its end for as long as a stream lasts', async () => {
    await using reader = await openStream(url);
    await reader.message();
    const { res } = await deaf();
    await closeLedgersUntil(reader, () => res.writableLength > 2 * EVENT_BYTES);
    clock.advance(55_000);
    expect(await reader.next()).toMatchObject({ event: 'close' });
    expect(await reader.next()).toBeUndefined();
    expect([res.writableEnded, res.closed]).toEqual([true, false]);
    clock.advance(54_999);
    expect(res.destroyed).toBe(false);
    const closed = once(res, 'close');
    clock.advance(1);
    await closed;
    expect(res.writableFinished).toBe(false);
  });
});
