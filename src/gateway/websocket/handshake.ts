import { createHash, randomBytes } from 'node:crypto';
import { fieldValues } from '../../http1/field-values.ts';
import { isToken } from '../../http1/fields.ts';

/** What a client asks for when it opens a WebSocket, beside the path. */
export type SocketWish = {
  key: string;
  /** Subprotocols in the client's order. */
  protocols: string[];
  /** Its offers of permessage-deflate: the one extension that leaves frames frames. Others are not passed on. */
  offers: string[];
};

export type SocketWishResult =
  | { ok: true; wish: SocketWish }
  | { ok: false; kind: 'version' | 'malformed'; detail: string };

/**
 * Reads the fields of a client's opening handshake (RFC 6455 section 4.2.1), strictly: each of them stands once, the
 * key is 16 bytes in the one base64 form they have. Method, version, Host and framing are judged with every head.
 */
export function readSocketWish(fields: string[]): SocketWishResult {
  const versions = fieldValues(fields, 'sec-websocket-version');
  if (versions.length !== 1 || versions[0] !== '13') {
    return { ok: false, kind: 'version', detail: 'the version of WebSocket spoken here is 13' };
  }
  const [key, ...others] = fieldValues(fields, 'sec-websocket-key');
  if (key === undefined || others.length > 0 || !isKey(key)) {
    return malformed('Sec-WebSocket-Key is not 16 bytes in base64');
  }
  const protocols = listOf(fields, 'sec-websocket-protocol');
  if (!protocols.every(isToken) || new Set(protocols).size < protocols.length) {
    return malformed('Sec-WebSocket-Protocol is not a list of different names');
  }
  const offers = listOf(fields, 'sec-websocket-extensions').filter((offer) => packing.test(offer));
  return { ok: true, wish: { key, protocols, offers } };
}

/** The handshake for the upstream: the wish of the client under a key of our own, so that only a live answer fits it. */
export type SocketOffer = { key: string; fields: string[] };

export function offerSocket({ protocols, offers }: SocketWish): SocketOffer {
  const key = randomBytes(16).toString('base64');
  const fields = ['sec-websocket-version', '13', 'sec-websocket-key', key];
  if (protocols.length > 0) fields.push('sec-websocket-protocol', protocols.join(', '));
  if (offers.length > 0) fields.push('sec-websocket-extensions', offers.join(', '));
  return { key, fields };
}

export type SocketTerms = { protocol: string | undefined; extension: string | undefined };

/** Judges the fields of an upstream's 101 (section 4.1): a text says what is wrong with it. */
export function readSocketTerms(fields: string[], wish: SocketWish, key: string): SocketTerms | string {
  const upgrades = fieldValues(fields, 'upgrade');
  if (upgrades.length !== 1 || upgrades[0]?.toLowerCase() !== 'websocket') return 'Upgrade is not websocket';
  const connection = listOf(fields, 'connection').map((name) => name.toLowerCase());
  if (!connection.includes('upgrade')) return 'Connection does not name upgrade';
  const accepts = fieldValues(fields, 'sec-websocket-accept');
  if (accepts.length !== 1 || accepts[0] !== acceptOf(key)) return 'Sec-WebSocket-Accept does not fit the key';
  if (
    fieldValues(fields, 'transfer-encoding').length > 0 ||
    fieldValues(fields, 'content-length').some((n) => n !== '0')
  ) {
    return 'it declares a body';
  }
  const protocols = fieldValues(fields, 'sec-websocket-protocol');
  const [protocol] = protocols;
  if (protocols.length > 1 || (protocol !== undefined && !wish.protocols.includes(protocol))) {
    return 'Sec-WebSocket-Protocol is none that was offered';
  }
  const extensions = fieldValues(fields, 'sec-websocket-extensions');
  const [extension] = extensions;
  if (extensions.length > 1 || (extension !== undefined && !(wish.offers.length > 0 && packing.test(extension)))) {
    return 'Sec-WebSocket-Extensions is none that was offered';
  }
  return { protocol, extension };
}

/** The fields of the 101 for the client that are the handshake's own. */
export function openingFields(wish: SocketWish, { protocol, extension }: SocketTerms): string[] {
  const fields = ['connection', 'Upgrade', 'upgrade', 'websocket', 'sec-websocket-accept', acceptOf(wish.key)];
  if (protocol !== undefined) fields.push('sec-websocket-protocol', protocol);
  if (extension !== undefined) fields.push('sec-websocket-extensions', extension);
  return fields;
}

/** Sets the keys of one side apart from those of the other: RFC 6455 section 1.3. */
function acceptOf(key: string): string {
  return createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
}

function isKey(text: string): boolean {
  const bytes = Buffer.from(text, 'base64');
  return bytes.length === 16 && bytes.toString('base64') === text;
}

/** The elements of a list that may stand in several fields, empty ones left out. */
function listOf(fields: string[], name: string): string[] {
  return fieldValues(fields, name)
    .flatMap((value) => value.split(','))
    .map((element) => element.trim())
    .filter((element) => element !== '');
}

function malformed(detail: string): SocketWishResult {
  return { ok: false, kind: 'malformed', detail };
}

/** permessage-deflate with the parameters of RFC 7692. */
const packing =
  /^permessage-deflate(?:[ \t]*;[ \t]*(?:(?:server|client)_no_context_takeover|(?:server|client)_max_window_bits(?:="?(?:[89]|1[0-5])"?)?))*$/;
