import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { createServer } from 'node:tls';
import { describe, expect, it, onTestFinished } from 'vitest';
import { makeCertificate } from '../support/certificate.ts';
import { type KeyedRig, startKeyed } from './idempotency-rig.ts';

/**
 * Answers whose end is the end of their connection. Over TLS that may have been cut short by anyone in between unless
 * `close_notify` came before it, and whether it did is not to be learned.
 */

const { cert, key } = makeCertificate();
const unframed = 'HTTP/1.1 200 OK\r\n\r\nhello';

/** A gateway before an upstream over TLS, which does this with the connection of each request. */
async function startOverTls(answer: (socket: TLSSocket) => void): Promise<KeyedRig & { asked(): number }> {
  let asked = 0;
  const server = createServer({ cert, key }, (socket) => {
    socket.on('error', () => {});
    socket.on('data', () => {
      asked++;
      answer(socket);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const origin = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const tls = { ca: cert, cert: undefined, key: undefined, serverName: 'localhost' };
  const keyed = await startKeyed({ api: { origin, upstream: { tls } } });
  return Object.assign(keyed, { asked: () => asked });
}

const fields = { 'idempotency-key': 'k' };

describe('an answer that ends with its connection', () => {
  it('over TLS passes and is paid, but is not kept for its key: nobody can tell that it is whole', async () => {
    const keyed = await startOverTls((socket) => void socket.end(unframed));
    const first = await keyed.call('/a/x', fields);
    expect([first.status, first.body]).toEqual([200, 'hello']);
    const again = await keyed.call('/a/x', fields);
    expect(again.status).toBe(409);
    expect(JSON.parse(again.body)).toMatchObject({
      code: 'idempotency_not_replayable',
      call: first.headers.get('callora-call'),
    });
    expect([keyed.asked(), keyed.charges().length]).toEqual([1, 1]);
  });

  it('without TLS is whole when its connection ends without an error, and is kept', async () => {
    const keyed = await startKeyed({ behave: (_request, socket) => void socket.end(unframed) });
    await keyed.call('/a/x', fields);
    const again = await keyed.call('/a/x', fields);
    expect([again.status, again.body, again.headers.get('idempotent-replayed')]).toEqual([200, 'hello', 'true']);
  });
});

describe('an answer over TLS that says itself where it ends', () => {
  it.each([
    ['by a length', 'HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 5\r\n\r\nhello'],
    ['by chunks', 'HTTP/1.1 200 OK\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n'],
  ])('is kept: %s', async (_, answer) => {
    const keyed = await startOverTls((socket) => void socket.end(answer));
    expect((await keyed.call('/a/x', fields)).body).toBe('hello');
    const again = await keyed.call('/a/x', fields);
    expect([again.status, again.body, again.headers.get('idempotent-replayed')]).toEqual([200, 'hello', 'true']);
    expect(keyed.asked()).toBe(1);
  });
});
