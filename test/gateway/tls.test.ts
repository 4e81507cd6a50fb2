import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { afterEach, describe, expect, it } from 'vitest';
import type { Config } from '../../src/catalog/model.ts';
import { openTlsCertificate } from '../../src/catalog/tls-certificate.ts';
import { systemClock } from '../../src/clock.ts';
import { silentLog } from '../../src/log.ts';
import { makeCertificate } from '../support/certificate.ts';
import { until } from '../support/until.ts';
import { type ApiSpec, limits, makeConfig } from './make-config.ts';
import { readAnswer } from './raw-client.ts';
import { type Behaviour, okAnswer, type RawUpstream, startUpstream } from './raw-upstream.ts';
import { type Rig, startRig, token } from './rig.ts';
import { Peer } from './websocket/rig.ts';

/** Calls over a TLS listener: the same bytes, the same counts, the same endings. */

const { cert, key } = makeCertificate();
let folder: string;
let upstream: RawUpstream;
let rig: Rig;

async function start(
  behave: Behaviour = () => okAnswer,
  gateway: Partial<Config['gateway']> = {},
  spec: Partial<ApiSpec> = {},
) {
  folder = mkdtempSync(path.join(tmpdir(), 'callora-tls-gateway-'));
  writeFileSync(path.join(folder, 'cert.pem'), cert);
  writeFileSync(path.join(folder, 'key.pem'), key, { mode: 0o600 });
  const tls = {
    certFile: path.join(folder, 'cert.pem'),
    keyFile: path.join(folder, 'key.pem'),
    minVersion: 'TLSv1.2' as const,
  };
  upstream = await startUpstream(behave);
  rig = await startRig({
    config: makeConfig([{ origin: upstream.origin, price: '0.1', ...spec }], {
      tls,
      publicUrl: 'https://gateway.test',
      ...gateway,
    }),
    deps: { certificate: openTlsCertificate({ files: tls, log: silentLog(), clock: systemClock }) },
  });
}

afterEach(async () => {
  await rig.close();
  await upstream.close();
  rmSync(folder, { recursive: true, force: true });
});

const call = `GET /api0/a HTTP/1.1\r\nhost: a\r\nauthorization: Bearer ${token}\r\n\r\n`;

/** A client that a test drives, and that goes on reading when it has sent all. */
function open(maxVersion: 'TLSv1.2' | 'TLSv1.3'): TLSSocket {
  const options = { port: rig.port, host: '127.0.0.1', ca: cert, allowHalfOpen: true, maxVersion };
  const client = connectTls(options);
  client.on('error', () => {});
  return client;
}

type Got = { text: string; reset: boolean };

/** Sends bytes over TLS and collects what comes until the connection ends. */
function send(bytes: string): Promise<Got> {
  return new Promise((resolve) => {
    const socket = connectTls({ port: rig.port, host: '127.0.0.1', ca: cert, ALPNProtocols: ['h2', 'http/1.1'] }, () =>
      socket.write(bytes),
    );
    let text = '';
    let reset = false;
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
    });
    socket.on('error', (error) => {
      reset = 'code' in error && error.code === 'ECONNRESET';
    });
    socket.on('close', () => resolve({ text, reset }));
  });
}

const own = `host: gateway.test\r\nauthorization: Bearer ${token}\r\nconnection: close\r\n\r\n`;

