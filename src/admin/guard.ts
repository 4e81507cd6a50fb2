import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { isIP } from 'node:net';

/** Compares in a time that tells nothing: hashing makes both sides equally long. */
export function tokenCheck(token: string): (given: string) => boolean {
  const wanted = digest(token);
  return (given) => timingSafeEqual(digest(given), wanted);
}

export function bearerToken(authorization: string | undefined): string | undefined {
  return /^Bearer ([\x21-\x7e]+)$/i.exec(authorization ?? '')?.[1];
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

/**
 * Why a request does not come from where it seems to, or undefined. A hostile page can point a name of its own at this
 * listener (DNS rebinding), but cannot make a browser send an address, `localhost` or our own host name for it; and
 * a browser names the page's origin with every cross-site request.
 */
export function hostFault(headers: IncomingHttpHeaders, listenHost: string): string | undefined {
  const { host, origin } = headers;
  const name = hostName(host ?? '');
  if (name === undefined) return 'the Host header is missing or malformed';
  const isOurs = isIP(name) !== 0 || name === 'localhost' || name === listenHost.toLowerCase();
  if (!isOurs)
    return `the admin listener is not called "${name}": use its address, localhost or the host of admin.listen`;
  if (origin !== undefined && origin !== `http://${host}` && origin !== `https://${host}`) {
    return 'pages of another origin may not use the operator API';
  }
  return undefined;
}

function hostName(host: string): string | undefined {
  const match = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9.-]+))(?::[0-9]{1,5})?$/i.exec(host);
  return (match?.[1] ?? match?.[2])?.toLowerCase();
}
