import { connect, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { until } from '../support/until.ts';
import { type KeyedRig, startKeyed } from './idempotency-rig.ts';
import { okAnswer } from './raw-upstream.ts';
import { token } from './rig.ts';

/** Bodies and answers of keyed calls are held in memory, which strangers would like to have for themselves. */

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

describe('the memory for bodies and answers of keyed calls', () => {
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

  it('is a quarter at most for the replays of one account, of which one is always answered', async () => {
    const size = 6 * 1024 * 1024;
    const large = `HTTP/1.1 200 OK\r\ncontent-length: ${size}\r\n\r\n${'x'.repeat(size)}`;
    const keyed = await startKeyed({
      behave: ({ line }) => (line.includes('/large') ? large : okAnswer),
      limits: { answerBytesMax: size, bufferedBytesMax: 8 * size },
    });
    const fields = { 'idempotency-key': 'k' };
    expect((await keyed.call('/a/large', fields)).body).toHaveLength(size);
    keyed.limit({ bufferedBytesMax: 2 * size });
    const unread = connect(keyed.rig.port, '127.0.0.1');
    onTestFinished(() => void unread.destroy());
    unread.on('error', () => {});
    unread.write(`GET /a/large HTTP/1.1\r\nhost: a\r\nauthorization: Bearer ${token}\r\nidempotency-key: k\r\n\r\n`);
    await new Promise((resolve) => unread.once('data', resolve));
    unread.pause();
    const refused = await keyed.call('/a/large', fields);
    expect([refused.status, JSON.parse(refused.body).code]).toEqual([503, 'overloaded']);
    expect((await keyed.call('/a/x', other, body)).status).toBe(200);
    expect((await keyed.call('/a/x', other, body)).headers.get('idempotent-replayed')).toBe('true');
    unread.destroy();
    await until(() => keyed.rig.gateway.stats().running === 0);
    expect((await keyed.call('/a/large', fields)).body).toHaveLength(size);
  });

  it('is a quarter at most for the answers of one account that are on their way', async () => {
    const waiting: (() => void)[] = [];
    const keyed = await startKeyed({
      limits: { bufferedBytesMax },
      behave({ line }, socket) {
        if (line.includes('/x')) return okAnswer;
        socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${body.length + 1}\r\n\r\n${body}`);
        waiting.push(() => socket.write('x'));
        return undefined;
      },
    });
    const under = ['k0', 'k1'].map((key) => keyed.call('/a/slow', { 'idempotency-key': key }));
    await until(() => keyed.charges().length === 2, 'both answers are on their way');
    expect((await keyed.call('/a/x', other, body)).status).toBe(200);
    for (const finish of waiting) finish();
    expect((await Promise.all(under)).map(({ status }) => status)).toEqual([200, 200]);
    const again = await Promise.all(['k0', 'k1'].map((key) => keyed.call('/a/slow', { 'idempotency-key': key })));
    expect(again.map(({ status }) => status).sort()).toEqual([200, 409]);
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

  it('is given back with money and place by every end of a call: kept, replayed, mismatched, failed, left', async () => {
    // An account has a quarter of it: it is enough for one call at a time, with its answer.
    const limits = { bufferedBytesMax: 4 * (2 * body.length + 1_000) };
    const large = `HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
    // And so is the money, for the six that are kept; of places there are two.
    const keyed = await startKeyed({
      limits,
      balance: '0.7',
      gateway: { callsPerAccountMax: 2 },
      behave(request, socket) {
        if (request.line.includes('/breaks')) void socket.end(large.slice(0, -1));
        else return request.line.includes('/fails') ? 'HTTP/1.1 500 No\r\ncontent-length: 0\r\n\r\n' : large;
        return undefined;
      },
    });
    const key = (text: string) => ({ 'idempotency-key': text });
    for (let round = 0; round < 6; round++) {
      expect((await keyed.call('/a/kept', key(`kept-${round}`), body)).status).toBe(200);
      const again = await keyed.call('/a/kept', key(`kept-${round}`), body);
      expect([again.headers.get('idempotent-replayed'), again.body.length]).toEqual(['true', body.length]);
      expect((await keyed.call('/a/other', key(`kept-${round}`), body)).status).toBe(422);
      expect((await keyed.call('/a/fails', key(`fails-${round}`), body)).status).toBe(500);
      await keyed.call('/a/breaks', key(`breaks-${round}`), body);
      const left = await unfinished(keyed, `left-${round}`);
      left.destroy();
      await until(() => keyed.rig.gateway.stats().running === 0, 'every call ended');
    }
  });
});
