import { type Choice, type Draft, forged, type Verdict } from './desync-cases.ts';

/** How long a body says it is: lengths, transfer codings, both, and the grammar of chunks. */

type Apply = (draft: Draft, inner: string) => void;

/** Bodies are made of `inner`, which is a whole priced request: what a wrong reader would take for the next one. */
export function framings(inner: string): Choice[] {
  const rows: [Verdict, string, Apply][] = [
    ...lengths(),
    ...codings(),
    ...bothWays(),
    ...chunks().map(([verdict, name, body, decoded]): [Verdict, string, Apply] => [
      verdict,
      name,
      (draft, text) => {
        draft.framing = ['Transfer-Encoding: chunked'];
        draft.body = body(text);
        draft.decoded = decoded ? decoded(text) : text;
      },
    ]),
    ...trailers(),
    [
      'broken',
      'a chunk that does not end',
      (draft, text) => {
        Object.assign(draft, { framing: ['Transfer-Encoding: chunked'], body: `7fffff\r\n${text}`, unfinished: true });
      },
    ],
  ];
  return rows.map(([verdict, name, apply]) => ({ name, verdict, apply: (draft) => apply(draft, inner) }));
}

function withLength(line: (length: number) => string[]): Apply {
  return (draft, inner) => {
    draft.framing = line(inner.length);
    draft.body = inner;
    draft.decoded = inner;
  };
}

function lengths(): [Verdict, string, Apply][] {
  const value = (text: (n: number) => string): Apply => withLength((n) => [`Content-Length: ${text(n)}`]);
  return [
    ['one', 'no body', () => {}],
    ['one', 'a length', value(String)],
    ['one', 'a length in spaces and tabs', value((n) => ` \t${n}\t `)],
    ['one', 'a length in capitals', withLength((n) => [`CONTENT-LENGTH:${n}`])],
    [
      'one',
      'a length of 0',
      (draft) => {
        draft.framing = ['Content-Length: 0'];
      },
    ],
    ['either', 'a length with a leading zero', value((n) => `0${n}`)],
    ['either', 'a length with many leading zeros', value((n) => `${'0'.repeat(40)}${n}`)],
    ['refused', 'a signed length', value((n) => `+${n}`)],
    ['refused', 'a negative length', value((n) => `-${n}`)],
    ['refused', 'a negative length of 0', value(() => '-0')],
    ['refused', 'a length in hex', value((n) => `0x${n.toString(16)}`)],
    ['refused', 'a length in hex digits', value((n) => `${n}a`)],
    ['refused', 'a length with a fraction', value((n) => `${n}.0`)],
    ['refused', 'a length with an exponent', value((n) => `${n}e0`)],
    ['refused', 'a length with a separator', value((n) => `${n}_0`)],
    ['refused', 'a length with a space inside', value((n) => `${n} 0`)],
    ['refused', 'a length with a tab inside', value((n) => `0\t${n}`)],
    ['refused', 'a length with a parameter', value((n) => `${n};x=1`)],
    ['refused', 'a length in quotes', value((n) => `"${n}"`)],
    ['refused', 'an empty length', value(() => '')],
    ['refused', 'a length of a vertical tab', value((n) => `\x0b${n}`)],
    ['refused', 'a length with a NUL', value((n) => `${n}\0`)],
    ['refused', 'a length in superscript', value(() => '\xb2')],
    ['refused', 'a list of equal lengths', value((n) => `${n}, ${n}`)],
    ['refused', 'a list of lengths', value((n) => `0, ${n}`)],
    ['refused', 'a list with an empty member', value((n) => `${n},`)],
    ['refused', 'a list that begins empty', value((n) => `,${n}`)],
    ['refused', 'a length past the bound', value(() => '99999999999')],
    ['refused', 'a length past 2^53', value((n) => String(2n ** 53n + BigInt(n)))],
    ['refused', 'a length past 2^64 that wraps', value((n) => String(2n ** 64n + BigInt(n)))],
    ['refused', 'a length of a hundred digits', value(() => '9'.repeat(100))],
    ['refused', 'the same length twice', withLength((n) => [`Content-Length: ${n}`, `Content-Length: ${n}`])],
    ['refused', 'two lengths, the first 0', withLength((n) => ['Content-Length: 0', `Content-Length: ${n}`])],
    ['refused', 'two lengths, the last 0', withLength((n) => [`Content-Length: ${n}`, 'Content-Length: 0'])],
    ['refused', 'two lengths of two spellings', withLength((n) => [`content-length: ${n}`, 'CONTENT-LENGTH: 0'])],
    ['refused', 'a length with a space before the colon', withLength((n) => [`Content-Length : ${n}`])],
    ['refused', 'a length behind a fold', withLength((n) => ['Content-Length:', ` ${n}`])],
    ['refused', 'a length that a fold goes on with', withLength((n) => [`Content-Length: ${n}`, ' 0'])],
    ['refused', 'a length with a space before its name', withLength((n) => [` Content-Length: ${n}`])],
    ['refused', 'a length with a NUL in its name', withLength((n) => [`Content-Length\0: ${n}`])],
  ];
}

