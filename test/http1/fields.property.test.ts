import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readFields } from '../../src/http1/fields.ts';

/** The grammar of field lines once more, line by line with regular expressions: two readings must agree on every head. */
function plainReading(text: string, fieldsMax: number): string[] | 'fault' {
  const fields: string[] = [];
  const lines = text.split('\r\n');
  if (lines.at(-1) === '') lines.pop();
  for (const line of lines) {
    const match = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*(.*?)[ \t]*$/s.exec(line);
    if (!match || [...line].some((char) => (char < ' ' && char !== '\t') || char === '\x7f')) return 'fault';
    fields.push(match[1] ?? '', match[2] ?? '');
  }
  return fields.length > fieldsMax * 2 ? 'fault' : fields;
}

const piece = fc.oneof(
  fc.constantFrom(
    'Host',
    'a',
    'X-Y',
    ':',
    ': ',
    ' ',
    '\t',
    '\r\n',
    '\r\n',
    '\r',
    '\n',
    '\0',
    '\x7f',
    '\x80',
    'ÿ',
    '(',
    ',',
  ),
  fc.string({ maxLength: 4 }),
);
const line = fc.tuple(fc.constantFrom('Host', 'X-A', 'b'), fc.array(piece, { maxLength: 4 }));
const head = fc.oneof(
  fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join('')),
  fc.array(line, { maxLength: 6 }).map((lines) => lines.map(([name, rest]) => `${name}:${rest.join('')}`).join('\r\n')),
);

function isLatin1(text: string): boolean {
  return [...text].every((char) => char <= 'ÿ');
}

test('fields are read as a plain reading of the grammar has them, wherever in the bytes they stand', () => {
  fc.assert(
    fc.property(
      head.filter(isLatin1),
      fc.constantFrom('', 'x', '\r\n'),
      fc.constantFrom('', '\n', '\r\n', 'x'),
      (text, before, behind) => {
        const bytes = Buffer.from(before + text + behind, 'latin1');
        const read = readFields({ bytes, base: before.length, text }, 0, 4);
        expect(Array.isArray(read) ? read : 'fault').toEqual(plainReading(text, 4));
      },
    ),
    { numRuns: 5_000 },
  );
});
