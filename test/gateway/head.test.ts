import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readHead } from '../../src/gateway/head.ts';

function read(fields: Record<string, string> | string[], request: { method?: string; minor?: 0 | 1 } = {}) {
  const flat = Array.isArray(fields) ? fields : Object.entries({ Host: 'gateway.test', ...fields }).flat();
  return readHead({ method: 'GET', target: '/', minor: 1, ...request, fields: flat });
}

describe('a request head', () => {
  it('of a plain call passes', () => {
    expect(read({})).toMatchObject({ ok: true, head: { host: 'gateway.test', hasBody: false, minor: 1 } });
  });

  it.each([
    ['no Host', []],
    ['two Hosts', ['Host', 'a', 'host', 'a']],
    ['an empty Host', ['Host', '']],
    ['a Host with a user part', ['Host', 'a@b']],
    ['a Host with a path', ['Host', 'a/b']],
    ['a Host with a space', ['Host', 'a b']],
    ['a Host with a comma', ['Host', 'a,b']],
    ['a Host with a bad port', ['Host', 'a:99999']],
    ['a Host with a port that is none', ['Host', 'a:']],
    ['a Host that is only a port', ['Host', ':80']],
    ['a Host that ends its bracket late', ['Host', '[::1']],
  ])('with %s is refused', (_name, fields) => {
    expect(read(fields)).toMatchObject({ ok: false, code: 'bad_request' });
  });

  it('in HTTP/1.0 may lack a Host, and has none by then; in HTTP/1.1 it may not', () => {
    expect(read([], { minor: 0 })).toMatchObject({ ok: true, head: { host: '' } });
    expect(read([], { minor: 1 })).toMatchObject({ ok: false, code: 'bad_request' });
  });

  it.each([
    ['two Hosts', ['Host', 'a', 'Host', 'a']],
    ['an empty Host', ['Host', '']],
    ['a malformed Host', ['Host', 'a/b']],
  ])('in HTTP/1.0 with %s is refused', (_name, fields) => {
    expect(read(fields, { minor: 0 })).toMatchObject({ ok: false, code: 'bad_request' });
  });

  it.each(['a', 'a.b:80', '127.0.0.1:8402', '[::1]', '[2001:db8::1]:443', 'a_b.test'])(
    'with Host %s passes',
    (host) => {
      expect(read(['Host', host])).toMatchObject({ ok: true, head: { host } });
    },
  );

  it.each([
    ['gzip, chunked', 'not_implemented'],
    ['chunked, chunked', 'not_implemented'],
    ['identity', 'not_implemented'],
    ['xchunked', 'not_implemented'],
    ['', 'not_implemented'],
  ])('with Transfer-Encoding "%s" is refused', (value, code) => {
    expect(read({ 'Transfer-Encoding': value })).toMatchObject({ ok: false, code });
  });

  it('may be chunked in any case, and then has a body', () => {
    expect(read({ 'Transfer-Encoding': 'Chunked' })).toMatchObject({ ok: true, head: { hasBody: true } });
  });

  it.each([
    ['both framings', ['Host', 'a', 'Content-Length', '5', 'Transfer-Encoding', 'chunked']],
    ['both framings the other way', ['Host', 'a', 'Transfer-Encoding', 'chunked', 'Content-Length', '0']],
    ['two lengths', ['Host', 'a', 'Content-Length', '5', 'Content-Length', '5']],
    ['a signed length', ['Host', 'a', 'Content-Length', '+5']],
    ['a list of lengths', ['Host', 'a', 'Content-Length', '5, 5']],
    ['an empty length', ['Host', 'a', 'Content-Length', '']],
    ['two Transfer-Encodings', ['Host', 'a', 'Transfer-Encoding', 'chunked', 'Transfer-Encoding', 'chunked']],
  ])('with %s is refused', (_name, fields) => {
    expect(read(fields)).toMatchObject({ ok: false, code: 'bad_request' });
  });

  it('in HTTP/1.0 has no transfer coding', () => {
    expect(read({ 'Transfer-Encoding': 'chunked' }, { minor: 0 })).toMatchObject({ ok: false });
  });

  it.each([
    { Upgrade: 'h2c' },
    { Upgrade: 'h2c', Connection: 'upgrade' },
    { Upgrade: 'websocket' },
    { Upgrade: 'websocket, h2c', Connection: 'upgrade' },
    { Upgrade: 'websocket/13', Connection: 'upgrade' },
  ])('that asks for an upgrade to anything but a WebSocket is refused: %o', (fields) => {
    expect(read(fields)).toMatchObject({ ok: false, code: 'not_implemented' });
  });

  it('whose Connection names an Upgrade that is not there asks for none: nginx sends that with each plain call', () => {
    for (const method of ['GET', 'POST']) {
      const fields = { Connection: 'upgrade', 'Content-Length': '3' };
      expect(read(fields, { method })).toMatchObject({ ok: true, head: { method, socket: false, hasBody: true } });
    }
  });

  it('asks for a WebSocket with Upgrade and Connection together, in any case', () => {
    expect(read({ Upgrade: 'WebSocket', Connection: 'keep-alive, UPGRADE' })).toMatchObject({
      ok: true,
      head: { socket: true },
    });
    expect(read({})).toMatchObject({ ok: true, head: { socket: false } });
  });

  it.each([
    [{ 'Content-Length': '5' }, {}],
    [{ 'Transfer-Encoding': 'chunked' }, {}],
    [{}, { minor: 0 as const }],
  ])('that asks for a WebSocket with a body or in HTTP/1.0 is refused: %o', (fields, request) => {
    const asked = read({ Upgrade: 'websocket', Connection: 'upgrade', ...fields }, request);
    expect(asked).toMatchObject({ ok: false, code: 'bad_request' });
    expect(read({ Upgrade: 'websocket', Connection: 'upgrade' }, { method: 'POST' })).toMatchObject({
      code: 'not_implemented',
    });
  });

  it('with two Upgrades is refused', () => {
    const fields = ['Host', 'a', 'Connection', 'upgrade', 'Upgrade', 'websocket', 'Upgrade', 'websocket'];
    expect(read(fields)).toMatchObject({ ok: false, code: 'bad_request' });
  });

  it('for the script of a service worker is refused: it would stand before the gateway’s own pages', () => {
    expect(read({ 'Service-Worker': 'script' })).toMatchObject({ ok: false, code: 'not_implemented' });
  });

  it.each(['TRACE', 'CONNECT', 'get', 'SECRET', 'toString', 'ANY'])('with the method %s is refused', (method) => {
    expect(read({}, { method })).toMatchObject({ ok: false, code: 'not_implemented' });
  });

  it.each(['200-ok', '100-continue;x', '100-continue, 100-continue', '100', ''])(
    'with the expectation %j is refused, since nobody here meets it',
    (value) => {
      expect(read({ Expect: value })).toMatchObject({ ok: false, code: 'expectation_failed' });
      expect(read({ Expect: value, 'Content-Length': '5' })).toMatchObject({ code: 'expectation_failed' });
      expect(read(['Host', 'a', 'Expect', '100-continue', 'Expect', value])).toMatchObject({ ok: false });
    },
  );

  it('yields the names that Connection lists, and only those', () => {
    expect(read(['Host', 'a', 'Connection', 'X-One, close', 'connection', 'x-two,,keep-alive'])).toMatchObject({
      ok: true,
      head: { connectionNames: ['x-one', 'x-two'] },
    });
    expect(read({ Connection: 'close' })).toMatchObject({ ok: true, head: { connectionNames: undefined } });
  });

  it('gives up a request id only when it is plain', () => {
    expect(read({ 'X-Request-Id': 'abc-1.2:3' })).toMatchObject({ ok: true, head: { requestId: 'abc-1.2:3' } });
    expect(read({ 'X-Request-Id': 'a"b' })).toMatchObject({ ok: true, head: { requestId: undefined } });
    expect(read({ 'X-Request-Id': 'a'.repeat(129) })).toMatchObject({ ok: true, head: { requestId: undefined } });
  });

  it('never throws, whatever its fields are', () => {
    const field = fc.tuple(
      fc.oneof(fc.constantFrom('Host', 'connection', '__proto__', 'constructor', 'content-length', 'TE'), fc.string()),
      fc.string(),
    );
    fc.assert(fc.property(fc.array(field), (fields) => typeof read(fields.flat()).ok === 'boolean'));
  });
});
