import { createServer, type TLSSocket, type TlsOptions } from 'node:tls';
import { describe, expect, it } from 'vitest';
import type { UpstreamTls } from '../../src/catalog/model.ts';
import { makeCertificate } from '../support/certificate.ts';
import { answering, apiOf, call, listening, makeUpstreams, ok, serve, until } from './rig.ts';

const ca = makeCertificate({ name: 'Test CA', isAuthority: true });
const stranger = makeCertificate({ name: 'Another CA', isAuthority: true });
const issuer = { ...ca, name: 'Test CA' };
const server = makeCertificate({ name: 'upstream', names: ['127.0.0.1', 'localhost', 'api.internal.example'], issuer });
const client = makeCertificate({ name: 'gateway', names: ['gateway.example'], issuer });

const trust: UpstreamTls = { ca: ca.cert, cert: undefined, key: undefined, serverName: undefined };

async function serveTls(options: TlsOptions = {}, seen: (socket: TLSSocket) => void = () => {}) {
  const tls = createServer({ ...server, ...options });
  return await listening(tls, 'https', (socket, index) => {
    seen(socket as TLSSocket);
    answering(ok)(socket, index);
  });
}

describe('an https upstream', () => {
  it('is trusted when its CA is, speaks HTTP/1.1, and keeps its connections', async () => {
    const protocols: (string | false | null)[] = [];
    const upstream = await serveTls({ ALPNProtocols: ['h2', 'http/1.1'] }, (socket) =>
      protocols.push(socket.alpnProtocol),
    );
    const upstreams = makeUpstreams();
    const api = apiOf(upstream.origin, { tls: trust });
    for (let i = 0; i < 3; i++) expect(await call(upstreams, api).ended).toMatchObject({ status: 200, body: 'hello' });
    expect(protocols).toEqual(['http/1.1']);
    expect(upstream.received[0]).toContain(`host: 127.0.0.1:${upstream.port}\r\n`);
  });

  it.each<[string, UpstreamTls | undefined]>([
    ['the public CAs', undefined],
    ['another CA', { ...trust, ca: stranger.cert }],
    ['its CA for another name', { ...trust, serverName: 'other.internal.example' }],
  ])('is refused by %s, and never sees a request', async (_, tls) => {
    const upstream = await serveTls();
    const { error, sent } = await call(makeUpstreams(), apiOf(upstream.origin, { tls })).ended;
    expect({ kind: error?.kind, sent }).toEqual({ kind: 'tls', sent: 0 });
    expect(upstream.received.join('')).toBe('');
  });

  it('is asked for the name that the catalog gives it', async () => {
    const names: (string | false | null)[] = [];
    const upstream = await serveTls({}, (socket) => names.push(socket.servername));
    const named = apiOf(upstream.origin, { tls: { ...trust, serverName: 'api.internal.example' } });
    const local = apiOf(upstream.origin.replace('127.0.0.1', 'localhost'), { tls: trust });
    for (const api of [named, local]) expect((await call(makeUpstreams(), api).ended).status).toBe(200);
    expect(names).toEqual(['api.internal.example', 'localhost']);
  });

  it('that wants a certificate gets the one of the catalog, and nothing without one', async () => {
    const subjects: string[] = [];
    const options = { requestCert: true, rejectUnauthorized: true, ca: ca.cert };
    const upstream = await serveTls(options, (socket) => subjects.push(String(socket.getPeerCertificate().subject.CN)));
    const known = apiOf(upstream.origin, { tls: { ...trust, cert: client.cert, key: client.key } });
    expect((await call(makeUpstreams(), known).ended).status).toBe(200);
    expect(subjects).toEqual(['gateway']);
    const { error, status } = await call(makeUpstreams(), apiOf(upstream.origin, { tls: trust })).ended;
    expect(status).toBeUndefined();
    expect(error?.kind).toMatch(/tls|reset|closed/);
  });

  it('that speaks no TLS, none new enough, or only HTTP/2 is refused', async () => {
    const plain = await serve((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    const old = await serveTls({ maxVersion: 'TLSv1.1', minVersion: 'TLSv1', ciphers: 'DEFAULT@SECLEVEL=0' });
    const h2 = await serveTls({ ALPNProtocols: ['h2'] });
    for (const { origin } of [{ origin: plain.origin.replace('http:', 'https:') }, old, h2]) {
      const { error, sent } = await call(makeUpstreams(), apiOf(origin, { tls: trust })).ended;
      expect({ kind: error?.kind, sent }).toEqual({ kind: 'tls', sent: 0 });
    }
  });

  it('that cannot be spoken to is refused in words that name the remedy, and not in those of OpenSSL', async () => {
    const plain = await serve((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    const asking = await serveTls({ requestCert: true, rejectUnauthorized: true, ca: ca.cert });
    const asking12 = await serveTls({
      requestCert: true,
      rejectUnauthorized: true,
      ca: ca.cert,
      maxVersion: 'TLSv1.2',
    });
    const whyNot = async (origin: string, tls?: UpstreamTls) =>
      (await call(makeUpstreams(), apiOf(origin, { tls })).ended).error?.message;
    expect(await whyNot(plain.origin.replace('http:', 'https:'), trust)).toMatch(/speaks no TLS .* http:/);
    expect(await whyNot(asking.origin)).toMatch(/no CA that is trusted for it .* tls\.ca_file/);
    for (const { origin } of [asking, asking12]) {
      const why = await whyNot(origin, trust);
      expect(why).toMatch(/tls\.cert_file/);
      expect(why).not.toMatch(/error:|openssl/);
    }
  });

  it('sends large answers to a slow consumer whole', async () => {
    const bytes = 3 * 1024 * 1024;
    const tls = createServer(server);
    const upstream = await listening(tls, 'https', (socket) => {
      socket.on('data', () => {
        socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${bytes}\r\n\r\n`);
        socket.write(Buffer.alloc(bytes, 'y'));
      });
    });
    let reads = 0;
    const slow = call(makeUpstreams(), apiOf(upstream.origin, { tls: trust }), { onData: () => ++reads < 0 });
    await until(() => reads > 0);
    const timer = setInterval(() => slow.handle.resume(), 0);
    expect(await slow.ended).toMatchObject({ error: undefined });
    clearInterval(timer);
    expect(slow.outcome.body).toBe('y'.repeat(bytes));
  });

  it('hands its socket over for another protocol, readable and writable', async () => {
    const tls = createServer(server);
    const upstream = await listening(tls, 'https', (socket) => {
      socket.once('data', () => {
        socket.write('HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\r\n');
        socket.on('data', (chunk: Buffer) => socket.write(`echo ${chunk.toString()}`));
      });
    });
    let text = '';
    call(makeUpstreams(), apiOf(upstream.origin, { tls: trust }), {
      lines: 'upgrade: websocket\r\n',
      onUpgrade(_head, socket, rest) {
        text += rest.toString();
        socket.on('data', (chunk: Buffer) => {
          text += chunk.toString();
        });
        socket.resume();
        socket.write('hello');
      },
    });
    await until(() => text === 'echo hello');
  });

  it('that breaks off without a TLS end breaks its answer off', async () => {
    const tls = createServer(server);
    const upstream = await listening(tls, 'https', (socket) => {
      socket.on('data', () =>
        socket.write('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhello', () => socket.destroy()),
      );
    });
    const { error } = await call(makeUpstreams(), apiOf(upstream.origin, { tls: trust })).ended;
    expect(error?.kind).toMatch(/closed|reset/);
  });
});