function chunked(inner: string): string {
  return `${inner.length.toString(16)}\r\n${inner}\r\n0\r\n\r\n`;
}

function withCoding(lines: string[]): Apply {
  return (draft, inner) => {
    draft.framing = lines;
    draft.body = chunked(inner);
    draft.decoded = inner;
  };
}

const notChunked = [
  '',
  'identity',
  'xchunked',
  'chunkedx',
  'x chunked',
  'chunked x',
  'chu nked',
  'chunked, identity',
  'identity, chunked',
  'gzip, chunked',
  'gzip,chunked',
  'chunked, gzip',
  'chunked, chunked',
  'chunked,',
  ',chunked',
  ', chunked',
  'chunked;q=1',
  'chunked;',
  ';chunked',
  '"chunked"',
  "'chunked'",
  '=chunked',
  '[chunked]',
  'chunked:',
  'c\x00hunked',
  'chunked\x00',
  '\x00chunked',
  '\x0bchunked',
  'chunked\x0b',
  '\x0cchunked',
  'chunked\x0c',
  '\rchunked',
  'chunked\r',
  '\nchunked',
  'chunked\n',
  'chunked\x7f',
  '\x85chunked',
  '\xa0chunked',
  'chunked\xa0',
  'chunk\xc3\xa9d',
  'cow',
  'x-chunked',
  'trailers, chunked',
];

function codings(): [Verdict, string, Apply][] {
  const named = (verdict: Verdict, value: string): [Verdict, string, Apply] => [
    verdict,
    `the coding ${JSON.stringify(value)}`,
    withCoding([`Transfer-Encoding: ${value}`]),
  ];
  return [
    named('one', 'chunked'),
    named('one', ' \tchunked\t '),
    ['one', 'a coding without a space', withCoding(['transfer-encoding:chunked'])],
    named('either', 'Chunked'),
    named('either', 'CHUNKED'),
    ...notChunked.map((value) => named('refused', value)),
    ['refused', 'chunked twice', withCoding(['Transfer-Encoding: chunked', 'Transfer-Encoding: chunked'])],
    ['refused', 'identity before chunked', withCoding(['Transfer-Encoding: identity', 'Transfer-Encoding: chunked'])],
    ['refused', 'chunked before identity', withCoding(['Transfer-Encoding: chunked', 'Transfer-Encoding: identity'])],
    ['refused', 'chunked before nothing', withCoding(['Transfer-Encoding: chunked', 'Transfer-Encoding:'])],
    ['refused', 'a coding behind a fold', withCoding(['Transfer-Encoding:', ' chunked'])],
    ['refused', 'a coding that a fold goes on with', withCoding(['Transfer-Encoding: chunked', ' identity'])],
    ['refused', 'a coding in a fold of another field', withCoding(['X-A: 1', ' Transfer-Encoding: chunked'])],
    ['refused', 'a coding with a space before the colon', withCoding(['Transfer-Encoding : chunked'])],
    ['refused', 'a coding with a tab before the colon', withCoding(['Transfer-Encoding\t: chunked'])],
    ['refused', 'a coding with a NUL in its name', withCoding(['Transfer-Encoding\0: chunked'])],
    ['refused', 'a coding behind a bare line feed', withCoding(['X-A: 1\nTransfer-Encoding: chunked'])],
    ['refused', 'a coding behind a bare carriage return', withCoding(['X-A: 1\rTransfer-Encoding: chunked'])],
    [
      'refused',
      'chunks in HTTP/1.0',
      (draft, inner) => {
        withCoding(['Transfer-Encoding: chunked'])(draft, inner);
        draft.version = '1.0';
      },
    ],
  ];
}

