import { connect, createServer, type Server, type Socket } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { token } from '../gateway/rig.ts';
import { figure } from '../support/figure.ts';
import { until } from '../support/until.ts';
import { type GatewayProcess, type GatewayTold, startGatewayProcess } from './gateway-process.ts';

/** Two hundred connections that are slow on purpose are cut at the limits, and whoever pays does not feel them. */

const slowClients = 201;
const payers = 8;
const slowestPaidMs = 500;
const growthBytesMax = 50 * 1024 ** 2;

let server: Server;
let gateway: GatewayProcess;
const sockets = new Set<Socket>();

beforeAll(async () => {
  const small = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok';
  const large = Buffer.alloc(64 * 1024 ** 2, 'x');
  server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {}).on('close', () => sockets.delete(socket));
    socket.on('data', (chunk) => {
      const text = chunk.toString('latin1');
      if (!text.startsWith('GET')) return;
      if (!text.startsWith('GET /down')) return void socket.write(small);
      socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${large.length}\r\n\r\n`);
      socket.write(large);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const bound = server.address();
  gateway = await startGatewayProcess(`http://127.0.0.1:${typeof bound === 'object' && bound ? bound.port : 0}`);
});

afterAll(async () => {
  await gateway.stop();
  for (const socket of sockets) socket.destroy();
  await new Promise((resolve) => server.close(resolve));
});

const auth = `host: gateway.test\r\nauthorization: Bearer ${token}\r\n`;

function open(): Socket {
  return connect({ port: gateway.port, host: '127.0.0.1', noDelay: true }).on('error', () => {});
}

/** Says a byte now and then and never comes to the end of its head; resolves when it is cut. */
function slowHead(): Promise<void> {
  const socket = open();
  const drip = setInterval(() => socket.write('x'), 100);
  socket.write('GET /api0/a HTTP/1.1\r\nhost: gateway.test\r\nx-a: ');
  socket.resume();
  return new Promise((resolve) => {
    socket.on('close', () => {
      clearInterval(drip);
      resolve();
    });
  });
}

/** Begins a body that it has a token for, and says no more. */
function slowBody(): Promise<void> {
  const socket = open();
  socket.write(`POST /api0/up HTTP/1.1\r\n${auth}content-length: 1000000\r\n\r\nsome of it`);
  socket.resume();
  return new Promise((resolve) => socket.on('close', () => resolve()));
}

/** Pays for a long answer and does not read it: only the gateway can end that. */
function slowReader(): void {
  const socket = open();
  socket.pause();
  socket.write(`GET /api0/down HTTP/1.1\r\n${auth}\r\n`);
}

type Payer = { timesMs: number[]; stop(): Promise<void> };

/** One call after the other on one connection, each timed. */
function payer(): Payer {
  const timesMs: number[] = [];
  let stopping = false;
  const socket = open();
  const closed = new Promise<void>((resolve) => socket.on('close', () => resolve()));
  let startedAt = 0;
  let text = '';
  const ask = () => {
    startedAt = performance.now();
    socket.write(`GET /api0/a HTTP/1.1\r\n${auth}\r\n`);
  };
  socket.on('connect', ask).on('data', (chunk) => {
    text += chunk.toString('latin1');
    if (!text.endsWith('\r\n\r\nok')) return;
    expect(text).toMatch(/^HTTP\/1\.1 200 /);
    text = '';
    timesMs.push(performance.now() - startedAt);
    if (stopping) socket.end();
    // Not as fast as can be: this machine also runs the upstream and all the clients.
    else setTimeout(ask, 5);
  });
  return {
    timesMs,
    stop() {
      stopping = true;
      return closed;
    },
  };
}

type Attack = { timesMs: number[]; peakBytes: number; after: GatewayTold };

/** Opens all slow clients while payers pay, and waits until the last of them has been cut. */
async function attack(): Promise<Attack> {
  const paying = Array.from({ length: payers }, payer);
  await until(() => paying.every(({ timesMs }) => timesMs.length > 50), 'the payers pay');
  const cut = Array.from({ length: slowClients / 3 }, () => [slowHead(), slowBody()]).flat();
  for (let n = 0; n < slowClients / 3; n++) slowReader();
  let told = await gateway.tell();
  let peakBytes = 0;
  let mostConnections = 0;
  const watch = async () => {
    told = await gateway.tell();
    peakBytes = Math.max(peakBytes, told.rssBytes);
    mostConnections = Math.max(mostConnections, told.connections);
  };
  while (mostConnections < payers + slowClients) await watch();
  await Promise.all(cut);
  while (told.connections > payers) await watch();
  await Promise.all(paying.map(({ stop }) => stop()));
  while (told.connections > 0 || told.running > 0) await watch();
  const timesMs = paying.flatMap((one) => one.timesMs).sort((a, b) => a - b);
  return { timesMs, peakBytes, after: await gateway.collect() };
}

const mib = (bytes: number) => `${(bytes / 1024 ** 2).toFixed(1)} MiB`;

it('200 slow heads, bodies and readers at once are cut, while payers get their answers in time', async () => {
  // The first attack leaves behind what the program keeps of any first time: compiled code, heaps of a certain size.
  const first = await attack();
  const second = await attack();
  // What is kept of an attack is kept of each: a heap that was made larger once, by the engine, is not.
  const third = await attack();
  const { timesMs, peakBytes, after } = third;
  const p99 = timesMs[Math.floor(timesMs.length * 0.99)] ?? 0;
  const grown = Math.min(second.after.rssBytes - first.after.rssBytes, after.rssBytes - second.after.rssBytes);
  figure(
    `${timesMs.length} paid calls beside ${slowClients} slow clients: p50 ${timesMs[timesMs.length >> 1]?.toFixed(1)} ms, ` +
      `p99 ${p99.toFixed(1)} ms; memory ${mib(peakBytes)} at most, ${mib(grown)} more behind it than before`,
  );
  expect(p99).toBeLessThan(slowestPaidMs);
  expect(Math.min(second.peakBytes - first.peakBytes, peakBytes - second.peakBytes)).toBeLessThan(growthBytesMax);
  expect(grown).toBeLessThan(growthBytesMax);
  // Each payer's calls and each long answer; a body that did not come costs nothing.
  const attacks = [first, second, third];
  const paid = attacks.reduce((sum, one) => sum + one.timesMs.length, 0) + attacks.length * (slowClients / 3);
  expect(after).toMatchObject({ holds: 0, charges: paid, finishes: paid, refunds: 0 });
});
