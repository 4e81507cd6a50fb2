import { connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { GatewayLimits } from '../../src/catalog/model.ts';
import { readAnswers, readRequests, type StrictAnswer, valuesOf } from '../support/strict-http.ts';
import { until } from '../support/until.ts';
import { type ApiSpec, limits, makeConfig, usdc } from './make-config.ts';
import { type Rig, startRig, token } from './rig.ts';

/** What passes through while it is still coming, and what an answer without a body, or a part of one, looks like. */

let server: Server;
let rig: Rig;
let clients: Socket[] = [];
/** The upstream's sockets, newest last, and what came on each. */
let sockets: Socket[] = [];
let received: string[] = [];

async function start(
  behave: (head: string, socket: Socket) => void,
  spec: Partial<ApiSpec> = {},
  own: Partial<GatewayLimits> = {},
) {
  sockets = [];
  received = [];
  server = createServer((socket) => {
    const index = sockets.push(socket) - 1;
    received.push('');
    let begun = 0;
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      received[index] += chunk.toString('latin1');
      const heads = received[index]?.match(/(?:GET|HEAD|POST|PUT) [^ ]+ HTTP\/1\.1\r\n/g)?.length ?? 0;
      while (begun < heads) {
        begun++;
        behave(received[index] ?? '', socket);
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const bound = server.address();
  const origin = `http://127.0.0.1:${typeof bound === 'object' && bound ? bound.port : 0}`;
  const gateway = { limits: { ...limits, ...own } };
  rig = await startRig({ config: makeConfig([{ origin, price: '0.1', ...spec }], gateway), balance: '1000' });
}

afterEach(async () => {
  for (const client of clients) client.destroy();
  clients = [];
  await until(() => rig.gateway.stats().running === 0, 'every call ended');
  expect(rig.account()).toMatchObject({ held: 0n, holds: 0 });
  await rig.close();
  for (const socket of sockets) socket.destroy();
  await new Promise((resolve) => server.close(resolve));
});

type Client = { socket: Socket; text(): string };

function open(bytes: string): Client {
  let text = '';
  const socket = connect({ port: rig.port, host: '127.0.0.1', noDelay: true });
  socket
    .on('error', () => {})
    .on('data', (chunk) => {
      text += chunk.toString('latin1');
    });
  socket.write(Buffer.from(bytes, 'latin1'));
  clients.push(socket);
  return { socket, text: () => text };
}

const auth = `host: gateway.test\r\nauthorization: Bearer ${token}\r\n`;
const ok = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok';

/** The one answer to one request, and what of the connection was left. */
async function ask(method: string, fields = '', version = '1.1'): Promise<StrictAnswer> {
  const raw = await rig.send(`${method} /api0/a HTTP/${version}\r\n${auth}connection: close\r\n${fields}\r\n`);
  const { answers, fault, rest } = readAnswers(raw, [method], true);
  expect([answers.length, fault, rest]).toEqual([1, undefined, '']);
  return answers[0] as StrictAnswer;
}

describe('a request body', () => {
  it('and its answer flow at the same time, piece by piece', async () => {
    await start((_head, socket) => socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n'));
    const client = open(`POST /api0/a HTTP/1.1\r\n${auth}transfer-encoding: chunked\r\n\r\n`);
    await until(() => client.text().includes('\r\n\r\n'), 'the head of the answer');
    for (const word of ['one', 'two', 'three']) {
      client.socket.write(`${word.length.toString(16)}\r\n${word}\r\n`);
      await until(() => received[0]?.includes(word) ?? false, `${word} at the upstream`);
      sockets[0]?.write(`${word.length.toString(16)}\r\n${word}\r\n`);
      await until(() => client.text().includes(word), `${word} at the client`);
    }
    client.socket.write('0\r\n\r\n');
    await until(() => received[0]?.endsWith('0\r\n\r\n') ?? false);
    sockets[0]?.write('0\r\n\r\n');
    await until(() => client.text().endsWith('0\r\n\r\n'));
    await until(() => rig.journal.finishes.length === 1);
    expect(rig.journal.finishes).toMatchObject([{ outcome: 'completed', bytesIn: 11, bytesOut: 11 }]);
  });

  it('that the upstream does not wait for ends both connections behind the answer', async () => {
    await start((_head, socket) => socket.write('HTTP/1.1 413 Too Large\r\ncontent-length: 2\r\n\r\nno'));
    const client = open(`POST /api0/a HTTP/1.1\r\n${auth}content-length: 1000000\r\n\r\nthe beginning`);
    await until(() => client.text().endsWith('no'));
    expect(client.text()).toMatch(/^HTTP\/1\.1 413 .*\r\nconnection: close\r\n/s);
    // What still comes is taken, so that no reset costs the client its answer, and is no request.
    client.socket.write(`GET /api0/b HTTP/1.1\r\n${auth}\r\n`.repeat(100));
    await until(() => client.socket.closed, 'the connection ended');
    expect(client.text().match(/HTTP\/1\.1 \d/g)?.length).toBe(1);
    await until(() => sockets[0]?.closed ?? false, 'the connection to the upstream ended');
    expect(sockets.length).toBe(1);
    expect([rig.journal.charges, rig.account().charged]).toEqual([[], 0n]);
  });

  it.each<[string, string, Partial<ApiSpec>, Partial<GatewayLimits>]>([
    ['broken', 'no chunk\r\n', {}, {}],
    ['too long', 'b\r\neleven here\r\n', { list: [{ match: 'POST /a', price: '0.1', bodyBytesMax: 10 }] }, {}],
    ['late', '', {}, { bodyIdleTimeoutMs: 50 }],
    ['unfinished when the answer has paused for too long,', '1', { upstream: { idleTimeoutMs: 100 } }, {}],
    ['unfinished when the whole call has taken too long,', '1', { upstream: { totalTimeoutMs: 300 } }, {}],
  ])('that is %s behind the head of the answer does not get the answer for nothing', async (_what, rest, spec, own) => {
    await start((_head, socket) => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nprecious'), spec, own);
    const client = open(`POST /api0/a HTTP/1.1\r\n${auth}transfer-encoding: chunked\r\n\r\n`);
    await until(() => client.text().endsWith('precious'), 'all but the last byte');
    client.socket.write(rest);
    await until(() => rig.journal.finishes.length === 1, 'the end of the call');
    expect(rig.journal.finishes).toMatchObject([{ outcome: 'client_gone', bytesOut: 8 }]);
    expect([rig.journal.refunds, rig.account().charged]).toEqual([[], usdc('0.1')]);
    await until(() => client.socket.closed && (sockets[0]?.closed ?? false), 'the end of both connections');
  });

  it('that is unfinished when its client leaves behind the head gives nothing back', async () => {
    await start((_head, socket) => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nprecious'));
    const client = open(`GET /api0/a HTTP/1.1\r\n${auth}content-length: 1\r\n\r\n`);
    await until(() => client.text().endsWith('precious'), 'all but the last byte');
    client.socket.destroy();
    await until(() => rig.journal.finishes.length === 1, 'the end of the call');
    expect(rig.journal.finishes).toMatchObject([{ outcome: 'client_gone', bytesOut: 8 }]);
    expect(rig.journal.refunds).toEqual([]);
  });

  it('that breaks while the charge is written has paid, since the head was there', async () => {
    await start((_head, socket) => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nprecious'));
    const commit = Promise.withResolvers<void>();
    let written = false;
    rig.journal.beforeCharge = () => {
      written = true;
      return commit.promise;
    };
    const client = open(`POST /api0/a HTTP/1.1\r\n${auth}transfer-encoding: chunked\r\n\r\n`);
    await until(() => written, 'the charge');
    client.socket.write('no chunk\r\n');
    await until(() => sockets[0]?.closed ?? false, 'the end at the upstream');
    commit.resolve();
    await until(() => rig.journal.finishes.length === 1, 'the end of the call');
    expect(rig.journal.finishes).toMatchObject([{ outcome: 'client_gone' }]);
    expect(rig.journal.refunds).toEqual([]);
  });

  it('is not asked for when the call is refused', async () => {
    await start((_head, socket) => socket.write(ok), { list: [{ match: 'POST /a', price: '0.1', bodyBytesMax: 10 }] });
    const expecting = 'expect: 100-continue\r\n';
    const refused: [string, number][] = [
      [`POST /api0/a HTTP/1.1\r\nhost: a\r\n${expecting}content-length: 5\r\n\r\n`, 401],
      [`POST /api0/a HTTP/1.1\r\n${auth}${expecting}content-length: 11\r\n\r\n`, 413],
      [`POST /nothing HTTP/1.1\r\n${auth}${expecting}content-length: 5\r\n\r\n`, 404],
    ];
    for (const [head, status] of refused) {
      const client = open(head);
      await until(() => client.socket.closed, 'the connection ended');
      expect(client.text()).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    }
    expect(sockets).toEqual([]);
  });

  it('is asked for before the upstream has said anything', async () => {
    await start((head, socket) => void (head.endsWith('hello') && socket.write(ok)));
    const client = open(`POST /api0/a HTTP/1.1\r\n${auth}expect: 100-continue\r\ncontent-length: 5\r\n\r\n`);
    await until(() => client.text() === 'HTTP/1.1 100 Continue\r\n\r\n', 'the client may send');
    client.socket.write('hello');
    await until(() => received[0]?.endsWith('hello') ?? false);
    sockets[0]?.write(ok);
    await until(() => client.text().endsWith('ok'));
    expect(received[0]).not.toMatch(/expect/i);
  });
});

describe('an answer', () => {
  it('may have early hints before it, which pass without what is not for the client', async () => {
    const hints =
      'HTTP/1.1 103 Early Hints\r\nlink: </a.css>; rel=preload\r\nconnection: x-hop\r\nx-hop: 1\r\ncallora-price: 9\r\n\r\n';
    await start((_head, socket) => socket.write(hints + hints));
    const client = open(`GET /api0/a HTTP/1.1\r\n${auth}\r\n`);
    await until(() => (client.text().match(/103 Early Hints/g)?.length ?? 0) === 2, 'the hints arrived alone');
    expect([rig.journal.charges.length, rig.account().holds]).toEqual([0, 1]);
    expect(client.text().match(/link: <\/a\.css>/g)?.length).toBe(2);
    expect(client.text()).not.toMatch(/x-hop|callora-price/);
    sockets[0]?.write(ok);
    await until(() => client.text().endsWith('ok'));
    expect(rig.journal.charges.length).toBe(1);
  });

  it('to HTTP/1.0 has none', async () => {
    await start((_head, socket) => socket.write(`HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n${ok}`));
    expect(await rig.send(`GET /api0/a HTTP/1.0\r\n${auth}\r\n`)).toMatch(/^HTTP\/1\.1 200 /);
  });

  it.each([
    ['GET', '204 No Content', '', undefined, 1],
    ['GET', '204 No Content', 'content-length: 0\r\n', undefined, 1],
    ['GET', '304 Not Modified', 'etag: "x"\r\ncontent-length: 1234\r\n', '1234', 2],
    ['GET', '304 Not Modified', 'etag: "x"\r\n', undefined, 1],
    ['HEAD', '200 OK', 'content-length: 1234\r\n', '1234', 2],
    ['HEAD', '200 OK', 'transfer-encoding: chunked\r\n', undefined, 2],
    ['HEAD', '404 Not Found', 'content-length: 9\r\n', '9', 2],
  ])('without a body ends with its head: %s, %s, %j', async (method, status, fields, length, connections) => {
    await start((_head, socket) => socket.write(`HTTP/1.1 ${status}\r\n${fields}\r\n`));
    const client = open(`${method} /api0/a HTTP/1.1\r\n${auth}\r\n${method} /api0/b HTTP/1.1\r\n${auth}\r\n`);
    await until(() => (client.text().match(/\r\n\r\n/g)?.length ?? 0) === 2, 'both answers');
    const { answers, fault, rest } = readAnswers(client.text(), [method, method], false);
    expect([answers.length, fault, rest]).toEqual([2, undefined, '']);
    for (const answer of answers) {
      expect(`HTTP/1.1 ${status}`).toContain(String(answer.status));
      expect(valuesOf(answer.fields, 'content-length')[0]).toBe(length);
    }
    // One connection carried both, and nothing of the first was left on it; or a body that was spoken of might have been.
    expect(sockets.length).toBe(connections);
  });

  it('to a request for a range is the range, with what names it', async () => {
    const part =
      'HTTP/1.1 206 Partial Content\r\ncontent-range: bytes 5-9/20\r\naccept-ranges: bytes\r\netag: "v"\r\ncontent-length: 5\r\n\r\n56789';
    await start((_head, socket) => socket.write(part));
    const answer = await ask('GET', 'range: bytes=5-9\r\nif-range: "v"\r\n');
    expect([answer.status, answer.body, valuesOf(answer.fields, 'content-range')]).toEqual([
      206,
      '56789',
      ['bytes 5-9/20'],
    ]);
    expect([valuesOf(answer.fields, 'accept-ranges'), valuesOf(answer.fields, 'etag')]).toEqual([['bytes'], ['"v"']]);
    expect(received[0]).toMatch(/range: bytes=5-9\r\nif-range: "v"\r\n/i);
    expect(rig.account().charged).toBe(usdc('0.1'));
  });

  it('that is packed passes byte for byte, in chunks too', async () => {
    const packed = Array.from({ length: 256 }, (_, i) => String.fromCharCode(i)).join('');
    await start((_head, socket) => {
      const head = 'HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ntransfer-encoding: chunked\r\n\r\n';
      socket.write(Buffer.from(`${head}100\r\n${packed}\r\n0\r\n\r\n`, 'latin1'));
    });
    const answer = await ask('GET', 'accept-encoding: gzip\r\n');
    expect([valuesOf(answer.fields, 'content-encoding'), answer.body === packed]).toEqual([['gzip'], true]);
    expect(received[0]).toMatch(/accept-encoding: gzip\r\n/i);
  });
});

it('trailers pass behind both bodies', async () => {
  await start(() => undefined);
  const body = '5\r\nhello\r\n0\r\nX-Up: 1\r\ncontent-length: 9\r\n\r\n';
  const client = open(`POST /api0/a HTTP/1.1\r\n${auth}connection: close\r\ntransfer-encoding: chunked\r\n\r\n${body}`);
  await until(() => readRequests(received[0] ?? '').requests.length === 1, 'the whole request');
  expect(readRequests(received[0] ?? '').requests).toMatchObject([
    { body: 'hello', trailers: [{ name: 'x-up', value: '1' }] },
  ]);
  const down = '2\r\nok\r\n0\r\nX-Down: 2\r\ncontent-length: 9\r\n\r\n';
  sockets[0]?.write(`HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n${down}`);
  await until(() => client.socket.closed, 'the connection ended');
  expect(readAnswers(client.text(), ['POST'], true).answers).toMatchObject([
    { body: 'ok', trailers: [{ name: 'x-down', value: '2' }], complete: true },
  ]);
});

describe('a client that speaks HTTP/1.0', () => {
  it('is answered and let go, and keeps its connection only where it asks and the length is known', async () => {
    await start((_head, socket) => socket.write(ok));
    const once = await rig.send(`GET /api0/a HTTP/1.0\r\n${auth}\r\nGET /api0/b HTTP/1.0\r\n${auth}\r\n`);
    expect([once.match(/HTTP\/1\.1 200/g)?.length, once.endsWith('ok')]).toEqual([1, true]);
    const kept = open(`GET /api0/a HTTP/1.0\r\n${auth}connection: keep-alive\r\n\r\n`);
    await until(() => kept.text().endsWith('ok'));
    expect(kept.text()).toMatch(/\r\nconnection: keep-alive\r\n/i);
    kept.socket.write(`GET /api0/b HTTP/1.0\r\n${auth}\r\n`);
    await until(() => kept.socket.closed, 'the connection ended');
    expect(kept.text().match(/HTTP\/1\.1 200/g)?.length).toBe(2);
  });

  it('gets an answer of unknown length without chunks, ended by the connection', async () => {
    await start((_head, socket) =>
      socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\nx-sum: 1\r\n\r\n'),
    );
    const raw = await rig.send(`GET /api0/a HTTP/1.0\r\n${auth}connection: keep-alive\r\n\r\n`);
    const [answer] = readAnswers(raw, ['GET'], true).answers;
    expect(answer?.body).toBe('hello');
    expect(raw).not.toMatch(/transfer-encoding|content-length|connection: keep-alive/i);
  });

  it('is promised no trailers, which have no place without chunks; HTTP/1.1 is', async () => {
    await start((_head, socket) =>
      socket.write(
        'HTTP/1.1 200 OK\r\ntrailer: X-Sum\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nx-sum: 1\r\n\r\n',
      ),
    );
    const old = await rig.send(`GET /api0/a HTTP/1.0\r\n${auth}\r\n`);
    expect([old.endsWith('\r\n\r\nok'), /^(trailer|x-sum):/im.test(old)]).toEqual([true, false]);
    const raw = await rig.send(`GET /api0/a HTTP/1.1\r\n${auth}connection: close\r\n\r\n`);
    expect(raw).toMatch(/\r\ntrailer: X-Sum\r\n.*\r\nx-sum: 1\r\n/is);
  });
});
