import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { token } from '../gateway/rig.ts';
import { figure } from '../support/figure.ts';

const bytes = 5 * 1024 ** 3;
/** A collector that takes its time; a body that is kept would be a hundred times that. */
const growthMax = 50 * 1024 ** 2;
const piece = Buffer.alloc(1024 ** 2, 'x');

let server: Server;
let gateway: ChildProcess;
let port = 0;
/** Bytes of the upload's body that the upstream has taken. */
let taken = 0;

async function send(socket: Socket, total: number): Promise<void> {
  for (let left = total; left > 0; left -= piece.length) {
    const part = left < piece.length ? piece.subarray(0, left) : piece;
    if (!socket.write(part)) await once(socket, 'drain');
  }
}

/** Takes from a socket in fits and starts, as a client on a bad line does, and counts. */
async function takeSlowly(socket: Socket, onBytes: (chunk: Buffer) => void): Promise<void> {
  let sincePause = 0;
  socket.on('data', (chunk: Buffer) => {
    onBytes(chunk);
    sincePause += chunk.length;
    if (sincePause < 256 * 1024 ** 2) return;
    sincePause = 0;
    socket.pause();
    setTimeout(() => socket.resume(), 500);
  });
  await once(socket, 'close');
}

async function onUpstream(socket: Socket): Promise<void> {
  socket.on('error', () => {});
  const [first] = (await once(socket, 'data')) as [Buffer];
  const text = first.toString('latin1');
  if (text.startsWith('GET')) {
    const size = Number(/\/(\d+) /.exec(text)?.[1]);
    socket.write(`HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: ${size}\r\n\r\n`);
    await send(socket, size);
    return;
  }
  taken = first.length - text.indexOf('\r\n\r\n') - 4;
  const answer = () => {
    if (taken === bytes) socket.end('HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok');
  };
  await takeSlowly(socket, (chunk) => {
    taken += chunk.length;
    answer();
  });
}

async function peak(): Promise<number> {
  gateway.send('peak');
  const [message] = (await once(gateway, 'message')) as [{ peak: number }];
  return message.peak;
}

/** The gateway's memory once its code is compiled and its collector has found its pace: behind a first large body. */
async function warm(): Promise<number> {
  await download(1024 ** 3);
  return await peak();
}

/** Returns how many bytes came as the body. */
async function download(size: number): Promise<number> {
  const client = connect(port, '127.0.0.1', () => client.write(head(`GET /api0/down/${size}`)));
  let got = 0;
  let headBytes = 0;
  await takeSlowly(client, (chunk) => {
    if (got === 0) headBytes = chunk.indexOf('\r\n\r\n') + 4;
    got += chunk.length;
  });
  return got - headBytes;
}

const head = (line: string, ...fields: string[]) =>
  [
    `${line} HTTP/1.1`,
    'host: gateway.test',
    `authorization: Bearer ${token}`,
    'connection: close',
    ...fields,
    '',
    '',
  ].join('\r\n');

beforeAll(async () => {
  server = createServer((socket) => void onUpstream(socket));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const at = server.address();
  const origin = `http://127.0.0.1:${typeof at === 'object' && at ? at.port : 0}`;
  gateway = fork(path.join(import.meta.dirname, 'large-bodies-child.ts'), [origin, String(bytes)]);
  const [ready] = (await once(gateway, 'message')) as [{ port: number }];
  port = ready.port;
});

afterAll(() => {
  gateway.disconnect();
  server.close();
});

it('a download of 5 GB to a slow reader takes no memory with it', async () => {
  const before = await warm();
  expect(await download(bytes)).toBe(bytes);
  const grown = (await peak()) - before;
  figure(`download: ${Math.round(before / 1024 ** 2)} MB before, ${Math.round(grown / 1024 ** 2)} MB more at most`);
  expect(grown).toBeLessThan(growthMax);
});

it('an upload of 5 GB to a slow upstream takes no memory with it', async () => {
  const before = await warm();
  const client = connect(port, '127.0.0.1');
  let text = '';
  client.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1');
  });
  const closed = once(client, 'close');
  client.write(head('POST /api0/up', `content-length: ${bytes}`));
  await send(client, bytes);
  await closed;
  expect(text).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
  expect(taken).toBe(bytes);
  const grown = (await peak()) - before;
  figure(`upload: ${Math.round(before / 1024 ** 2)} MB before, ${Math.round(grown / 1024 ** 2)} MB more at most`);
  expect(grown).toBeLessThan(growthMax);
});
