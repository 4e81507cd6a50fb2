import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from 'node:tls';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openTlsCertificate } from '../../src/catalog/tls-certificate.ts';
import { systemClock } from '../../src/clock.ts';
import { createListener } from '../../src/gateway/listener.ts';
import { silentLog } from '../../src/log.ts';
import { type Certificate, makeCertificate } from '../support/certificate.ts';
import { until } from '../support/until.ts';

const first = makeCertificate({ name: 'first' });
const second = makeCertificate({ name: 'second' });

/** A listener that says hello on each socket it gets, and keeps a count of what it admitted. */
async function open(
  options: { handshakeTimeoutMs?: number; minVersion?: 'TLSv1.2' | 'TLSv1.3'; admits?: boolean } = {},
) {
  const folder = mkdtempSync(path.join(tmpdir(), 'callora-listener-'));
  const files = {
    certFile: path.join(folder, 'cert.pem'),
    keyFile: path.join(folder, 'key.pem'),
    minVersion: options.minVersion ?? ('TLSv1.2' as const),
  };
  const put = ({ cert, key }: Certificate) => {
    writeFileSync(files.certFile, cert);
    writeFileSync(files.keyFile, key, { mode: 0o600 });
  };
  put(first);
  const certificate = openTlsCertificate({ files, log: silentLog(), clock: systemClock });
  const counts = { admitted: 0, open: 0 };
  const sockets: { socket: Socket; raw: Socket }[] = [];
  const listener = createListener({
    admits(raw) {
      raw.on('error', () => raw.destroy());
      if (options.admits === false) {
        raw.destroy();
        return false;
      }
      counts.admitted++;
      counts.open++;
      raw.once('close', () => counts.open--);
      return true;
    },
    onSocket(socket, raw) {
      socket.on('error', () => socket.destroy());
      sockets.push({ socket, raw });
      socket.write('hello');
    },
    tls: { certificate, handshakeTimeoutMs: options.handshakeTimeoutMs ?? 10_000 },
  });
  const { port } = await listener.listen({ host: '127.0.0.1', port: 0 });
  onTestFinished(() => {
    void listener.close();
    for (const { raw } of sockets) raw.destroy();
    rmSync(folder, { recursive: true, force: true });
  });
  return { port, put, certificate, counts, sockets };
}

type Shaken = { socket: TLSSocket; subject: string; alpn: string | false | null; text: string };

function shake(port: number, options: ConnectionOptions = {}): Promise<Shaken | string> {
  return new Promise((resolve) => {
    const socket = connectTls({ port, host: '127.0.0.1', ca: [first.cert, second.cert], ...options });
    onTestFinished(() => void socket.destroy());
    socket.on('error', (error) => resolve('code' in error ? String(error.code) : error.message));
    socket.on('data', (data) =>
      resolve({
        socket,
        subject: String(socket.getPeerCertificate().subject.CN),
        alpn: socket.alpnProtocol,
        text: data.toString(),
      }),
    );
  });
}

describe('a TLS listener', () => {
  it('speaks HTTP/1.1 to clients that offer it, or offer nothing, and tells others so in the handshake', async () => {
    const { port } = await open();
    expect(await shake(port)).toMatchObject({ text: 'hello', subject: 'first', alpn: false });
    expect(await shake(port, { ALPNProtocols: ['h2', 'http/1.1'] })).toMatchObject({ alpn: 'http/1.1' });
    expect(await shake(port, { ALPNProtocols: ['h2'] })).toBe('ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL');
  });

  it('speaks no version older than it is told to, and no cipher without forward secrecy', async () => {
    const { port } = await open();
    expect(await shake(port, { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' })).toMatchObject({ text: 'hello' });
    const old: ConnectionOptions = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT:@SECLEVEL=0' };
    expect(await shake(port, old)).toMatch(/^ERR_SSL/);
    expect(await shake(port, { maxVersion: 'TLSv1.2', ciphers: 'AES256-GCM-SHA384' })).toMatch(/^ERR_SSL/);
    const newer = await open({ minVersion: 'TLSv1.3' });
    expect(await shake(newer.port, { maxVersion: 'TLSv1.2' })).toMatch(/^ERR_SSL/);
    expect(await shake(newer.port)).toMatchObject({ text: 'hello' });
  });

  it('shows a renewed certificate to new clients and leaves open connections as they are', async () => {
    const { port, put, certificate, sockets } = await open();
    const before = await shake(port);
    put(second);
    expect(certificate.reload()).toBe('applied');
    expect(await shake(port)).toMatchObject({ subject: 'second' });
    if (typeof before === 'string') throw new Error(before);
    const more = new Promise((resolve) => before.socket.once('data', (data) => resolve(data.toString())));
    sockets[0]?.socket.write('still here');
    expect(await more).toBe('still here');
  });

  it('goes on with the old certificate when the new pair does not fit together', async () => {
    const { port, put, certificate } = await open();
    put({ cert: second.cert, key: first.key });
    expect(certificate.reload()).toBe('refused');
    expect(await shake(port)).toMatchObject({ subject: 'first' });
  });

  it('counts a connection before its handshake, and ends one that does not get on with it', async () => {
    const { port, counts, sockets } = await open({ handshakeTimeoutMs: 50 });
    const silent = connect(port, '127.0.0.1');
    const closed = new Promise<void>((resolve) => silent.once('close', () => resolve()).on('error', () => {}));
    await until(() => counts.open === 1);
    await closed;
    await until(() => counts.open === 0);
    expect([counts.admitted, sockets.length]).toEqual([1, 0]);
  });

  it('hangs up on clients that do not speak TLS', async () => {
    const { port, counts, sockets } = await open();
    const plain = connect(port, '127.0.0.1', () => plain.write('GET / HTTP/1.1\r\nhost: a\r\n\r\n'));
    await new Promise<void>((resolve) => plain.once('close', () => resolve()).on('error', () => {}));
    await until(() => counts.open === 0);
    expect(sockets.length).toBe(0);
  });

  it('turns away without a handshake what is not admitted', async () => {
    const { port, sockets } = await open({ admits: false });
    expect(await shake(port)).toMatch(/^ECONN|secure TLS connection/);
    expect(sockets.length).toBe(0);
  });

  it('hands out the raw connection beside the secured one, so that an answer can be broken off by a reset', async () => {
    const { port, sockets, counts } = await open();
    const client = await shake(port);
    if (typeof client === 'string') throw new Error(client);
    const broken = new Promise((resolve) => client.socket.once('close', resolve));
    expect(sockets[0]?.raw.remotePort).toBe(client.socket.localPort);
    sockets[0]?.raw.resetAndDestroy();
    expect(await broken).toBe(true);
    await until(() => counts.open === 0);
  });
});

describe('a plain listener', () => {
  it('hands out the connection itself', async () => {
    const seen: [Socket, Socket][] = [];
    const listener = createListener({
      admits: () => true,
      onSocket: (socket, raw) => void seen.push([socket, raw]),
      tls: undefined,
    });
    const { port } = await listener.listen({ host: '127.0.0.1', port: 0 });
    const client = connect(port, '127.0.0.1');
    await until(() => seen.length === 1);
    expect(seen[0]?.[0]).toBe(seen[0]?.[1]);
    client.destroy();
    seen[0]?.[0].destroy();
    void listener.close();
  });
});
