import { readdirSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { GatewayLimits } from '../../src/catalog/model.ts';
import { type RecordingUpstream, startRecordingUpstream } from '../support/recording-upstream.ts';
import { readAnswers, valuesOf } from '../support/strict-http.ts';
import { until } from '../support/until.ts';
import { LargeAnswer } from './large-answer.ts';
import { type ApiSpec, limits, makeConfig } from './make-config.ts';
import { type Rig, startRig, token } from './rig.ts';

/** A stranger who knows the protocol and means harm: nothing is left behind, nothing is served for free, payers go on. */

let upstream: RecordingUpstream;
let rig: Rig;
let clients: Socket[] = [];

const tight: Partial<GatewayLimits> = { callsPerAccountMax: 4 };

async function start(
  changed: Partial<GatewayLimits> = {},
  answer: Parameters<typeof startRecordingUpstream>[0] = undefined,
  spec: Partial<ApiSpec> = {},
) {
  upstream = await startRecordingUpstream(answer);
  const api = { origin: upstream.origin, price: '0.1', ...spec };
  rig = await startRig({
    config: makeConfig([api], { limits: { ...limits, ...tight, ...changed } }),
    balance: '100000',
  });
}

/** A client that a test drives byte by byte. */
function open(bytes = ''): Socket {
  const socket = connect({ port: rig.port, host: '127.0.0.1', noDelay: true });
  socket.on('error', () => {});
  if (bytes !== '') socket.write(Buffer.from(bytes, 'latin1'));
  clients.push(socket);
  return socket;
}

const auth = `host: gateway.test\r\nauthorization: Bearer ${token}\r\n`;
const get = `GET /api0/a HTTP/1.1\r\n${auth}\r\n`;

afterEach(async () => {
  for (const client of clients) client.destroy();
  clients = [];
  await until(() => rig.gateway.stats().running === 0, 'every call ended');
  await until(() => rig.gateway.stats().connections === 0, 'every connection ended');
  expect(rig.account()).toMatchObject({ held: 0n, holds: 0 });
  // Every place that one account has is free again.
  const answers = await Promise.all(Array.from({ length: 4 }, () => rig.get('/api0/after')));
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
  await until(() => rig.gateway.stats().running === 0);
  expectPaid();
  await rig.close();
  await upstream.close();
});

/** What the upstream was asked is what was charged, but for calls that ended before their answer did. */
function expectPaid(): void {
  const asked = upstream.requests.flatMap(({ fields }) => valuesOf(fields, 'callora-call'));
  const charged = rig.journal.charges.map(({ id }) => String(id));
  expect(charged.filter((id) => !asked.includes(id))).toEqual([]);
  expect(upstream.faults).toEqual([]);
  expect(rig.journal.finishes.length).toBe(rig.journal.charges.length);
}

describe('a client that leaves', () => {
  const request = `POST /api0/a HTTP/1.1\r\n${auth}transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n`;

  it.each(['destroy', 'resetAndDestroy', 'end'] as const)(
    'at any byte of its request leaves nothing behind: %s',
    async (how) => {
      await start();
      for (let offset = 0; offset <= request.length; offset++) {
        const client = open(request.slice(0, offset));
        await until(() => client.bytesWritten === offset && rig.gateway.stats().connections === 1);
        client[how]();
        await until(() => rig.gateway.stats().connections === 0, 'the connection ended');
        await until(() => rig.gateway.stats().running === 0, 'the call ended');
      }
    },
  );

  it('at any moment of its answer pays for it once its head has come', async () => {
    const pieces = [
      'HTTP/1.1 200 OK\r\n',
      'transfer-encoding: chunked\r\n\r\n',
      '5\r\nhello\r\n',
      '5\r\nworld\r\n',
      '0\r\n\r\n',
    ];
    const asked: Socket[] = [];
    await start({}, (_request, from) => {
      asked.push(from);
      return undefined;
    });
    for (let sent = 0; sent <= pieces.length; sent++) {
      const charges = rig.journal.charges.length;
      asked.length = 0;
      const client = open(get);
      let received = '';
      client.on('data', (chunk) => {
        received += chunk.toString('latin1');
      });
      await until(() => asked.length === 1);
      for (const piece of pieces.slice(0, sent)) asked[0]?.write(piece);
      if (sent >= 2) await until(() => received.includes('\r\n\r\n'));
      client.resetAndDestroy();
      await until(() => rig.gateway.stats().running === 0, 'the call ended');
      expect(rig.journal.charges.length - charges).toBe(sent >= 2 ? 1 : 0);
      asked[0]?.destroy();
    }
    await upstream.close();
    upstream = await startRecordingUpstream();
    rig.setConfig(makeConfig([{ origin: upstream.origin, price: '0.1' }], { limits: { ...limits, ...tight } }));
    rig.journal.charges.length = 0;
    rig.journal.finishes.length = 0;
  });
});

describe('the gateway’s own pages', () => {
  const head = 'POST /_callora/hello HTTP/1.1\r\nhost: a\r\n';

  it('are left at any byte without anything being left behind', async () => {
    await start();
    const request = `${head}transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n`;
    for (let offset = 0; offset <= request.length; offset++) {
      const client = open(request.slice(0, offset));
      await until(() => client.bytesWritten === offset && rig.gateway.stats().connections === 1);
      client.resetAndDestroy();
      await until(() => rig.gateway.stats().connections === 0 && rig.gateway.stats().running === 0, 'all ended');
    }
  });

  it.each([
    ['a broken chunk', `${head}transfer-encoding: chunked\r\n\r\nz\r\n`, /^HTTP\/1\.1 (400|200) /],
    [
      'a body past what pages take',
      `${head}content-length: 5000000\r\n\r\n${'x'.repeat(5_000_000)}`,
      /^HTTP\/1\.1 (413|200) /,
    ],
    ['a body that does not come', `${head}content-length: 50000\r\n\r\nhe`, /^HTTP\/1\.1 (408|200) /],
    ['both framings', `${head}content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`, /^HTTP\/1\.1 400 /],
  ])('with %s answer once, and end the connection before a call behind it', async (_name, bytes, status) => {
    await start({ bodyIdleTimeoutMs: 300 });
    const client = open(bytes + get);
    let text = '';
    client.on('data', (chunk) => {
      text += chunk.toString('latin1');
    });
    await until(() => client.closed, 'the connection ended');
    expect(text).toMatch(status);
    expect(text.match(/HTTP\/1\.1 \d/g)?.length).toBe(1);
    expect(upstream.requests).toEqual([]);
  });

  it('and calls in one pipeline come in order, each framed', async () => {
    await start();
    const page = 'GET /_callora/hello HTTP/1.1\r\nhost: a\r\n\r\n';
    const raw = await rig.send((page + get).repeat(100) + page.replace('\r\n\r\n', '\r\nconnection: close\r\n\r\n'));
    const { answers, fault, rest } = readAnswers(raw, [], true);
    expect([fault, rest]).toEqual([undefined, '']);
    expect(answers.map(({ body }) => body)).toEqual([
      ...Array.from({ length: 100 }, () => ['hello', 'ok']).flat(),
      'hello',
    ]);
  });
});

describe('a client that sends more than anyone asked for', () => {
  it('in one write of ten thousand calls gets as many as a connection may have, in order, each paid', async () => {
    await start({ requestsPerConnectionMax: 1_000 });
    const calls = Array.from({ length: 10_000 }, (_, i) => `GET /api0/${i} HTTP/1.1\r\n${auth}\r\n`).join('');
    const raw = await rig.send(calls);
    const { answers, fault } = readAnswers(raw, [], true);
    expect(fault).toBe(undefined);
    expect(answers.filter(({ status, complete }) => status === 200 && complete).length).toBe(1_000);
    expect(upstream.requests.map(({ target }) => target)).toEqual(Array.from({ length: 1_000 }, (_, i) => `/${i}`));
    expect(rig.journal.charges.length).toBe(1_000);
  });

  it('in one write of ten thousand refused requests gets an answer to each that the connection may have', async () => {
    await start({ requestsPerConnectionMax: 1_000 });
    const raw = await rig.send('GET /nothing HTTP/1.1\r\nhost: a\r\n\r\n'.repeat(10_000));
    const { answers } = readAnswers(raw, [], true);
    expect([answers.length, answers.every(({ status }) => status === 404)]).toEqual([1_000, true]);
  });

  it('does not make others wait until all of it has been refused', async () => {
    await start();
    const flood = open();
    flood.resume();
    const payer = open();
    await until(() => rig.gateway.stats().connections === 2);
    const before = rig.metrics.ended.length;
    flood.write('GET /x HTTP/1.1\r\nhost: a\r\n\r\n'.repeat(1_000));
    payer.write(get);
    let refusedBefore = 0;
    payer.once('data', () => {
      refusedBefore = rig.metrics.ended.length - before;
    });
    await until(() => refusedBefore > 0, 'the payer has its answer');
    expect(refusedBefore).toBeLessThan(500);
    await until(() => rig.metrics.ended.length - before === 1_001, 'the others have theirs');
  });

  it('while its answer is on the way is not read beyond one head, and loses nothing', async () => {
    let socket: Socket | undefined;
    await start({}, (_request, from) => {
      if (socket) return 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok';
      socket = from;
      return undefined;
    });
    const client = open(get);
    await until(() => socket !== undefined);
    const flood = Buffer.alloc(64 * 1024, 'x');
    for (let i = 0; i < 200; i++) client.write(flood);
    // Twelve megabytes: what the kernel does not take stays with the client.
    await until(() => client.writableLength > 0 && client.writableNeedDrain);
    expect(rig.gateway.stats().running).toBe(1);
    socket?.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok');
    let text = '';
    client.on('data', (chunk) => {
      text += chunk.toString('latin1');
    });
    await until(() => client.closed, 'the connection ended');
    expect(text.match(/HTTP\/1\.1 \d+/g)?.[0]).toBe('HTTP/1.1 200');
    expect(rig.journal.charges.length).toBe(1);
  });

  it.each([
    ['a head without end', `GET /api0/a HTTP/1.1\r\n${auth}x: `],
    ['fields without end', `GET /api0/a HTTP/1.1\r\n${auth}`],
    ['a target without end', 'GET /api0/'],
    ['a method without end', 'G'],
    ['empty lines without end', ''],
  ])('as %s is refused at the bound of heads', async (name, beginning) => {
    await start();
    const more = name.startsWith('fields') ? 'x-a: b\r\n' : name.startsWith('empty') ? '\r\n' : 'aaaaaaaa';
    const client = open(beginning + more.repeat(4_000));
    let text = '';
    client.on('data', (chunk) => {
      text += chunk.toString('latin1');
    });
    await until(() => client.readableEnded || client.closed, 'the connection ended');
    expect(text).toMatch(/^HTTP\/1\.1 (400|414|431) /);
    expect(text).toMatch(/\r\nproxy-status: callora; error=http_request_error; details="[a-z_]+"\r\n/);
  });
});

describe('a client that does not read', () => {
  it('its answers is not asked for more of them, and is ended in time', async () => {
    await start(
      { bodyIdleTimeoutMs: 300 },
      () => `HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n${'x'.repeat(100_000)}`,
      {
        upstream: { idleTimeoutMs: 300 },
      },
    );
    const client = open();
    client.pause();
    client.write(`GET /api0/a HTTP/1.1\r\n${auth}\r\n`.repeat(900));
    await until(() => upstream.requests.length > 0);
    await until(() => rig.gateway.stats().connections === 0, 'the connection ended');
    // What two kernel buffers take, and not the ninety megabytes it asked for.
    expect(upstream.requests.length).toBeLessThan(400);
    expect(rig.journal.charges.length).toBe(upstream.requests.length);
  });

  it('one long answer is ended in time, and the upstream is not read meanwhile', async () => {
    await start(
      {},
      (_request, socket) => {
        new LargeAnswer().start(socket);
        return undefined;
      },
      { upstream: { idleTimeoutMs: 300 } },
    );
    const client = open();
    client.pause();
    client.write(get);
    await until(() => rig.journal.charges.length === 1);
    await until(() => rig.gateway.stats().connections === 0, 'the connection ended');
    await until(() => rig.journal.finishes.length === 1);
    expect(rig.journal.finishes).toMatchObject([{ outcome: 'client_gone' }]);
    // The rest of the suite's checks need an upstream that answers.
    await upstream.close();
    upstream = await startRecordingUpstream();
    rig.setConfig(makeConfig([{ origin: upstream.origin, price: '0.1' }], { limits: { ...limits, ...tight } }));
    rig.journal.charges.length = 0;
    rig.journal.finishes.length = 0;
  });

  it('its answer until the time of the whole call is over has paid for it', async () => {
    let asked = 0;
    await start(
      {},
      (_request, socket) => {
        if (asked++ > 0) return 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok';
        new LargeAnswer().start(socket);
        return undefined;
      },
      { upstream: { totalTimeoutMs: 500 } },
    );
    const client = open();
    client.pause();
    client.write(get);
    await until(() => rig.journal.finishes.length === 1, 'the end of the call');
    expect(rig.journal.finishes).toMatchObject([{ outcome: 'client_gone' }]);
    expect(rig.journal.refunds).toEqual([]);
    client.destroy();
  });

  it('refusals cannot make the gateway keep them', async () => {
    await start({ bodyIdleTimeoutMs: 300, requestsPerConnectionMax: 1_000_000 });
    const client = open();
    client.pause();
    const batch = 'GET /nothing HTTP/1.1\r\nhost: a\r\n\r\n'.repeat(1_000);
    let batches = 0;
    const more = () => {
      while (batches < 1_000 && client.writable) {
        batches++;
        if (!client.write(batch)) return void client.once('drain', more);
      }
    };
    more();
    await until(() => rig.metrics.ended.length > 0);
    await until(() => rig.gateway.stats().connections === 0, 'the connection ended');
    expect(batches).toBeLessThan(1_000);
  });
});

describe('connections without number', () => {
  it('beyond the bound are turned away, and descriptors are given back', async () => {
    await start({ connectionsMax: 50, connectionsPerAddressMax: 50 });
    const before = readdirSync('/proc/self/fd').length;
    for (let i = 0; i < 400; i++) open('GET /').resume();
    await until(() => clients.filter(({ closed }) => closed).length >= 350, 'the others were turned away');
    expect(rig.gateway.stats().connections).toBeLessThanOrEqual(50);
    for (const client of clients) client.destroy();
    await until(() => rig.gateway.stats().connections === 0);
    await until(() => readdirSync('/proc/self/fd').length <= before + 2, 'the descriptors were given back');
  });
});
