import { createHash } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { SocketUnit } from '../../../src/catalog/model.ts';
import { GatewayError } from '../../../src/errors.ts';
import type { GatewayDeps } from '../../../src/gateway/deps.ts';
import { silentLog } from '../../../src/log.ts';
import { until } from '../../support/until.ts';
import { type ApiSpec, makeConfig, usdc } from '../make-config.ts';
import { readAnswer } from '../raw-client.ts';
import { type RawUpstream, type Seen, startUpstream } from '../raw-upstream.ts';
import { type Rig, startRig, token } from '../rig.ts';
import { Peer } from './rig.ts';

const key = 'dGhlIHNhbXBsZSBub25jZQ==';

let upstream: RawUpstream;
let rig: Rig;
/** What the upstream answers to a handshake, and the socket behind a 101. */
let answer: (seen: Seen) => string;
let far: Peer | undefined;

function acceptOf(text: string): string {
  return createHash('sha1').update(`${text}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
}

function opened({ headers }: Seen, more = ''): string {
  const accept = acceptOf(headers.get('sec-websocket-key') ?? '');
  return `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n${more}\r\n`;
}

async function start(per: SocketUnit, balance = '1', price = '0.1'): Promise<void> {
  rig = await startRig({
    config: makeConfig([
      {
        origin: upstream.origin,
        price: '0.01',
        headers: [['x-api-key', 'upstream-secret']],
        list: [
          { match: 'GET /live', price, websocket: per },
          { match: 'GET /plain', price: '0.01' },
          { match: 'GET /open', price: '0', websocket: 'connection', auth: 'none' },
        ],
      },
    ]),
    balance,
  });
}

beforeEach(async () => {
  answer = (seen) => opened(seen);
  far = undefined;
  upstream = await startUpstream((seen, socket) => {
    const text = answer(seen);
    if (text.startsWith('HTTP/1.1 101')) {
      socket.removeAllListeners('data');
      far = new Peer(socket, false);
    }
    return text;
  });
});

afterEach(async () => {
  far?.socket.destroy();
  await rig.close();
  await upstream.close();
});

function request(path: string, fields: Record<string, string | undefined> = {}, line = `GET ${path} HTTP/1.1`): string {
  const all = {
    host: 'gateway.test',
    authorization: `Bearer ${token}`,
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': key,
    ...fields,
  };
  const lines = Object.entries(all).map(([name, value]) => (value === undefined ? '' : `${name}: ${value}\r\n`));
  return `${line}\r\n${lines.join('')}\r\n`;
}

type Open = { head: string; peer: Peer };

/** Opens a WebSocket byte by byte: the head of the answer, and the connection behind it. */
async function open(path = '/api0/live', fields: Record<string, string | undefined> = {}, early = ''): Promise<Open> {
  const socket = connect(rig.port, '127.0.0.1');
  socket.write(request(path, fields) + early, 'latin1');
  const head = await headOf(socket);
  return { head, peer: new Peer(socket, true) };
}

function headOf(socket: Socket): Promise<string> {
  return new Promise((resolve, reject) => {
    let bytes = Buffer.alloc(0);
    const read = (chunk: Buffer) => {
      bytes = Buffer.concat([bytes, chunk]);
      const end = bytes.indexOf('\r\n\r\n');
      if (end < 0) return;
      socket.off('data', read);
      socket.pause();
      if (end + 4 < bytes.length) socket.unshift(bytes.subarray(end + 4));
      resolve(bytes.subarray(0, end).toString('latin1'));
    };
    socket.on('data', read);
    socket.once('error', reject);
    socket.once('close', () => reject(new Error(`closed after ${bytes}`)));
  });
}

async function closed({ peer }: Open): Promise<void> {
  peer.sayClose();
  await until(() => far?.close !== undefined, 'the close frame at the upstream');
  far?.sayClose();
  peer.socket.end();
  far?.socket.end();
  await until(() => rig.gateway.stats().running === 0, 'the end of the call');
}

function noMoneyLeftOver(): void {
  expect(rig.account()).toMatchObject({ held: 0n, holds: 0 });
  expect(rig.journal.finishes.length).toBe(rig.journal.charges.length);
}

describe('an opening handshake', () => {
  it('reaches the upstream under another key, and its answer is made anew for the client', async () => {
    await start('message');
    answer = (seen) => opened(seen, 'Set-Cookie: a=1\r\nX-Request-Id: theirs\r\nCallora-Price: 0\r\nDate: never\r\n');
    const fields = { 'sec-websocket-protocol': 'chat', 'sec-websocket-extensions': 'x-other, permessage-deflate' };
    const socket = await open('/api0/live?room=1', {
      ...fields,
      origin: 'https://app.example',
      'sec-websocket-accept': 'x',
    });
    const [seen] = upstream.requests;
    expect(seen?.line).toBe('GET /live?room=1 HTTP/1.1');
    expect(Object.fromEntries(seen?.headers ?? [])).toMatchObject({
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-protocol': 'chat',
      'sec-websocket-extensions': 'permessage-deflate',
      origin: 'https://app.example',
      'x-api-key': 'upstream-secret',
      'callora-account': 'GACCOUNT',
      'callora-price': '0.1',
    });
    expect(seen?.headers.get('sec-websocket-key')).not.toBe(key);
    expect(seen?.head).not.toMatch(/authorization|sec-websocket-accept|good-token/i);
    expect(socket.head).toMatch(/^HTTP\/1\.1 101 Switching Protocols\r\n/);
    const names = socket.head
      .split('\r\n')
      .slice(1)
      .map((line) => line.split(':')[0]?.toLowerCase());
    expect(new Set(names).size).toBe(names.length);
    expect(socket.head).toContain(`sec-websocket-accept: ${acceptOf(key)}`);
    expect(socket.head).toMatch(/callora-call: 1\r\n/);
    expect(socket.head).toMatch(/callora-price: 0\.1\r\n/);
    expect(socket.head).toMatch(/Set-Cookie: a=1/);
    expect(socket.head).not.toMatch(/theirs|connection: close|sec-websocket-protocol|sec-websocket-extensions/i);
    await closed(socket);
    noMoneyLeftOver();
  });

  it.each(['close, Upgrade', 'Upgrade, keep-alive'])(
    'is answered with one Connection, to one of %s',
    async (connection) => {
      await start('message');
      const socket = await open('/api0/live', { connection });
      expect(socket.head.match(/^connection:.*/gim)).toEqual(['connection: Upgrade']);
      await closed(socket);
    },
  );

  it('agrees on what the upstream has chosen of what the client offered', async () => {
    await start('message');
    answer = (seen) => opened(seen, 'Sec-WebSocket-Protocol: b\r\nSec-WebSocket-Extensions: permessage-deflate\r\n');
    const socket = await open('/api0/live', {
      'sec-websocket-protocol': 'a, b',
      'sec-websocket-extensions': 'permessage-deflate',
    });
    expect(socket.head).toContain('sec-websocket-protocol: b\r\nsec-websocket-extensions: permessage-deflate\r\n');
    socket.peer.socket.write(Buffer.from([0xc1, 0x80, 1, 2, 3, 4]));
    await until(() => far?.frames.length === 1, 'the packed message');
    await closed(socket);
  });

  it.each([
    ['no token', { authorization: undefined }, 401, 'token_missing'],
    ['a bad token', { authorization: 'Bearer other' }, 401, 'token_invalid'],
    ['no key', { 'sec-websocket-key': undefined }, 400, 'bad_request'],
    ['a short key', { 'sec-websocket-key': 'AAAA' }, 400, 'bad_request'],
    ['no version', { 'sec-websocket-version': undefined }, 426, 'upgrade_required'],
    ['version 8', { 'sec-websocket-version': '8' }, 426, 'upgrade_required'],
    ['h2c', { upgrade: 'h2c' }, 501, 'not_implemented'],
    ['no Upgrade', { upgrade: undefined }, 426, 'upgrade_required'],
    ['a Connection that does not name it', { connection: 'keep-alive' }, 501, 'not_implemented'],
    ['a body', { 'content-length': '5' }, 400, 'bad_request'],
    ['a chunked body', { 'transfer-encoding': 'chunked' }, 400, 'bad_request'],
  ])('with %s is refused, and what follows it is no request', async (_, fields, status, code) => {
    await start('connection');
    const text = await rig.send(`${request('/api0/live', fields)}helloGET /api0/plain HTTP/1.1\r\nhost: a\r\n\r\n`);
    expect(text).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    const [options = '', ...more] = [...text.matchAll(/^connection: (.*)\r$/gim)].map(([, list]) => list);
    expect([options.split(', ').includes('close'), more]).toEqual([true, []]);
    expect(text).toContain(`"code":"${code}"`);
    // Whoever names Upgrade names it in Connection too (RFC 9110, section 7.8).
    expect(/^upgrade: websocket/im.test(text)).toBe(options.split(', ').includes('upgrade'));
    expect(text.match(/HTTP\/1.1 \d/g)).toHaveLength(1);
    expect(upstream.requests).toEqual([]);
    noMoneyLeftOver();
  });

  it.each([
    ['with POST', request('/api0/live', {}, 'POST /api0/live HTTP/1.1'), 501],
    ['in HTTP/1.0', request('/api0/live', {}, 'GET /api0/live HTTP/1.0'), 400],
    ['on a route that sells calls', request('/api0/plain'), 501],
    ['on an unlisted path', request('/api0/other'), 501],
    ['on a page of the gateway', request('/_callora/hello'), 501],
    ['on a path that nobody sells', request('/nowhere'), 404],
  ])('%s is refused and its connection ended', async (_, bytes, status) => {
    await start('connection');
    const text = await rig.send(`${bytes}GET /api0/plain HTTP/1.1\r\nhost: a\r\n\r\n`);
    expect(text).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(text.match(/HTTP\/1.1 \d/g)).toHaveLength(1);
    expect(upstream.requests).toEqual([]);
  });

  it('is wanted by a WebSocket route: a plain call gets 426', async () => {
    await start('message');
    const plain = await rig.get('/api0/live');
    expect([plain.status, plain.headers.get('upgrade')]).toEqual([426, 'websocket']);
    expect(plain.headers.get('sec-websocket-version')).toBe('13');
    expect((await rig.get('/api0/live', {}, 'HEAD')).status).toBe(426);
    expect(upstream.requests).toEqual([]);
  });

  it.each(['close', 'keep-alive'])(
    'names all of its Connection in one field, to a client that says %s',
    async (kept) => {
      await start('message');
      for (const minor of [0, 1]) {
        const bytes = `GET /api0/live HTTP/1.${minor}\r\nhost: a\r\nconnection: ${kept}\r\n\r\n`;
        const { status, names, headers } = readAnswer(await rig.send(bytes));
        expect([status, headers.get('connection')]).toEqual([426, 'close, upgrade']);
        expect(names.filter((name) => name === 'connection')).toHaveLength(1);
      }
    },
  );

  it.each(['connection', 'message', 'minute'] as const)('is refused with 402 when %s cannot be paid', async (per) => {
    await start(per, '0.09');
    // A key is for calls that can be answered again: it lets no WebSocket in.
    const keyed = await rig.send(request('/api0/live').replace('\r\n\r\n', '\r\nidempotency-key: k\r\n\r\n'));
    expect(keyed).toMatch(/^HTTP\/1.1 402 /);
    const text = await rig.send(request('/api0/live'));
    expect(text).toMatch(/^HTTP\/1.1 402 /);
    expect(text).toContain('"code":"balance_too_low"');
    expect(upstream.requests).toEqual([]);
    expect(rig.journal.charges).toEqual([]);
  });

  it('is not sent when its charge cannot be written', async () => {
    await start('connection');
    rig.journal.beforeCharge = () => Promise.reject(new GatewayError('journal_unavailable'));
    expect(await rig.send(request('/api0/live'))).toMatch(/^HTTP\/1.1 503 /);
    expect(upstream.requests).toEqual([]);
    expect(rig.account()).toMatchObject({ held: 0n, holds: 0, charged: 0n });
  });

  it('needs no token and no money where the route is open to anyone', async () => {
    await start('message');
    const socket = await open('/api0/open', { authorization: undefined });
    socket.peer.say('hello');
    await until(() => far?.messages.length === 1);
    await closed(socket);
    expect(rig.journal.charges).toEqual([]);
  });
});

describe('a handshake that the upstream does not complete', () => {
  const broken: [string, (seen: Seen) => string][] = [
    ['an Accept for the client’s key', () => opened({ headers: new Map([['sec-websocket-key', key]]) } as Seen)],
    ['no Accept', () => 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n'],
    ['another protocol', (seen) => opened(seen).replace('Upgrade: websocket', 'Upgrade: h2c')],
    ['a subprotocol that nobody offered', (seen) => opened(seen, 'Sec-WebSocket-Protocol: x\r\n')],
    ['an extension that nobody offered', (seen) => opened(seen, 'Sec-WebSocket-Extensions: permessage-deflate\r\n')],
    ['a success that is none', () => 'HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nsecret'],
    ['bytes that are no head', () => 'what\r\n\r\n'],
    ['a 101 with a body', (seen) => opened(seen, 'Content-Length: 5\r\n')],
  ];

  it.each(['connection', 'minute', 'message'] as const)('costs nothing and leaves no tunnel, per %s', async (per) => {
    await start(per);
    for (const [name, script] of broken) {
      answer = script;
      const sent = upstream.requests.length;
      const text = await rig.send(`${request('/api0/live')}\x81\x80aaaaGET /api0/plain HTTP/1.1\r\nhost: a\r\n\r\n`);
      expect(text, name).toMatch(/^HTTP\/1.1 502 /);
      expect(text, name).not.toMatch(/secret|101 Switching/);
      expect(text.match(/HTTP\/1.1 \d/g), name).toHaveLength(1);
      // RFC 9209 section 2: a member for each intermediary.
      expect(text.match(/proxy-status: /g), name).toHaveLength(1);
      await until(() => rig.gateway.stats().running === 0);
      expect(upstream.requests.length, name).toBe(sent + 1);
      expect(far?.received.length ?? 0, name).toBe(0);
    }
    const rows = per === 'message' ? 0 : broken.length;
    expect([rig.journal.charges.length, rig.journal.refunds.length]).toEqual([rows, rows]);
    expect(rig.account().charged).toBe(rig.account().refunded);
    noMoneyLeftOver();
  });

  it.each([403, 404, 426, 301, 503])('with %i passes on as the upstream’s answer, at no cost', async (status) => {
    await start('connection');
    answer = () => `HTTP/1.1 ${status} Whatever\r\ncontent-type: text/plain\r\ncontent-length: 4\r\n\r\nnope`;
    const text = await rig.send(request('/api0/live'));
    expect(text).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(text).toMatch(/connection: close/);
    expect(text).toMatch(/callora-price: 0\r\n/);
    expect(text).toMatch(/nope$/);
    await until(() => rig.gateway.stats().running === 0);
    expect(rig.journal.refunds).toMatchObject([{ amount: usdc('0.1') }]);
    noMoneyLeftOver();
  });

  it('stays open when the refund cannot be written, so that settlement leaves the charge alone', async () => {
    await start('connection');
    answer = () => 'HTTP/1.1 403 No\r\ncontent-length: 0\r\n\r\n';
    rig.journal.refund = () => Promise.reject(new GatewayError('journal_unavailable'));
    await rig.send(request('/api0/live'));
    await until(() => rig.metrics.ended.length === 1);
    expect([rig.journal.charges.length, rig.journal.finishes]).toEqual([1, []]);
    expect(rig.account()).toMatchObject({ charged: usdc('0.1'), refunded: 0n, held: 0n });
  });

  it('that comes while the gateway drains opens nothing, and its charge is taken back', async () => {
    await start('connection');
    let drained: Promise<void> | undefined;
    answer = (seen) => {
      drained = rig.gateway.drain();
      return opened(seen);
    };
    const text = await rig.send(request('/api0/live'));
    expect(text).toMatch(/^HTTP\/1.1 503 /);
    expect(text).toContain('"code":"shutting_down"');
    await drained;
    expect(rig.journal.refunds).toMatchObject([{ reason: 'gateway_failed' }]);
    noMoneyLeftOver();
  });

  const fail = () => {
    throw new Error('a defect');
  };

  it.each<[string, Partial<GatewayDeps>]>([
    ['before the upstream is asked', { signContext: fail }],
    ['behind the 101 of the upstream', { log: { ...silentLog(), warn: fail } }],
  ])('under which the gateway fails %s costs nothing and leaves no tunnel', async (_when, deps) => {
    rig = await startRig({
      config: makeConfig([
        {
          origin: upstream.origin,
          signedContext: true,
          headers: [['x-api-key', 'upstream-secret']],
          secrets: ['upstream-secret'],
          list: [{ match: 'GET /live', price: '0.1', websocket: 'minute' }],
        },
      ]),
      deps,
    });
    answer = (seen) => opened(seen, 'x-leak: upstream-secret\r\n');
    await rig.send(request('/api0/live'));
    await until(() => rig.gateway.stats().running === 0, 'the end of the call');
    expect(rig.journal.refunds).toMatchObject([{ reason: 'gateway_failed' }]);
    await until(() => upstream.connections.size === 0, 'the end of the connection to the upstream');
    noMoneyLeftOver();
  });

  it('is given up when the client leaves, and its charge taken back', async () => {
    await start('connection');
    const waiting = Promise.withResolvers<void>();
    answer = () => {
      waiting.resolve();
      return '';
    };
    const socket = connect(rig.port, '127.0.0.1');
    socket.write(request('/api0/live'));
    await waiting.promise;
    socket.destroy();
    await until(() => rig.gateway.stats().running === 0, 'the end of the call');
    expect(rig.journal.refunds).toMatchObject([{ reason: 'client_gone' }]);
    await until(() => upstream.connections.size === 0, 'the end of the connection to the upstream');
    noMoneyLeftOver();
  });
});

describe('a WebSocket through the gateway', () => {
  it('is charged by the message, its opening for free', async () => {
    await start('message', '0.25');
    const socket = await open();
    expect(rig.account()).toMatchObject({ charged: 0n, holds: 0 });
    expect(rig.gateway.stats()).toMatchObject({ sockets: 1, running: 1 });
    socket.peer.say('one', 'two', 'three');
    await until(() => socket.peer.close !== undefined, 'the close frame');
    expect(socket.peer.close?.code).toBe(1008);
    expect(far?.messages).toEqual(['one', 'two']);
    socket.peer.sayClose(1008);
    far?.sayClose(1008);
    socket.peer.socket.end();
    far?.socket.end();
    await until(() => rig.gateway.stats().running === 0);
    expect(rig.account()).toMatchObject({ charged: usdc('0.2'), refunded: 0n });
    expect(rig.journal.charges.map(({ id, status, method }) => [id, status, method])).toEqual([
      [2, 101, 'GET'],
      [3, 101, 'GET'],
    ]);
    expect(rig.metrics.ended.at(-1)).toMatchObject([
      { status: 101, outcome: 'completed', paid: usdc('0.2'), callId: 1, socket: { messages: 2 } },
    ]);
    expect(rig.gateway.stats()).toMatchObject({ sockets: 0, running: 0 });
    noMoneyLeftOver();
  });

  it('passes on what a client sends before the 101 only behind it', async () => {
    await start('message');
    const commit = Promise.withResolvers<void>();
    rig.journal.beforeCharge = () => commit.promise;
    const socket = await open('/api0/live', {}, '\x81\x82\x00\x00\x00\x00h!');
    expect(upstream.bytes.join('')).not.toContain('h!');
    expect(far?.messages).toEqual([]);
    commit.resolve();
    await until(() => far?.messages.length === 1);
    expect(far?.messages).toEqual(['h!']);
    await closed(socket);
  });

  it('holds a place among the calls of its account until it is closed', async () => {
    await start('message');
    const config = makeConfig([
      { origin: upstream.origin, list: [{ match: 'GET /live', price: '0.1', websocket: 'message' }] },
    ]);
    config.gateway.limits = { ...config.gateway.limits, callsPerAccountMax: 1 };
    rig.setConfig(config);
    const socket = await open();
    expect(await rig.send(request('/api0/live'))).toMatch(/^HTTP\/1.1 429 /);
    const first = far;
    await closed(socket);
    far = undefined;
    const again = await open();
    expect(first).not.toBe(far);
    await closed(again);
  });

  it('is told 1001 by a drain, which waits for it', async () => {
    await start('minute');
    const socket = await open();
    const drained = rig.gateway.drain();
    await until(() => socket.peer.close !== undefined && far?.close !== undefined, 'the close frames');
    expect(socket.peer.close).toEqual({ code: 1001, reason: 'the gateway is shutting down' });
    expect(far?.close).toEqual({ code: 1001, reason: '' });
    socket.peer.sayClose(1001);
    far?.sayClose(1001);
    socket.peer.socket.end();
    far?.socket.end();
    await drained;
    expect(rig.journal.finishes).toMatchObject([{ outcome: 'completed' }]);
    expect(rig.journal.refunds).toEqual([]);
    noMoneyLeftOver();
  });

  const live = { match: 'GET /live', price: '0.1', websocket: 'message' as const };

  it.each<[string, Partial<ApiSpec>]>([
    ['its price', { list: [{ ...live, price: '0.9' }] }],
    ['a limit of its upstream', { upstream: { connectionsMax: 7 } }],
    ['the credentials for its upstream', { headers: [['x-api-key', 'another-secret']] }],
  ])('keeps the price it opened with when the catalog changes %s', async (_, change) => {
    await start('message');
    const socket = await open();
    rig.setConfig(makeConfig([{ origin: upstream.origin, list: [live], ...change }]));
    socket.peer.say('one');
    await until(() => far?.messages.length === 1);
    expect(rig.account().charged).toBe(usdc('0.1'));
    await closed(socket);
  });

  it('goes on when its API gets another target beside the one it leads to', async () => {
    await start('message');
    const socket = await open();
    const origins = ['http://127.0.0.1:1', upstream.origin];
    rig.setConfig(makeConfig([{ origin: '', list: [live], upstream: { origins } }]));
    socket.peer.say('one');
    await until(() => far?.messages.length === 1);
    await closed(socket);
  });

  it.each<[string, Partial<ApiSpec>]>([
    ['its API', { name: 'another' }],
    ['its mount', { mount: '/elsewhere' }],
    ['its payee', { payee: 'GANOTHER' }],
    ['its target', { upstream: { origins: ['http://127.0.0.1:1'] } }],
    ['its base path', { basePath: '/v2' }],
    ['its route', { list: [{ ...live, match: 'GET /other' }] }],
    ['its unit', { list: [{ ...live, websocket: 'minute' }] }],
    ['who may open it', { list: [{ ...live, price: '0', auth: 'none' }] }],
  ])('ends with 1001 at the next message, which is not charged, when the catalog changes %s', async (_, change) => {
    await start('message');
    const socket = await open();
    socket.peer.say('one');
    await until(() => far?.messages.length === 1);
    rig.setConfig(makeConfig([{ origin: upstream.origin, list: [live], ...change }]));
    socket.peer.say('two');
    await until(() => far?.close !== undefined || far?.messages.length === 2, 'what the upstream hears');
    expect(far?.close?.code).toBe(1001);
    far?.sayClose(1001);
    await until(() => socket.peer.close !== undefined, 'the close frame');
    expect(socket.peer.close).toEqual({ code: 1001, reason: expect.stringContaining('no longer sold') });
    expect([far?.messages, rig.account().charged]).toEqual([['one'], usdc('0.1')]);
    socket.peer.sayClose(1001);
    socket.peer.socket.end();
    far?.socket.end();
    await until(() => rig.gateway.stats().running === 0, 'the end of the call');
    noMoneyLeftOver();
  });

  it.each(['client', 'upstream'] as const)('leaves nothing open when the %s is reset', async (side) => {
    await start('connection');
    const socket = await open();
    (side === 'client' ? socket.peer.socket : far?.socket)?.resetAndDestroy();
    socket.peer.socket.on('end', () => socket.peer.socket.end());
    far?.socket.on('end', () => far?.socket.end());
    const other = side === 'client' ? far : socket.peer;
    await until(() => other?.close !== undefined, 'the close frame');
    expect(other?.close?.code).toBe(side === 'client' ? 1001 : 1011);
    other?.sayClose();
    other?.socket.end();
    await until(() => rig.gateway.stats().running === 0 && upstream.connections.size === 0, 'the end');
    expect(rig.journal.finishes).toMatchObject([{ outcome: side === 'client' ? 'client_gone' : 'upstream_broke' }]);
    noMoneyLeftOver();
  });
});
