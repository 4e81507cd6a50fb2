import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { GatewayLimits } from '../../src/catalog/model.ts';
import { type FakeClock, fakeClock } from '../../src/clock.ts';
import { until } from '../support/until.ts';
import { type ApiSpec, limits, makeConfig, usdc } from './make-config.ts';
import { readAnswer } from './raw-client.ts';
import { type Behaviour, okAnswer, type RawUpstream, startUpstream } from './raw-upstream.ts';
import { type Rig, startRig, token } from './rig.ts';

/** Clients that close their sending side, as `printf … | nc -N` does: what is whole is answered, and nothing else is. */

let upstream: RawUpstream;
let rig: Rig;
let clock: FakeClock;
let clients: Client[] = [];

type Client = { socket: Socket; text(): string; failure(): Error | undefined };

async function start(behave?: Behaviour, spec: Partial<ApiSpec> = {}, changed: Partial<GatewayLimits> = {}) {
  upstream = await startUpstream(behave);
  clock = fakeClock();
  rig = await startRig({
    deps: { clock },
    config: makeConfig([{ origin: upstream.origin, price: '0.1', ...spec }], { limits: { ...limits, ...changed } }),
  });
}

/** Sends these bytes and a FIN right behind them, and goes on reading. */
function halfClose(bytes: string): Client {
  const client = open(bytes);
  client.socket.end();
  return client;
}

function open(bytes: string): Client {
  const socket = connect({ port: rig.port, host: '127.0.0.1', allowHalfOpen: true });
  let text = '';
  let failure: Error | undefined;
  socket.on('error', (error) => {
    failure = error;
  });
  socket.on('data', (chunk) => {
    text += chunk.toString('latin1');
  });
  socket.write(Buffer.from(bytes, 'latin1'));
  const client = { socket, text: () => text, failure: () => failure };
  clients.push(client);
  return client;
}

/** Waits until it holds, and lets the gateway look at its clients meanwhile; apart from that its clock stands still. */
function untilSeen(condition: () => boolean, what?: string): Promise<void> {
  return until(() => {
    if (condition()) return true;
    clock.advance(500);
    return false;
  }, what);
}

async function answered(client: Client): Promise<string> {
  await until(() => client.socket.closed, 'the connection ended');
  return client.text();
}

afterEach(async () => {
  for (const { socket } of clients) socket.destroy();
  clients = [];
  await untilSeen(() => rig.gateway.stats().running === 0, 'every call ended');
  await until(() => rig.gateway.stats().connections === 0, 'every connection ended');
  expect(rig.account()).toMatchObject({ held: 0n, holds: 0 });
  expect(rig.journal.finishes.length).toBe(rig.journal.charges.length);
  await rig.close();
  await upstream.close();
});

const auth = `host: gateway.test\r\nauthorization: Bearer ${token}\r\n`;
const get = `GET /api0/a HTTP/1.1\r\n${auth}\r\n`;
const statuses = (text: string) => text.match(/HTTP\/1\.1 \d+/g)?.map((line) => Number(line.slice(9)));

