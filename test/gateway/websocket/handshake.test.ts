import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  offerSocket,
  openingFields,
  readSocketTerms,
  readSocketWish,
  type SocketWish,
} from '../../../src/gateway/websocket/handshake.ts';

const key = 'dGhlIHNhbXBsZSBub25jZQ==';
const good = { 'Sec-WebSocket-Key': key, 'Sec-WebSocket-Version': '13' };

function flat(fields: Record<string, string>): string[] {
  return Object.entries(fields).flat();
}

function wishOf(fields: string[]): SocketWish {
  const read = readSocketWish(fields);
  if (!read.ok) throw new Error(read.detail);
  return read.wish;
}

describe('the opening handshake of a client', () => {
  it('is read whatever the case of its names', () => {
    const more = { 'SEC-WEBSOCKET-PROTOCOL': 'chat, superchat', 'sec-websocket-extensions': 'permessage-deflate' };
    expect(wishOf(flat({ ...good, ...more }))).toEqual({
      key,
      protocols: ['chat', 'superchat'],
      offers: ['permessage-deflate'],
    });
  });

  it('passes on the packing of messages and no other extension', () => {
    const list =
      'x-multiplex, permessage-deflate; client_max_window_bits; server_max_window_bits=10, permessage-deflate; x';
    const { offers } = wishOf(flat({ ...good, 'Sec-WebSocket-Extensions': list }));
    expect(offers).toEqual(['permessage-deflate; client_max_window_bits; server_max_window_bits=10']);
  });

  it.each([
    ['no version', { 'Sec-WebSocket-Key': key }],
    ['version 8', { ...good, 'Sec-WebSocket-Version': '8' }],
    ['two versions in one', { ...good, 'Sec-WebSocket-Version': '13, 8' }],
    ['a padded version', { ...good, 'Sec-WebSocket-Version': '013' }],
  ])('is refused with %s as another version', (_, fields) => {
    expect(readSocketWish(flat(fields))).toMatchObject({ ok: false, kind: 'version' });
  });

  it('is refused with two versions', () => {
    expect(readSocketWish([...flat(good), 'sec-websocket-version', '13'])).toMatchObject({ kind: 'version' });
  });

  it.each([
    ['no key', undefined],
    ['an empty key', ''],
    ['15 bytes', Buffer.alloc(15).toString('base64')],
    ['17 bytes', Buffer.alloc(17).toString('base64')],
    ['no padding', key.slice(0, -2)],
    ['spare bits that are set', 'dGhlIHNhbXBsZSBub25jZR=='],
    ['the alphabet of URLs', '__________________________'.slice(0, 22).concat('==')],
    ['a space inside', 'dGhlIHNhbXBs ZSBub25jZQ=='],
  ])('is refused with %s for a key', (_, text) => {
    const fields = { 'Sec-WebSocket-Version': '13', ...(text === undefined ? {} : { 'Sec-WebSocket-Key': text }) };
    expect(readSocketWish(flat(fields))).toMatchObject({ ok: false, kind: 'malformed' });
  });

  it('is refused with two keys, a subprotocol that is no name, or one that stands twice', () => {
    const twice = [...flat(good), 'Sec-WebSocket-Key', key];
    expect(readSocketWish(twice)).toMatchObject({ ok: false, kind: 'malformed' });
    for (const list of ['chat room', 'a, b, a', 'a;b', '"a"']) {
      const fields = flat({ ...good, 'Sec-WebSocket-Protocol': list });
      expect(readSocketWish(fields), list).toMatchObject({ ok: false, kind: 'malformed' });
    }
  });
});

