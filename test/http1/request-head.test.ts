import { expect, test } from 'vitest';
import { parseRequestHead } from '../../src/http1/request-head.ts';

const fieldsMax = 100;
const parse = (...lines: string[]) => read(lines.join('\r\n'), fieldsMax);

/** Behind other bytes, as a head stands in what has come. */
function read(text: string, fieldsMax: number) {
  const bytes = Buffer.from(`before${text}\r\n\r\nbehind`, 'latin1');
  return parseRequestHead(bytes, 6, 6 + text.length, fieldsMax);
}

test('a head is taken apart as it was sent, spelling and order kept', () => {
  expect(parse('GET /a?b=%20 HTTP/1.1', 'Host: x', 'X-Two:  a b\t', 'x-two:', 'Accept: */*')).toEqual({
    method: 'GET',
    target: '/a?b=%20',
    minor: 1,
    fields: ['Host', 'x', 'X-Two', 'a b', 'x-two', '', 'Accept', '*/*'],
  });
  expect(parse('M-SEARCH * HTTP/1.0')).toEqual({ method: 'M-SEARCH', target: '*', minor: 0, fields: [] });
});

test.each([
  ['GET /'],
  ['GET / HTTP/0.9'],
  ['GET / HTTP/2.0'],
  ['GET / HTTP/1.2'],
  ['GET / http/1.1'],
  ['GET / HTTP/1.1 '],
  ['GET  / HTTP/1.1'],
  [' GET / HTTP/1.1'],
  ['GET /a b HTTP/1.1'],
  ['GET\t/\tHTTP/1.1'],
  ['GE(T / HTTP/1.1'],
  ['GET /\u0000 HTTP/1.1'],
  ['GET /\u007f HTTP/1.1'],
  [' HTTP/1.1'],
  [''],
  ['GET / HTTP/1.1', ' folded: x'],
  ['GET / HTTP/1.1', 'a: b', '\tfolded'],
  ['GET / HTTP/1.1', 'name : x'],
  ['GET / HTTP/1.1', ': x'],
  ['GET / HTTP/1.1', 'no colon'],
  ['GET / HTTP/1.1', 'a: b\nc: d'],
  ['GET / HTTP/1.1', 'a: b\rc: d'],
  ['GET / HTTP/1.1\nHost: x'],
  ['GET / HTTP/1.1', 'a: \u0000'],
  ['GET / HTTP/1.1', 'a\u0000: b'],
  ['GET / HTTP/1.1', 'na me: b'],
  ['GET / HTTP/1.1', 'a: \u0001'],
  ['GET / HTTP/1.1', 'ä: b'],
])('%j is not repaired but refused', (...lines) => {
  expect(parse(...lines)).toHaveProperty('fault');
});

test('the number of fields is bounded', () => {
  const fields = Array.from({ length: 3 }, (_, i) => `f${i}: v`);
  const head = (max: number) => read(['GET / HTTP/1.1', ...fields].join('\r\n'), max);
  expect(head(3)).not.toHaveProperty('fault');
  expect(head(2)).toMatchObject({ fault: 'too_many_fields' });
});