describe('a client that closes its sending side behind a whole request', () => {
  it.each([
    ['of HTTP/1.1', get],
    ['of HTTP/1.0', get.replace('HTTP/1.1', 'HTTP/1.0')],
    ['of HTTP/1.0 with keep-alive', `GET /api0/a HTTP/1.0\r\n${auth}connection: keep-alive\r\n\r\n`],
    ['with a body', `POST /api0/a HTTP/1.1\r\n${auth}content-length: 5\r\n\r\nhello`],
    ['with a chunked body', `POST /api0/a HTTP/1.1\r\n${auth}transfer-encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n`],
  ])('%s gets its answer, told as the last, and has paid for it once', async (_what, request) => {
    await start();
    const answer = readAnswer(await answered(halfClose(request)));
    expect([answer.status, answer.body, answer.headers.get('connection')]).toEqual([200, 'hello', 'close']);
    expect([rig.journal.charges.length, rig.account().charged]).toEqual([1, usdc('0.1')]);
    expect(rig.journal.finishes).toMatchObject([{ outcome: 'completed', bytesOut: 5 }]);
  });

  it('gets all of an answer that comes late and in pieces', async () => {
    let from: Socket | undefined;
    await start((_request, socket) => {
      from = socket;
      return undefined;
    });
    const client = halfClose(get);
    // By then it has been asked whether it is still there, in a way that every client overlooks.
    await untilSeen(() => client.text() !== '', 'the interim answer');
    expect(client.text()).toBe('HTTP/1.1 100 Continue\r\n\r\n');
    from?.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n');
    await until(() => client.text().includes('hello'));
    // Between two pieces it is asked by a zero before the length of the next one.
    await untilSeen(() => client.text().endsWith('hello\r\n0'), 'the zero');
    from?.write('5\r\nworld\r\n0\r\n\r\n');
    const answer = readAnswer(await answered(client));
    expect([answer.status, answer.body]).toEqual([200, 'helloworld']);
    expect(rig.journal.finishes).toMatchObject([{ outcome: 'completed', bytesOut: 10 }]);
  });

  it('takes no answer for whole that broke off behind the zero', async () => {
    let from: Socket | undefined;
    await start((_request, socket) => {
      from = socket;
      return undefined;
    });
    const client = halfClose(get);
    await until(() => from !== undefined);
    from?.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n');
    await untilSeen(() => client.text().endsWith('hello\r\n0'), 'the zero');
    from?.destroy();
    await answered(client);
    expect(client.failure()).toMatchObject({ code: 'ECONNRESET' });
  });

  it('takes no answer for whole in which it was given up, where nothing but the end of the connection ends it', async () => {
    await start((_request, socket) => {
      socket.write('HTTP/1.1 200 OK\r\n\r\nhello');
      return undefined;
    });
    const client = halfClose(get.replace('HTTP/1.1', 'HTTP/1.0'));
    await until(() => client.text().endsWith('hello'));
    await untilSeen(() => client.socket.closed, 'it was given up');
    expect(client.failure()).toMatchObject({ code: 'ECONNRESET' });
  });

  it('takes no answer for whole that a drain cut off behind the zero', async () => {
    await start(
      (_request, socket) => {
        socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n');
        return undefined;
      },
      {},
      { drainTimeoutMs: 500 },
    );
    const client = halfClose(get);
    await untilSeen(() => client.text().endsWith('hello\r\n0'), 'the zero');
    const drained = rig.gateway.drain();
    clock.advance(500);
    await answered(client);
    await drained;
    expect(client.failure()).toMatchObject({ code: 'ECONNRESET' });
  });

  it('is asked nothing in HTTP/1.0, which knows no interim answers', async () => {
    let answer: (() => void) | undefined;
    await start((_request, socket) => {
      answer = () => socket.write(okAnswer);
      return undefined;
    });
    const old = halfClose(get.replace('HTTP/1.1', 'HTTP/1.0'));
    await until(() => answer !== undefined);
    const answerOld = answer;
    const other = halfClose(get);
    await untilSeen(() => other.text() !== '', 'the other one is asked');
    expect(old.text()).toBe('');
    answerOld?.();
    answer?.();
    expect(statuses(await answered(old))).toEqual([200]);
  });

  it('gets the answers to all that it has sent in a pipeline, each paid', async () => {
    await start();
    const missing = 'GET /nowhere HTTP/1.1\r\nhost: a\r\n\r\n';
    const page = 'GET /_callora/hello HTTP/1.1\r\nhost: a\r\n\r\n';
    const text = await answered(halfClose(get + missing.repeat(40) + get + page + missing + get));
    expect(statuses(text)).toEqual([200, ...Array(40).fill(404), 200, 200, 404, 200]);
    expect(rig.journal.charges.length).toBe(3);
  });

  it('gets the refusal of a request that is refused', async () => {
    await start();
    expect(statuses(await answered(halfClose('GET /api0/a HTTP/1.1\r\nhost: a\r\n\r\n')))).toEqual([401]);
  });

  it('gets a large answer whole, also when it reads slowly', async () => {
    const body = 'x'.repeat(4_000_000);
    await start(() => `HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
    const client = halfClose(get);
    client.socket.pause();
    await until(() => rig.journal.charges.length === 1);
    client.socket.resume();
    expect(readAnswer(await answered(client)).body.length).toBe(body.length);
  });

  it('and reads nothing is ended in time', async () => {
    const body = 'x'.repeat(40_000_000);
    const answer = `HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
    await start(() => answer, { upstream: { idleTimeoutMs: 300 } });
    halfClose(get).socket.pause();
    await untilSeen(() => rig.journal.finishes.length === 1);
    expect(rig.journal.finishes).toMatchObject([{ outcome: 'client_gone' }]);
  });

  it('that is none of its own at the end gets what came before', async () => {
    await start();
    expect(statuses(await answered(halfClose(`${get}GET /api0/b HTTP/1.1\r\nhost: a\r\n`)))).toEqual([200]);
    expect(
      statuses(await answered(halfClose(`${get}POST /api0/b HTTP/1.1\r\n${auth}content-length: 5\r\n\r\nhi`))),
    ).toEqual([200]);
    expect(rig.journal.charges.length).toBe(2);
  });
});

describe('a client that closes its sending side amid a request', () => {
  it.each([
    ['its head', `GET /api0/a HTTP/1.1\r\n${auth}`],
    ['its body', `POST /api0/a HTTP/1.1\r\n${auth}content-length: 5\r\n\r\nhell`],
    ['its chunks', `POST /api0/a HTTP/1.1\r\n${auth}transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n`],
  ])('in %s has sent none: no answer, no charge, no clean end upstream', async (_what, bytes) => {
    await start();
    expect(await answered(halfClose(bytes))).toBe('');
    await until(() => upstream.connections.size === 0, 'the upstream was let go');
    expect([upstream.requests, rig.journal.charges]).toEqual([[], []]);
  });

  it('and opens no WebSocket: there is nothing that it could say in it', async () => {
    await start(() => okAnswer, { list: [{ match: 'GET /live', price: '0.1', websocket: 'message' }] });
    const handshake =
      `GET /api0/live HTTP/1.1\r\n${auth}connection: upgrade\r\nupgrade: websocket\r\n` +
      'sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n';
    expect(await answered(halfClose(handshake))).toBe('');
    expect(statuses(await answered(halfClose(get + handshake)))).toEqual([200]);
    expect(rig.journal.charges.length).toBe(1);
  });
});

describe('a client that has left, of which its sending side is seen first,', () => {
  it('pays nothing before the head: it is found out by what is written to it', async () => {
    await start(() => undefined);
    const client = open(get);
    await until(() => upstream.requests.length === 1);
    client.socket.destroy();
    await untilSeen(() => upstream.connections.size === 0, 'the upstream was cut off');
    await until(() => rig.gateway.stats().connections === 0);
    expect([rig.journal.charges, rig.account().charged]).toEqual([[], 0n]);
  });

  it('has paid behind it, as ever, and its upstream is cut off', async () => {
    await start((_request, socket) => {
      socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n');
      return undefined;
    });
    const client = open(get);
    await until(() => client.text().includes('hello'));
    client.socket.destroy();
    await untilSeen(() => upstream.connections.size === 0, 'the upstream was cut off');
    await until(() => rig.journal.finishes.length === 1);
    expect(rig.journal.finishes).toMatchObject([{ outcome: 'client_gone', bytesOut: 5 }]);
  });

  it('amid a silent answer of a length, where nothing can be asked, is given up in bounded time, and not before', async () => {
    await start((_request, socket) => {
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhello');
      return undefined;
    });
    const client = open(get);
    await until(() => client.text().includes('hello'));
    client.socket.destroy();
    await untilSeen(() => upstream.connections.size === 0, 'the upstream was cut off');
    expect(clock.monotonicMs()).toBeGreaterThanOrEqual(10_000);
    await until(() => rig.journal.finishes.length === 1);
    expect(rig.journal.finishes).toMatchObject([{ outcome: 'client_gone', bytesOut: 5 }]);
  });

  it('in HTTP/1.0 cannot be told from one that waits, and has paid when its answer begins', async () => {
    let answer: (() => void) | undefined;
    await start((_request, socket) => {
      answer = () => socket.write(okAnswer);
      return undefined;
    });
    const client = open(get.replace('HTTP/1.1', 'HTTP/1.0'));
    await until(() => answer !== undefined);
    client.socket.destroy();
    await until(() => client.socket.closed);
    answer?.();
    await until(() => rig.journal.finishes.length === 1);
    expect(rig.account().charged).toBe(usdc('0.1'));
  });
});

it('a client that resets its connection has left at once, before the head without paying', async () => {
  await start(() => undefined);
  const client = open(get);
  await until(() => upstream.requests.length === 1);
  client.socket.resetAndDestroy();
  await until(() => upstream.connections.size === 0, 'the upstream was cut off');
  expect(rig.journal.charges).toEqual([]);
});
