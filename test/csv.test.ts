import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { csvCell, csvText } from '../src/csv.ts';

/** A reader of RFC 4180, written apart from the writer. */
function parseCsv(text: string): string[][] {
  const rows: string[][] = [];
  let at = 0;
  while (at < text.length) {
    const row: string[] = [];
    for (;;) {
      let cell = '';
      if (text[at] === '"') {
        for (at++; ; at++) {
          if (text[at] !== '"') cell += text[at];
          else if (text[at + 1] === '"') cell += text[at++];
          else break;
        }
        at++;
      } else {
        while (at < text.length && text[at] !== ',' && text[at] !== '\r') cell += text[at++];
      }
      row.push(cell);
      if (text[at] !== ',') break;
      at++;
    }
    expect(text.slice(at, at + 2)).toBe('\r\n');
    at += 2;
    rows.push(row);
  }
  return rows;
}

const awkward = fc.oneof(
  fc.string(),
  fc.constantFrom(
    '=1+1',
    '+a',
    '-a',
    '@x',
    '\tx',
    '\rx',
    '\n=1',
    '＝1',
    '＋1',
    '－1',
    '＠x',
    '-1.5',
    '"',
    ',',
    '\r\n',
    '',
    "'=",
    '-',
    '1e5',
    '-1e5',
  ),
);

describe('CSV', () => {
  it('comes back as it was written, but for the mark before what looks like a formula', () => {
    fc.assert(
      fc.property(fc.array(fc.array(awkward, { minLength: 1, maxLength: 5 }), { maxLength: 6 }), (rows) => {
        const back = parseCsv(csvText(rows));
        expect(back.map((row) => row.length)).toEqual(rows.map((row) => row.length));
        back.flat().forEach((cell, at) => {
          const written = rows.flat()[at] ?? '';
          expect([written, `'${written}`]).toContain(cell);
          if (cell !== written) expect(written).toMatch(/^[=+\-@\t\r\n＝＋－＠]/);
        });
      }),
    );
  });

  it('holds no cell that a spreadsheet would run', () => {
    fc.assert(
      fc.property(awkward, (value) => {
        const [[cell = ''] = []] = parseCsv(csvText([[value]]));
        expect(cell).toMatch(/^(?![=+\-@\t\r\n＝＋－＠])|^-[0-9]+(\.[0-9]+)?$/);
      }),
    );
  });

  it('leaves amounts as plain numbers', () => {
    expect(['0', '-1.5', '12.0000001'].map(csvCell)).toEqual(['0', '-1.5', '12.0000001']);
    expect(['-1-1', '-cmd|x', '+1'].map(csvCell)).toEqual(["'-1-1", "'-cmd|x", "'+1"]);
  });
});
