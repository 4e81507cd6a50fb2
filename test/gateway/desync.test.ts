import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { makeConfig, type RawUpstream, type Rig, startRig, startUpstream, token, until } from './rig.ts';

/** One request in, at most one out: heads and framings that two parsers may read in two ways. */

let upstream: RawUpstream;
let rig: Rig;

beforeAll(async () => {
  upstream = await startUpstream();
  rig = await startRig({ config: makeConfig([{ origin: upstream.origin, price: '0.1' }]), balance: '1000' });
});

beforeEach(() => {
  upstream.requests.length = 0;
});

afterAll(async () => {
  await rig.close();
  await upstream.close();
});

const auth = `host: gateway.test\r\nauthorization: Bearer ${token}\r\n`;
const smuggled = `GET /api0/smuggled HTTP/1.1\r\nhost: x\r\n\r\n`;

describe('a request that could be read in two ways', () => {
  it.each([
    [
      'length and chunks',
      `POST /api0/a HTTP/1.1\r\n${auth}content-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n${smuggled}`,
    ],
    [
      'chunks and length',
      `POST /api0/a HTTP/1.1\r\n${auth}transfer-encoding: chunked\r\ncontent-length: 4\r\n\r\n0\r\n\r\n${smuggled}`,
    ],
    [
      'two lengths',
      `POST /api0/a HTTP/1.1\r\n${auth}content-length: 0\r\ncontent-length: ${smuggled.length}\r\n\r\n${smuggled}`,
    ],
    ['a list of lengths', `POST /api0/a HTTP/1.1\r\n${auth}content-length: 0, 5\r\n\r\nhello`],
    ['a signed length', `POST /api0/a HTTP/1.1\r\n${auth}content-length: +5\r\n\r\nhello`],
    ['a length with a space inside', `POST /api0/a HTTP/1.1\r\n${auth}content-length: 5 5\r\n\r\nhello`],
    ['a hex length', `POST /api0/a HTTP/1.1\r\n${auth}content-length: 0x5\r\n\r\nhello`],
    ['a name with a space before the colon', `POST /api0/a HTTP/1.1\r\n${auth}content-length : 5\r\n\r\nhello`],
    ['a coding before chunked', `POST /api0/a HTTP/1.1\r\n${auth}transfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n`],
    [
      'chunked twice',
      `POST /api0/a HTTP/1.1\r\n${auth}transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`,
    ],
    [
      'a coding behind chunked',
      `POST /api0/a HTTP/1.1\r\n${auth}transfer-encoding: chunked, identity\r\n\r\n0\r\n\r\n`,
    ],
    ['an unknown coding', `POST /api0/a HTTP/1.1\r\n${auth}transfer-encoding: xchunked\r\n\r\n0\r\n\r\n`],
    ['a coding in quotes', `POST /api0/a HTTP/1.1\r\n${auth}transfer-encoding: "chunked"\r\n\r\n0\r\n\r\n`],
    [
      'a vertical tab before chunked',
      `POST /api0/a HTTP/1.1\r\n${auth}transfer-encoding: \x0bchunked\r\n\r\n0\r\n\r\n`,
    ],
    ['chunks in HTTP/1.0', `POST /api0/a HTTP/1.0\r\n${auth}transfer-encoding: chunked\r\n\r\n0\r\n\r\n`],
    ['two Hosts', `GET /api0/a HTTP/1.1\r\n${auth}host: other\r\n\r\n`],
    ['no Host', `GET /api0/a HTTP/1.1\r\nauthorization: Bearer ${token}\r\n\r\n`],
    ['HTTP/0.9', `GET /api0/a\r\n\r\n`],
    ['HTTP/2.0', `GET /api0/a HTTP/2.0\r\n${auth}\r\n`],
    ['HTTP/1.2', `GET /api0/a HTTP/1.2\r\n${auth}\r\n`],
    ['an HTTP/2 preface', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['an absolute target', `GET http://other.test/api0/a HTTP/1.1\r\n${auth}\r\n`],
    ['an asterisk target', `OPTIONS * HTTP/1.1\r\n${auth}\r\n`],
    ['CONNECT', `CONNECT 127.0.0.1:1 HTTP/1.1\r\n${auth}\r\n`],
    ['TRACE', `TRACE /api0/a HTTP/1.1\r\n${auth}\r\n`],
    ['a space in the target', `GET /api0/a b HTTP/1.1\r\n${auth}\r\n`],
    ['a folded field', `GET /api0/a HTTP/1.1\r\n${auth}x-a: 1\r\n connection: x\r\n\r\n`],
    ['a NUL in a field', `GET /api0/a HTTP/1.1\r\n${auth}x-a: a\x00b\r\n\r\n`],
    ['a lone CR in a field', `GET /api0/a HTTP/1.1\r\n${auth}x-a: a\rb\r\n\r\n`],
    [
      'fields ended by LF',
      `POST /api0/a HTTP/1.1\nhost: a\nauthorization: Bearer ${token}\ncontent-length: 5\n\nhello`,
    ],
    ['a field without a name', `GET /api0/a HTTP/1.1\r\n${auth}: x\r\n\r\n`],
    [
      'an upgrade to h2c',
      `GET /api0/a HTTP/1.1\r\n${auth}connection: upgrade, http2-settings\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABk\r\n\r\n`,
    ],
    [
      'an upgrade to WebSocket',
      `GET /api0/a HTTP/1.1\r\n${auth}connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n\r\n${smuggled}`,
    ],
    [
      'an upgrade with a body',
      `POST /api0/a HTTP/1.1\r\n${auth}connection: upgrade\r\nupgrade: x\r\ncontent-length: ${smuggled.length}\r\n\r\n${smuggled}`,
    ],
  ])('is refused and its connection ended: %s', async (_name, bytes) => {
    const text = await rig.send(bytes);
    expect(text).toMatch(/^HTTP\/1.1 (400|501) /);
    expect(text.match(/HTTP\/1.1 \d/g)?.length).toBe(1);
    expect(upstream.requests).toEqual([]);
    expect(rig.account()).toMatchObject({ held: 0n });
  });

  it.each([
    ['a chunk size that is none', 'z\r\nhello\r\n0\r\n\r\n'],
    ['a negative chunk size', '-5\r\nhello\r\n0\r\n\r\n'],
    ['a chunk size with a prefix', '0x5\r\nhello\r\n0\r\n\r\n'],
    ['a chunk that is longer than it says', '3\r\nhello\r\n0\r\n\r\n'],
    ['a chunk size beyond 64 bits', 'fffffffffffffffff\r\nhello\r\n0\r\n\r\n'],
    ['chunks ended by LF', '5\nhello\n0\n\n'],
    ['a chunk extension without end', `5;${'x'.repeat(20_000)}\r\nhello\r\n0\r\n\r\n`],
  ])('is never forwarded whole: %s', async (_name, body) => {
    await rig.send(`POST /api0/a HTTP/1.1\r\n${auth}transfer-encoding: chunked\r\n\r\n${body}${smuggled}`);
    await until(() => rig.account().holds === 0);
    expect(upstream.requests).toEqual([]);
    expect(upstream.bytes.join('')).not.toContain('smuggled');
  });
});

describe('requests in a pipeline', () => {
  it('are judged one by one: the second has no token', async () => {
    const text = await rig.send(
      `GET /api0/a HTTP/1.1\r\n${auth}\r\nGET /api0/b HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n`,
    );
    expect(text.match(/HTTP\/1.1 \d+/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 401']);
    expect(upstream.requests.map(({ line }) => line)).toEqual(['GET /a HTTP/1.1']);
  });

  it('behind a body are not part of it', async () => {
    const text = await rig.send(
      `POST /api0/a HTTP/1.1\r\n${auth}content-length: 5\r\n\r\nhelloGET /api0/b HTTP/1.1\r\n${auth}connection: close\r\n\r\n`,
    );
    expect(text.match(/HTTP\/1.1 \d+/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 200']);
    expect(upstream.requests.map(({ line, body }) => [line, body])).toEqual([
      ['POST /a HTTP/1.1', 'hello'],
      ['GET /b HTTP/1.1', ''],
    ]);
  });
});

describe('a head', () => {
  it('past its bytes is refused with 431', async () => {
    expect(await rig.send(`GET /api0/a HTTP/1.1\r\n${auth}x-a: ${'a'.repeat(20_000)}\r\n\r\n`)).toMatch(
      /^HTTP\/1.1 431 /,
    );
  });

  it('past its fields is refused with 431, not cut', async () => {
    expect(await rig.send(`GET /api0/a HTTP/1.1\r\n${auth}${'x-a: b\r\n'.repeat(200)}\r\n`)).toMatch(/^HTTP\/1.1 431 /);
  });

  it('with fields named like object members harms nothing', async () => {
    const text = await rig.send(
      `GET /api0/a HTTP/1.1\r\n${auth}__proto__: x\r\nconstructor: y\r\nconnection: close\r\n\r\n`,
    );
    expect(text).toMatch(/^HTTP\/1.1 200 /);
  });

  it('with a target past its bound is refused with 414', async () => {
    expect((await rig.get(`/api0/${'a'.repeat(9_000)}`)).status).toBe(414);
  });
});