describe('a call over TLS', () => {
  it('is sold like any other, and the upstream learns how it came', async () => {
    await start();
    const answer = readAnswer((await send(`GET /api0/a HTTP/1.1\r\n${own}`)).text);
    expect([answer.status, answer.body, answer.headers.get('callora-price')]).toEqual([200, 'hello', '0.1']);
    expect(upstream.requests[0]?.headers.get('x-forwarded-proto')).toBe('https');
    expect(upstream.requests[0]?.headers.get('x-forwarded-for')).toBe('127.0.0.1');
  });

  it('gets a large answer whole', async () => {
    const body = 'x'.repeat(3_000_000);
    await start(() => `HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
    const answer = readAnswer((await send(`GET /api0/a HTTP/1.1\r\n${own}`)).text);
    expect(answer.body.length).toBe(body.length);
  });

  it('ends in a reset when its answer breaks off where only the end of the connection ends it', async () => {
    await start((_, socket) => {
      socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n');
      setImmediate(() => setImmediate(() => socket.destroy()));
      return undefined;
    });
    const { reset } = await send(`GET /api0/a HTTP/1.0\r\n${own}`);
    expect(reset).toBe(true);
    await until(() => rig.journal.refunds.length === 1, 'the refund');
  });
});

describe('a connection over TLS', () => {
  it('carries one call after the other, bodies and pipelined ones included', async () => {
    await start();
    const open = own.replace('connection: close\r\n', '');
    const chunked = open.replace('\r\n\r\n', '\r\ntransfer-encoding: chunked\r\n\r\n');
    const { text } = await send(
      `GET /api0/1 HTTP/1.1\r\n${open}POST /api0/2 HTTP/1.1\r\n${chunked}5\r\nhello\r\n0\r\n\r\nGET /api0/3 HTTP/1.1\r\n${own}`,
    );
    expect(text.match(/HTTP\/1\.1 200 /g)?.length).toBe(3);
    expect(upstream.requests.map(({ line, body }) => [line, body])).toEqual([
      ['GET /1 HTTP/1.1', ''],
      ['POST /2 HTTP/1.1', 'hello'],
      ['GET /3 HTTP/1.1', ''],
    ]);
  });

  it.each(['TLSv1.2', 'TLSv1.3'] as const)(
    'whose client sends no more behind its request is answered: %s',
    async (maxVersion) => {
      let answer: (() => void) | undefined;
      await start((_request, socket) => {
        answer = () => socket.write(okAnswer);
        return undefined;
      });
      const client = open(maxVersion);
      client.end(call);
      let text = '';
      client.on('data', (chunk) => {
        text += chunk.toString('latin1');
      });
      await until(() => text === 'HTTP/1.1 100 Continue\r\n\r\n', 'it is asked whether it is still there');
      answer?.();
      await until(() => client.closed, 'the connection ended');
      expect(readAnswer(text)).toMatchObject({ status: 200, body: 'hello' });
      expect(rig.journal.finishes).toMatchObject([{ outcome: 'completed' }]);
    },
  );

  it.each(['TLSv1.2', 'TLSv1.3'] as const)(
    'whose client leaves before the head has not paid: %s',
    async (maxVersion) => {
      await start(() => undefined);
      const client = open(maxVersion);
      client.write(call);
      await until(() => upstream.requests.length === 1);
      client.destroy();
      await until(() => rig.gateway.stats().connections === 0, 'the connection ended');
      await until(() => upstream.connections.size === 0, 'the upstream was cut off');
      expect(rig.journal.charges).toEqual([]);
    },
  );

  it('that ends amid its handshake is not waited for', async () => {
    await start(() => okAnswer, { limits: { ...limits, tlsHandshakeTimeoutMs: 600_000 } });
    const client = connect({ port: rig.port, host: '127.0.0.1', allowHalfOpen: true });
    client.on('error', () => {}).resume();
    client.end(Buffer.from('160301', 'hex'));
    await until(() => client.closed, 'the connection ended');
    expect(rig.metrics.ended).toEqual([]);
  });

  it('carries a WebSocket', async () => {
    let far: Peer | undefined;
    await start(
      ({ headers }, socket) => {
        const text = `${headers.get('sec-websocket-key')}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`;
        const accept = createHash('sha1').update(text).digest('base64');
        socket.removeAllListeners('data');
        far = new Peer(socket, false);
        return `HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\nsec-websocket-accept: ${accept}\r\n\r\n`;
      },
      {},
      { list: [{ match: 'GET /live', price: '0.1', websocket: 'message' }] },
    );
    const socket = connectTls({ port: rig.port, host: '127.0.0.1', ca: cert });
    const wish =
      'connection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n';
    socket.write(`GET /api0/live HTTP/1.1\r\nhost: gateway.test\r\nauthorization: Bearer ${token}\r\n${wish}\r\n`);
    const head = await new Promise<string>((resolve) => socket.once('data', (data) => resolve(data.toString())));
    expect(head).toMatch(/^HTTP\/1\.1 101 /);
    const near = new Peer(socket, true);
    near.say('ask');
    await until(() => far !== undefined, 'the upgrade');
    await far?.hears('ask');
    far?.say('answer');
    await near.hears('answer');
    socket.destroy();
    await until(() => far?.close !== undefined, 'the end on the other side');
    far?.socket.destroy();
  });
});

describe('a connection', () => {
  it('counts before its handshake, towards all limits', async () => {
    await start(undefined, { limits: { ...limits, connectionsPerAddressMax: 1 } });
    const silent = connect(rig.port, '127.0.0.1');
    await until(() => rig.gateway.stats().connections === 1);
    expect((await send(`GET /api0/a HTTP/1.1\r\n${own}`)).text).toBe('');
    silent.destroy();
    await until(() => rig.gateway.stats().connections === 0);
    expect((await send(`GET /api0/a HTTP/1.1\r\n${own}`)).text).toMatch(/^HTTP\/1\.1 200 /);
  });

  it('that never shakes hands does not hold up a drain', async () => {
    await start();
    const silent = connect(rig.port, '127.0.0.1').on('error', () => {});
    const closed = new Promise<void>((resolve) => silent.once('close', () => resolve()));
    await until(() => rig.gateway.stats().connections === 1);
    await rig.gateway.drain();
    await closed;
    expect(rig.gateway.stats().connections).toBe(0);
  });
});