/** The classic pair: whichever field a reader believes, another would have believed the other. */
function bothWays(): [Verdict, string, Apply][] {
  const codingLines = ['chunked', 'Chunked', 'identity', 'xchunked', 'gzip, chunked', '', '\x0bchunked', 'chunked, x'];
  return codingLines.flatMap((coding): [Verdict, string, Apply][] => [
    [
      'refused',
      `CL.TE with ${JSON.stringify(coding)}`,
      (draft, inner) => {
        draft.body = `0\r\n\r\n${inner}`;
        draft.framing = [`Content-Length: ${draft.body.length}`, `Transfer-Encoding: ${coding}`];
      },
    ],
    [
      'refused',
      `TE.CL with ${JSON.stringify(coding)}`,
      (draft, inner) => {
        const size = `${inner.length.toString(16)}\r\n`;
        draft.body = `${size}${inner}\r\n0\r\n\r\n`;
        draft.framing = [`Transfer-Encoding: ${coding}`, `Content-Length: ${size.length}`];
      },
    ],
    [
      'refused',
      `TE.0 with ${JSON.stringify(coding)}`,
      (draft, inner) => {
        draft.body = chunked(inner);
        draft.framing = [`Transfer-Encoding: ${coding}`, 'Content-Length: 0'];
      },
    ],
  ]);
}

type Chunks = [Verdict, string, (inner: string) => string, ((inner: string) => string)?];

/** `S` stands for the size of the chunk in hex, `D` for its data. */
function spelled(text: string): (inner: string) => string {
  return (inner) => text.replace('S', () => inner.length.toString(16)).replace('D', () => inner);
}

function chunks(): Chunks[] {
  const end = '0\r\n\r\n';
  const rows: [Verdict, string, string][] = [
    ['one', 'a chunk', `S\r\nD\r\n${end}`],
    ['one', 'an extension', `S;a=b\r\nD\r\n${end}`],
    ['one', 'an extension without a value', `S;a\r\nD\r\n${end}`],
    ['one', 'an extension in quotes', `S;a="b;c\\"d"\r\nD\r\n${end}`],
    ['one', 'an extension of the last chunk', 'S\r\nD\r\n0;a=b\r\n\r\n'],
    ['either', 'an extension with spaces around it', `S ; a = b\r\nD\r\n${end}`],
    ['either', 'a size with leading zeros', `000S\r\nD\r\n${end}`],
    ['either', 'a size with very many leading zeros', `${'0'.repeat(40)}S\r\nD\r\n${end}`],
    ['either', 'a last chunk of many zeros', 'S\r\nD\r\n000\r\n\r\n'],
    ['broken', 'an empty size', `\r\nD\r\n${end}`],
    ['broken', 'a size that is none', `z\r\nD\r\n${end}`],
    ['broken', 'a size with what is no digit behind it', `Sz\r\nD\r\n${end}`],
    ['broken', 'a negative size', `-S\r\nD\r\n${end}`],
    ['broken', 'a signed size', `+S\r\nD\r\n${end}`],
    ['broken', 'a size with a prefix', `0xS\r\nD\r\n${end}`],
    ['broken', 'a size with a point', `S.0\r\nD\r\n${end}`],
    ['broken', 'a size with an underscore', `0_S\r\nD\r\n${end}`],
    ['broken', 'a size behind a space', ` S\r\nD\r\n${end}`],
    ['broken', 'a size behind a tab', `\tS\r\nD\r\n${end}`],
    ['broken', 'a size before a space', `S \r\nD\r\n${end}`],
    ['broken', 'a size before a tab', `S\t\r\nD\r\n${end}`],
    ['broken', 'a size in quotes', `"S"\r\nD\r\n${end}`],
    ['broken', 'a size with a comma', `S,S\r\nD\r\n${end}`],
    ['broken', 'a size with a NUL', `S\0\r\nD\r\n${end}`],
    ['broken', 'an extension without a name', `S;\r\nD\r\n${end}`],
    ['broken', 'an extension of a value only', `S;=b\r\nD\r\n${end}`],
    ['broken', 'an extension before the size', `;a\r\nS\r\nD\r\n${end}`],
    ['broken', 'an extension with a NUL', `S;a=\0\r\nD\r\n${end}`],
    ['broken', 'an extension with a line feed', `S;a\nb\r\nD\r\n${end}`],
    ['broken', 'an extension ended by a line feed', `S;a\nD\r\n${end}`],
    ['broken', 'an extension with a carriage return', `S;a\rb\r\nD\r\n${end}`],
    ['broken', 'an extension with two carriage returns', `S;a\r\r\nD\r\n${end}`],
    ['broken', 'an extension with an open quote', `S;a="b\r\nD\r\n${end}`],
    ['broken', 'an extension past its bound', `S;a=${'x'.repeat(20_000)}\r\nD\r\n${end}`],
    ['broken', 'extensions past their bound', `${`1;a=${'x'.repeat(500)}\r\nx\r\n`.repeat(2_000)}${end}`],
    ['broken', 'a size ended by a line feed', `S\nD\r\n${end}`],
    ['broken', 'a size ended by a carriage return', `S\rD\r\n${end}`],
    ['broken', 'a size ended by two carriage returns', `S\r\r\nD\r\n${end}`],
    ['broken', 'a chunk ended by a line feed', `S\r\nD\n${end}`],
    ['broken', 'a chunk ended by a carriage return', `S\r\nD\r${end}`],
    ['broken', 'a chunk ended by nothing', `S\r\nD${end}`],
    ['broken', 'a chunk ended by two bytes', `S\r\nDXX${end}`],
    ['broken', 'a chunk longer than it says', `3\r\nD\r\n${end}`],
    ['broken', 'a chunk with a byte too many', `S\r\nDx\r\n${end}`],
    ['broken', 'line feeds only', 'S\nD\n0\n\n'],
    ['broken', 'a last chunk ended by a line feed', 'S\r\nD\r\n0\n\r\n'],
    ['broken', 'a body ended by a line feed', 'S\r\nD\r\n0\r\n\n'],
    ['broken', 'a last chunk with a sign', 'S\r\nD\r\n-0\r\n\r\n'],
    ['broken', 'a last chunk with a prefix', 'S\r\nD\r\n0x0\r\n\r\n'],
    ['broken', 'a last chunk before a space', 'S\r\nD\r\n0 \r\n\r\n'],
    ['broken', 'a size past 2^53', `20000000000000\r\nD\r\n${end}`],
    ['broken', 'a size past 2^64', `10000000000000000\r\nD\r\n${end}`],
    ['broken', 'a size past 2^64 that wraps', `1000000000000000S\r\nD\r\n${end}`],
    ['broken', 'a size of a hundred digits', `${'f'.repeat(100)}\r\nD\r\n${end}`],
  ];
  const digits = (inner: string) => inner.length.toString(16).toUpperCase();
  const halves = (inner: string) => {
    const middle = Math.ceil(inner.length / 2);
    return [inner.slice(0, middle), inner.slice(middle)].map((half) => `${half.length.toString(16)}\r\n${half}\r\n`);
  };
  return [
    ...rows.map(([verdict, name, text]): Chunks => [verdict, name, spelled(text)]),
    ['one', 'a size in capitals', (inner) => `${digits(inner)}\r\n${inner}\r\n${end}`],
    ['one', 'two chunks', (inner) => halves(inner).join('') + end],
    ['one', 'a chunk for every byte', (inner) => [...inner].map((byte) => `1\r\n${byte}\r\n`).join('') + end],
    ['one', 'no chunk', () => end, () => ''],
  ];
}