describe('the handshake for the upstream', () => {
  const wish = wishOf(
    flat({ ...good, 'Sec-WebSocket-Protocol': 'chat, superchat', 'Sec-WebSocket-Extensions': 'permessage-deflate' }),
  );
  const plain = wishOf(flat(good));

  /** The answer of an upstream that does everything right, with changes. */
  function answer(offerKey: string, changes: Record<string, string | undefined> = {}): string[] {
    const accept = createHash('sha1').update(`${offerKey}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
    const fields = { Upgrade: 'websocket', Connection: 'Upgrade', 'Sec-WebSocket-Accept': accept, ...changes };
    return Object.entries(fields).flatMap(([name, value]) => (value === undefined ? [] : [name, value]));
  }

  it('has a fresh key of 16 bytes, never the one of the client', () => {
    const keys = [offerSocket(wish), offerSocket(wish)].map((offer) => offer.key);
    expect(new Set([...keys, key]).size).toBe(3);
    for (const each of keys) expect(Buffer.from(each, 'base64').length).toBe(16);
  });

  it('carries what the client asked for', () => {
    const offer = offerSocket(wish);
    expect(offer.fields).toEqual([
      ...['sec-websocket-version', '13', 'sec-websocket-key', offer.key],
      ...['sec-websocket-protocol', 'chat, superchat', 'sec-websocket-extensions', 'permessage-deflate'],
    ]);
    expect(offerSocket(plain).fields).toHaveLength(4);
  });

  it('takes an answer that fits our key, and tells the client what fits its own', () => {
    const { key: own } = offerSocket(wish);
    const more = { 'Sec-WebSocket-Protocol': 'superchat', 'Sec-WebSocket-Extensions': 'permessage-deflate' };
    const terms = readSocketTerms(
      answer(own, { ...more, Connection: 'keep-alive, UPGRADE', Upgrade: 'WebSocket' }),
      wish,
      own,
    );
    if (typeof terms === 'string') throw new Error(terms);
    expect(terms).toEqual({ protocol: 'superchat', extension: 'permessage-deflate' });
    // The example of RFC 6455 section 1.3.
    expect(openingFields(wish, terms)).toEqual([
      ...['connection', 'Upgrade', 'upgrade', 'websocket', 'sec-websocket-accept', 's3pPLMBiTxaQ9kYGzzhZRbK+xOo='],
      ...['sec-websocket-protocol', 'superchat', 'sec-websocket-extensions', 'permessage-deflate'],
    ]);
  });

  it.each([
    ['no Upgrade', { Upgrade: undefined }],
    ['another protocol', { Upgrade: 'h2c' }],
    ['a list of protocols', { Upgrade: 'websocket, h2c' }],
    ['no Connection', { Connection: undefined }],
    ['a Connection that closes', { Connection: 'close' }],
    ['no Accept', { 'Sec-WebSocket-Accept': undefined }],
    ['the Accept of the client', { 'Sec-WebSocket-Accept': 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=' }],
    ['a body of some length', { 'Content-Length': '5' }],
    ['a chunked body', { 'Transfer-Encoding': 'chunked' }],
    ['a subprotocol that nobody offered', { 'Sec-WebSocket-Protocol': 'other' }],
    ['a subprotocol in other letters', { 'Sec-WebSocket-Protocol': 'Chat' }],
    ['two subprotocols', { 'Sec-WebSocket-Protocol': 'chat, superchat' }],
    ['an extension that nobody offered', { 'Sec-WebSocket-Extensions': 'x-multiplex' }],
    ['two extensions', { 'Sec-WebSocket-Extensions': 'permessage-deflate, permessage-deflate' }],
  ])('refuses %s', (_, changes) => {
    const { key: own } = offerSocket(wish);
    expect(readSocketTerms(answer(own, changes), wish, own)).toEqual(expect.any(String));
  });

  it('refuses any subprotocol or packing where none was offered, and a field that stands twice', () => {
    const { key: own } = offerSocket(plain);
    const extra = (fields: string[]) => readSocketTerms([...answer(own), ...fields], plain, own);
    expect(extra([])).toEqual({ protocol: undefined, extension: undefined });
    expect(extra(['sec-websocket-protocol', 'chat'])).toEqual(expect.any(String));
    expect(extra(['sec-websocket-extensions', 'permessage-deflate'])).toEqual(expect.any(String));
    expect(extra(['upgrade', 'websocket'])).toEqual(expect.any(String));
    expect(extra(answer(own).slice(4))).toEqual(expect.any(String));
  });
});
