import { connect, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type KeyedRig, startKeyed } from './idempotency-rig.ts';
import { token, until } from './rig.ts';

/** Bodies of keyed calls are held in memory, which strangers would like to have for themselves. */

const bufferedBytesMax = 400_000;
const body = 'x'.repeat(90_000);

/** A keyed call whose body lacks its last byte. */
async function unfinished({ rig }: KeyedRig, key: string): Promise<Socket> {
  const socket = connect(rig.port, '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  socket.on('error', () => {});
  const fields = `host: gateway.test\r\nauthorization: Bearer ${token}\r\nidempotency-key: ${key}\r\n`;
  const before = rig.gateway.stats().running;
  socket.write(`POST /a/x HTTP/1.1\r\n${fields}content-length: ${body.length + 1}\r\n\r\n${body}`);
  await until(() => rig.gateway.stats().running > before, 'the call began');
  return socket;
}

const other = { authorization: 'Bearer other', 'idempotency-key': 'mine' };

describe('the memory for bodies of keyed calls', () => {
  it('is not for those who cannot pay, though a kept answer is', async () => {
    const keyed = await startKeyed({ balance: '0.1', limits: { bufferedBytesMax } });
    const fields = { 'idempotency-key': 'paid' };
    expect((await keyed.call('/a/x', fields, body)).status).toBe(200);
    for (let i = 0; i < 8; i++) await unfinished(keyed, `k${i}`);
    expect((await keyed.call('/a/x', other, body)).status).toBe(200);
    const again = await keyed.call('/a/x', fields, body);
    expect([again.status, again.headers.get('idempotent-replayed')]).toEqual([200, 'true']);
    expect((await keyed.call('/a/x', fields, `${body.slice(1)}y`)).status).toBe(422);
    expect((await keyed.call('/a/x', { 'idempotency-key': 'new' }, body)).status).toBe(402);
    expect(keyed.upstream.requests).toHaveLength(2);
  });

  it('is a quarter at most for one account', async () => {
    const keyed = await startKeyed({ limits: { bufferedBytesMax } });
    await unfinished(keyed, 'k0');
    expect((await keyed.call('/a/x', { 'idempotency-key': 'k1' }, body)).status).toBe(503);
    expect((await keyed.call('/a/x', other, body)).status).toBe(200);
  });

  it('is given back in time when a body does not come whole', async () => {
    const keyed = await startKeyed({ gateway: { bodyIdleTimeoutMs: 50 } });
    const socket = connect(keyed.rig.port, '127.0.0.1');
    let text = '';
    socket
      .on('error', () => {})
      .on('data', (chunk) => {
        text += chunk;
      });
    const fields = `host: gateway.test\r\nauthorization: Bearer ${token}\r\nidempotency-key: slow\r\n`;
    socket.write(`POST /a/x HTTP/1.1\r\n${fields}content-length: 1000000\r\n\r\n`);
    const drip = setInterval(() => socket.write('x'), 5);
    onTestFinished(() => clearInterval(drip));
    await new Promise((resolve) => socket.once('data', resolve));
    expect(text).toMatch(/^HTTP\/1\.1 408 .*"code":"request_timeout"/s);
    expect(keyed.charges()).toEqual([]);
  });
});
