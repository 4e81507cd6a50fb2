import type { Socket } from 'node:net';
import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import { ClientConnection } from '../../src/gateway/client-connection.ts';
import type { Exchange } from '../../src/gateway/exchange.ts';
import { RequestBody } from '../../src/gateway/request-body.ts';
import { limits } from './make-config.ts';

it('a body of tiny chunks that is there at once is read a piece a turn, so that other calls have theirs', async () => {
  const socket = new PassThrough({ highWaterMark: 10_000_000 });
  const chunks = Buffer.from('1\r\na\r\n'.repeat(10_000));
  socket.write('POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n');
  for (let piece = 0; piece < 50; piece++) socket.write(Buffer.from(chunks));
  let read = 0;
  const sink = {
    data(piece: Buffer) {
      read += piece.length;
      return true;
    },
    end: () => undefined,
    fail: () => undefined,
  };
  new ClientConnection(socket, socket as unknown as Socket, '192.0.2.1', limits, {
    onRequest(connection) {
      const body = new RequestBody(connection, undefined);
      connection.begin({ body } as Exchange);
      body.start(sink);
    },
    onFault: (_connection, code) => expect(code).toBe(undefined),
    nowMs: () => 0,
  });
  let most = 0;
  for (let turn = 0; read < 500_000 && turn < 1_000; turn++) {
    const before = read;
    await new Promise((resolve) => setImmediate(resolve));
    most = Math.max(most, read - before);
  }
  expect(read).toBe(500_000);
  expect(most).toBeLessThanOrEqual(20_000);
});
