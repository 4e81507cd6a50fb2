import { expect, test } from 'vitest';
import { type Framing, responseFraming } from '../../src/http1/response-framing.ts';
import { parseResponseHead } from '../../src/http1/response-head.ts';

const parse = (...lines: string[]) => read(lines.join('\r\n'), 10);

/** Behind other bytes, as a head stands in what has come. */
function read(text: string, fieldsMax: number) {
  const bytes = Buffer.from(`before${text}\r\n\r\nbehind`, 'latin1');
  return parseResponseHead(bytes, 6, 6 + text.length, fieldsMax);
}

test('a status line with, without and with an empty reason is read', () => {
  expect(parse('HTTP/1.1 200 OK', 'a: b')).toEqual({ status: 200, minor: 1, fields: ['a', 'b'] });
  expect(parse('HTTP/1.0 404 ')).toEqual({ status: 404, minor: 0, fields: [] });
  expect(parse('HTTP/1.1 503')).toEqual({ status: 503, minor: 1, fields: [] });
});

test.each([
  ['HTTP/1.1 099 x'],
  ['HTTP/1.1 600 x'],
  ['HTTP/1.1 20 x'],
  ['HTTP/1.1 2000 x'],
  ['HTTP/1.1 +20 x'],
  ['HTTP/1.1  200 x'],
  ['HTTP/2.0 200 x'],
  ['ICY 200 OK'],
  ['http/1.1 200 OK'],
  ['HTTP/1.1 200 O\u0000K'],
  ['HTTP/1.1 200 OK', 'a : b'],
  ['HTTP/1.1 200 OK', ' fold'],
  ['HTTP/1.1 200 OK', 'a: b\nc: d'],
])('%j is a broken answer', (...lines) => {
  expect(parse(...lines)).toHaveProperty('fault');
});

const framing = (fields: string[], method = 'GET', status = 200, minor: 0 | 1 = 1) =>
  responseFraming(method, { status, minor, fields });

test.each<[string[], string, number, Framing]>([
  [['content-length', '5'], 'GET', 200, { kind: 'length', bytes: 5 }],
  [['Content-Length', '0'], 'POST', 404, { kind: 'length', bytes: 0 }],
  [['Transfer-Encoding', 'Chunked'], 'GET', 200, { kind: 'chunked' }],
  [[], 'GET', 200, { kind: 'until_close' }],
  [['content-length', '5'], 'HEAD', 200, { kind: 'none', mayOverrun: true }],
  [['transfer-encoding', 'chunked'], 'HEAD', 200, { kind: 'none', mayOverrun: true }],
  [['content-length', '5'], 'GET', 304, { kind: 'none', mayOverrun: true }],
  [[], 'GET', 204, { kind: 'none' }],
  [[], 'GET', 100, { kind: 'none' }],
])('%j of %s with %i ends as RFC 9112 section 6.3 says', (fields, method, status, expected) => {
  expect(framing(fields, method, status)).toEqual(expected);
});

test.each([
  [['content-length', '5', 'transfer-encoding', 'chunked']],
  [['content-length', '5', 'content-length', '5']],
  [['content-length', '5, 5']],
  [['content-length', '+5']],
  [['content-length', '']],
  [['content-length', '99999999999999999']],
  [['transfer-encoding', 'gzip, chunked']],
  [['transfer-encoding', 'chunked', 'transfer-encoding', 'chunked']],
  [['transfer-encoding', 'identity']],
])('%j could be read in two ways and is refused', (fields) => {
  expect(framing(fields)).toHaveProperty('fault');
});

test('HTTP/1.0 has no chunks', () => {
  expect(framing(['transfer-encoding', 'chunked'], 'GET', 200, 0)).toHaveProperty('fault');
});
