import { createServer, type Socket } from 'node:net';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:tls';
import type { Listen } from '../catalog/model.ts';
import type { TlsCertificate } from '../catalog/tls-certificate.ts';

/** The port that consumers reach, plain or with TLS: what comes out are sockets to speak HTTP on. */
export type Listener = {
  /** Resolves with the port, which a port of 0 lets the system choose. */
  listen(at: Listen): Promise<{ port: number }>;
  /** Takes no more connections; resolves when those that are open have closed. */
  close(): Promise<void>;
};

export type ListenerOptions = {
  /** Counts a connection from its first packet, before it has cost a handshake. False: it has been turned away. */
  admits(raw: Socket): boolean;
  /** A connection that bytes of HTTP can come from. `raw` is what `admits` was asked about: the same one without TLS. */
  onSocket(socket: Socket, raw: Socket): void;
  tls: { certificate: TlsCertificate; handshakeTimeoutMs: number } | undefined;
};

/** Connections the system holds for us between two turns of the event loop. */
const backlog = 4096;

export function createListener({ admits, onSocket, tls }: ListenerOptions): Listener {
  const secured = tls && openTls(tls, onSocket);
  // A client that closes its sending side may wait for an answer: what runs on its connection decides what becomes of the
  // other side. One that does so amid a handshake of TLS is nobody's yet, and has left.
  const server = createServer({ allowHalfOpen: tls === undefined, noDelay: true }, (raw) => {
    if (!admits(raw)) return;
    if (secured) secured(raw);
    else onSocket(raw, raw);
  });
  return {
    listen({ host, port }) {
      return new Promise((resolve, reject) => {
        server.once('error', reject);
        server.listen({ host, port, backlog }, () => {
          server.off('error', reject);
          const bound = server.address();
          resolve({ port: typeof bound === 'object' && bound ? bound.port : port });
        });
      });
    },
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

/**
 * Hands raw sockets to a TLS server that listens nowhere itself, so that plain and secured connections are accepted,
 * counted and turned away in one place. A handshake that fails or takes too long ends its connection.
 */
function openTls(
  { certificate, handshakeTimeoutMs }: NonNullable<ListenerOptions['tls']>,
  onSocket: ListenerOptions['onSocket'],
): (raw: Socket) => void {
  const server: TlsServer = createTlsServer({
    ...certificate.context(),
    handshakeTimeout: handshakeTimeoutMs,
    // A client that insists on another protocol learns so in the handshake, and not from an answer it cannot read.
    ALPNProtocols: ['http/1.1'],
  });
  certificate.onChange((context) => server.setSecureContext(context));
  // The secured socket does not say which raw one it is made of; their peer does, and no two have the same.
  const raws = new Map<string, Socket>();
  server.on('secureConnection', (socket) => {
    const raw = raws.get(peerOf(socket));
    socket.allowHalfOpen = true;
    if (raw) onSocket(socket, raw);
    else socket.destroy();
  });
  server.on('tlsClientError', (_error, socket) => socket.destroy());
  return (raw) => {
    const peer = peerOf(raw);
    raws.set(peer, raw);
    raw.once('close', () => {
      if (raws.get(peer) === raw) raws.delete(peer);
    });
    server.emit('connection', raw);
  };
}

function peerOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}
