import { connect, isIP, type LookupFunction, type OnReadOpts, type Socket } from 'node:net';
import tls, { type SecureContext } from 'node:tls';
import type { Upstream } from '../catalog/model.ts';
import { guardedLookup, type Resolve } from './address-guard.ts';

/** Where and how connections to one target are made; what can be made once is. */
export type Dialer = {
  /** As the catalog names the target. */
  readonly origin: string;
  /** The value of the Host field. */
  readonly host: string;
  readonly isTls: boolean;
  /** Begins a connection: `connect`, or `secureConnect` with TLS, follows, or `error`. */
  dial(onread: OnReadOpts | undefined): Socket;
};

export function createDialer(origin: string, upstream: Upstream, resolve?: Resolve): Dialer {
  const url = new URL(origin);
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const isTls = url.protocol === 'https:';
  const port = Number(url.port || (isTls ? 443 : 80));
  const lookup = guardedLookup(upstream.allowPrivate, resolve);
  const to: To = { host, port, lookup, noDelay: true };
  return {
    origin,
    host: url.host,
    isTls,
    dial: isTls ? secureDial(to, upstream) : (onread) => connect(onread ? { ...to, onread } : to),
  };
}

type To = { host: string; port: number; lookup: LookupFunction; noDelay: true };

function secureDial(to: To, { tls: files }: Upstream): Dialer['dial'] {
  let context: SecureContext | undefined;
  /** Saves a handshake's signatures when the target lets it be taken up again. */
  let session: Buffer | undefined;
  const name = files?.serverName ?? (isIP(to.host) ? undefined : to.host);
  return (onread) => {
    // Node takes undefined for the public authorities, and for no certificate of our own.
    context ??= tls.createSecureContext({ ca: files?.ca, cert: files?.cert, key: files?.key, minVersion: 'TLSv1.2' });
    const options = {
      ...to,
      secureContext: context,
      // HTTP/1.1 is what is spoken here; a server that only knows HTTP/2 says so in the handshake.
      ALPNProtocols: ['http/1.1'],
      ...(name === undefined ? {} : { servername: name }),
      ...(session ? { session } : {}),
      ...(onread ? { onread } : {}),
    };
    const socket = tls.connect(options);
    socket.on('session', (next) => {
      session = next;
    });
    return socket;
  };
}
