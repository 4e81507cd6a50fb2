import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ChunkedReader, chunkedLimits, chunkHead } from '../../src/http1/chunked.ts';

function readAll(text: string, cuts: number[] = [], reader = new ChunkedReader()) {
  const bytes = Buffer.from(text, 'latin1');
  const data: Buffer[] = [];
  let taken = 0;
  const edges = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b);
  for (const [from, to] of pairs([0, ...edges, bytes.length])) {
    if (reader.state !== 'open') break;
    const piece = bytes.subarray(from, to);
    taken = from + reader.read(piece, 0, (chunk) => data.push(Buffer.from(chunk)));
  }
  const { state, trailers } = reader;
  return { state, trailers, body: Buffer.concat(data).toString('latin1'), rest: text.slice(taken) };
}

function pairs(edges: number[]): [number, number][] {
  return edges.slice(1).map((edge, i) => [edges[i] ?? 0, edge]);
}

test('a body in any pieces gives the same bytes, trailers and rest', () => {
  const chunk = fc.string({ unit: 'binary-ascii', minLength: 1, maxLength: 40 });
  fc.assert(
    fc.property(fc.array(chunk), fc.array(fc.nat()), fc.boolean(), (chunks, cuts, withTrailers) => {
      const trailers = withTrailers ? 'X-Sum: 1\r\nx-two: b\r\n' : '';
      const text = `${chunks.map((part) => `${chunkHead(part.length)}${part}\r\n`).join('')}0\r\n${trailers}\r\nNEXT`;
      expect(readAll(text, cuts)).toEqual({
        state: 'done',
        trailers: withTrailers ? ['X-Sum', '1', 'x-two', 'b'] : [],
        body: chunks.join(''),
        rest: 'NEXT',
      });
    }),
  );
});

test.each([
  ['5;name=value;other="x"\r\nhello\r\n0\r\n\r\n', 'hello'],
  ['5;a ; b = "\\"; " ;c\r\nhello\r\n0;d\r\n\r\n', 'hello'],
  ['A\r\n0123456789\r\n000\r\n\r\n', '0123456789'],
])('%j is a whole body', (text, body) => {
  expect(readAll(text)).toMatchObject({ state: 'done', body, rest: '' });
});

test.each([
  ['5\nhello\r\n0\r\n\r\n'],
  ['5\r\nhello\n0\r\n\r\n'],
  ['5\r\nhello0\r\n\r\n'],
  ['5\r\nhelloo\r\n0\r\n\r\n'],
  [' 5\r\nhello\r\n0\r\n\r\n'],
  ['5 \r\nhello\r\n0\r\n\r\n'],
  ['0x5\r\nhello\r\n0\r\n\r\n'],
  ['-5\r\nhello\r\n0\r\n\r\n'],
  ['+5\r\nhello\r\n0\r\n\r\n'],
  ['\r\nhello\r\n0\r\n\r\n'],
  [';x\r\nhello\r\n0\r\n\r\n'],
  ['g\r\nhello\r\n0\r\n\r\n'],
  ['fffffffffffffffff\r\n'],
  ['5;\u0000\r\nhello\r\n0\r\n\r\n'],
  ['5;\r\nhello\r\n0\r\n\r\n'],
  ['5;=a\r\nhello\r\n0\r\n\r\n'],
  ['5;a=\r\nhello\r\n0\r\n\r\n'],
  ['5;a=b \r\nhello\r\n0\r\n\r\n'],
  ['5;a b\r\nhello\r\n0\r\n\r\n'],
  ['5;a="b\r\nhello\r\n0\r\n\r\n'],
  ['5;a="b"c\r\nhello\r\n0\r\n\r\n'],
  ['5\r\nhello\r\n0\r\n folded: x\r\n\r\n'],
  ['5\r\nhello\r\n0\r\nname : x\r\n\r\n'],
  ['5\r\nhello\r\n0\r\nno colon\r\n\r\n'],
  ['5\rhello'],
])('%j breaks the body for good', (text) => {
  expect(readAll(text).state).toBe('broken');
});

test('extensions, lines and trailers are bounded', () => {
  const extension = `1;${'x'.repeat(3_000)}\r\na\r\n`;
  const times = Math.ceil(chunkedLimits.extensionBytesMax / 3_000) + 1;
  expect(readAll(extension.repeat(2)).state).toBe('open');
  expect(readAll(extension.repeat(times)).state).toBe('broken');
  expect(readAll(`1;${'x'.repeat(5_000)}`).state).toBe('broken');
  expect(readAll(`0\r\n${`a: ${'x'.repeat(3_000)}\r\n`.repeat(3)}\r\n`).state).toBe('broken');
  expect(readAll(`0\r\n${'a: b\r\n'.repeat(33)}\r\n`).state).toBe('broken');
});

test('a body that is cut off stays open', () => {
  const whole = '5\r\nhello\r\n0\r\n\r\n';
  for (let end = 0; end < whole.length; end++) expect(readAll(whole.slice(0, end)).state).toBe('open');
});

test('the data of all chunks that come at once is one piece, and what stands behind the body is left alone', () => {
  const text = `${'1\r\nx\r\n2;a=b\r\nyz\r\n'.repeat(1_000)}0\r\n\r\nGET / HTTP/1.1\r\n`;
  const bytes = Buffer.from(text);
  const pieces: string[] = [];
  const end = new ChunkedReader().read(bytes, 0, (chunk) => pieces.push(chunk.toString()));
  expect(pieces).toEqual(['xyz'.repeat(1_000)]);
  expect(bytes.toString('latin1', end)).toBe('GET / HTTP/1.1\r\n');
});
