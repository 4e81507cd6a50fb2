import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type Clock, fakeClock, systemClock } from '../../src/clock.ts';
import { createRpc, type Rpc } from '../../src/stellar/rpc.ts';
import { never } from '../support/never.ts';

type Answer = (params: unknown, response: ServerResponse) => unknown;

/** An RPC server whose methods answer as the test says; `undefined` leaves the response to the answer itself. */
async function rpcWith(methods: Record<string, Answer>, timeoutMs = 2_000, clock: Clock = systemClock): Promise<Rpc> {
  const server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk: Buffer) => {
      text += chunk;
    });
    request.on('end', () => {
      const { id, method, params }: { id: number; method: string; params: unknown } = JSON.parse(text);
      const result = methods[method]?.(params, response);
      if (result === undefined) return;
      response.setHeader('content-type', 'application/json').end(JSON.stringify({ jsonrpc: '2.0', id, result }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return createRpc({ url: `http://127.0.0.1:${port}`, passphrase: 'Test net', clock, timeoutMs });
}

const send = (answer: Answer, timeoutMs?: number) =>
  rpcWith({ sendTransaction: answer }, timeoutMs).then((rpc) => rpc.send('AAAA'));

describe('an RPC server that does not answer properly', () => {
  it.each<[string, Answer]>([
    ['resets the connection', (_, response) => void response.destroy()],
    ['answers 502 with HTML', (_, response) => void response.writeHead(502).end('<html>Bad gateway</html>')],
    ['answers 200 with HTML', (_, response) => void response.end('<html></html>')],
    ['cuts its JSON', (_, response) => void response.end('{"jsonrpc":"2.0","id":1,"result":{"status"')],
    [
      'ends before its announced length',
      (_, response) => {
        response.writeHead(200, { 'content-length': '400' }).write('{"jsonrpc"');
        setImmediate(() => response.destroy());
      },
    ],
    ['answers 429', (_, response) => void response.writeHead(429, { 'retry-after': '3' }).end('slow down')],
    ['redirects elsewhere', (_, response) => void response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end()],
    ['answers a status of no meaning', () => ({ status: 'MAYBE', hash: 'aa', latestLedger: 1 })],
  ])('that %s leaves open whether it acted', async (_, answer) => {
    await expect(send(answer)).rejects.toMatchObject({ failure: 'transport' });
  });

  it('that is silent is given up after the timeout, with the outcome open', async () => {
    await expect(send(() => undefined, 50)).rejects.toMatchObject({ failure: 'transport' });
  });

  it('that says 429 is left alone for as long as it asks, and five minutes at the most', async () => {
    const clock = fakeClock();
    let asked = 0;
    let retryAfter: string | undefined = '3';
    const answer: Answer = (_, response) => {
      asked++;
      response.writeHead(429, retryAfter === undefined ? {} : { 'retry-after': retryAfter }).end('slow down');
    };
    const rpc = await rpcWith({ getHealth: answer }, 2_000, { ...clock, sleep: never });
    const ask = () => rpc.health().catch((error: Error) => error.message);
    await ask();
    expect(await ask()).toContain('another 3 s');
    clock.advance(2_999);
    await ask();
    expect(asked).toBe(1);
    clock.advance(1);
    retryAfter = '86400';
    await ask();
    clock.advance(299_999);
    await ask();
    expect(asked).toBe(2);
    clock.advance(1);
    retryAfter = undefined;
    await ask();
    await ask();
    expect(asked).toBe(4);
  });

  it('that objects in JSON-RPC is refused, with its code', async () => {
    const answer: Answer = (_, response) =>
      void response.end(JSON.stringify({ jsonrpc: '2.0', id: 1, error: { code: -32_602, message: 'invalid' } }));
    await expect(send(answer)).rejects.toMatchObject({ failure: 'refused', code: -32_602 });
  });

  it('that objects at length fills no log', async () => {
    const message = 'x'.repeat(1_000_000);
    const rpc = await rpcWith({
      getHealth: (_, response) =>
        void response.end(JSON.stringify({ jsonrpc: '2.0', id: 1, error: { code: 1, message } })),
    });
    const refusal = await rpc.health().catch((error: unknown) => String(error));
    expect(String(refusal).length).toBeLessThan(400);
    expect(String(refusal)).toContain('getHealth: xxx');
  });

  it('that serves another network is told apart', async () => {
    const rpc = await rpcWith({ getNetwork: () => ({ passphrase: 'Another net', protocolVersion: 27 }) });
    await expect(rpc.verifyNetwork()).rejects.toMatchObject({ failure: 'wrong_network' });
  });
});

describe('answers', () => {
  const span = { latestLedger: 90, oldestLedger: 3 };

  it('keep 64-bit numbers whether they come as text or number', async () => {
    const base = { ...span, status: 'NOT_FOUND', txHash: 'aa' };
    for (const latestLedgerCloseTime of ['1800000000', 1_800_000_000]) {
      const rpc = await rpcWith({ getTransaction: () => ({ ...base, latestLedgerCloseTime }) });
      expect(await rpc.transaction('aa')).toMatchObject({ status: 'NOT_FOUND', latestClosedAtS: 1_800_000_000 });
      expect(await rpc.latestLedger()).toEqual({ ledger: 90, closedAtS: 1_800_000_000 });
    }
  });

  it('that lack a field are unreadable, never guessed', async () => {
    const rpc = await rpcWith({ getHealth: () => ({ status: 'healthy', latestLedger: 5 }) });
    await expect(rpc.health()).rejects.toMatchObject({ failure: 'unreadable' });
  });

  it('show good events beside broken ones', async () => {
    const good = {
      type: 'contract',
      id: '0000000000000000001-0000000001',
      ledger: 5,
      ledgerClosedAt: '2026-11-24T00:00:00Z',
      txHash: 'aa',
      contractId: 'CA',
      topic: ['AAAA'],
      value: 'AAAA',
    };
    const events = [good, { ...good, ledgerClosedAt: 'yesterday' }, null, { ...good, topic: 7 }, { id: 4 }];
    const rpc = await rpcWith({ getEvents: () => ({ ...span, events, cursor: '1-1', latestLedgerCloseTime: '7' }) });
    const page = await rpc.events({ from: { startLedger: 1 }, contractId: 'CA', limit: 10 });
    expect(page.events.map((event) => 'broken' in event)).toEqual([false, true, true, true, true]);
    expect(page).toMatchObject({ cursor: '1-1', latestClosedAtMs: 7_000 });
  });

  it('about many ledger entries are asked for 200 at a time and dated by the oldest', async () => {
    const sizes: number[] = [];
    const rpc = await rpcWith({
      getLedgerEntries: (params) => {
        const { keys } = params as { keys: string[] };
        sizes.push(keys.length);
        return { latestLedger: 100 - sizes.length, entries: keys.map((key) => ({ key, xdr: 'AAAA' })) };
      },
    });
    const answer = await rpc.entries(Array.from({ length: 450 }, (_, index) => `key${index}`));
    expect(sizes).toEqual([200, 200, 50]);
    expect(answer.latestLedger).toBe(97);
    expect(answer.entries).toHaveLength(450);
  });
});