function trailers(): [Verdict, string, Apply][] {
  const behind = (verdict: Verdict, name: string, text: string): [Verdict, string, Apply] => [
    verdict,
    name,
    (draft, inner) => {
      draft.framing = ['Transfer-Encoding: chunked'];
      draft.body = `${inner.length.toString(16)}\r\n${inner}\r\n0\r\n${text}\r\n`;
      draft.decoded = inner;
      draft.trailers = true;
    },
  ];
  return [
    behind('one', 'a trailer', 'X-Check: 1\r\n'),
    behind('either', 'a length in a trailer', 'Content-Length: 5\r\n'),
    behind('either', 'a coding in a trailer', 'Transfer-Encoding: chunked\r\n'),
    behind('either', 'a Host in a trailer', `Host: ${forged}\r\n`),
    behind('either', 'a token in a trailer', `Authorization: ${forged}\r\n`),
    behind('either', 'an identity in a trailer', `Callora-Account: ${forged}\r\nX_Callora_Call: ${forged}\r\n`),
    behind('either', 'an address in a trailer', `X-Forwarded-For: ${forged}\r\nForwarded: ${forged}\r\n`),
    behind('broken', 'a trailer with a space before the colon', 'X-A : 1\r\n'),
    behind('broken', 'a trailer without a colon', 'X-A\r\n'),
    behind('broken', 'a trailer without a name', ': 1\r\n'),
    behind('broken', 'a folded trailer', 'X-A: 1\r\n 2\r\n'),
    behind('broken', 'a trailer with a line feed', 'X-A: 1\nX-B: 2\r\n'),
    behind('broken', 'a trailer ended by a line feed', 'X-A: 1\n'),
    behind('broken', 'a trailer with a carriage return', 'X-A: 1\r2\r\n'),
    behind('broken', 'a trailer with a NUL', 'X-A: 1\0\r\n'),
    behind('broken', 'a trailer with a control byte', 'X-A: 1\x01\r\n'),
    behind('broken', 'a request for a trailer', 'GET /api0/x HTTP/1.1\r\n'),
    behind('broken', 'a trailer past its bytes', `X-A: ${'a'.repeat(70_000)}\r\n`),
    behind('broken', 'trailers past their number', 'X-A: 1\r\n'.repeat(2_000)),
  ];
}
