import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AnswerReader, type AnswerSink } from '../../src/upstream/answer-reader.ts';

type Heard = {
  informational: number[];
  status: number;
  body: string;
  trailers: string[] | undefined;
  fault: string;
  ends: number;
};

/** Reads the bytes in these pieces, from memory that is overwritten behind each of them as a socket's is. */
function read(bytes: Buffer, cuts: number[], method = 'GET'): Heard & { mayKeep: boolean } {
  const heard: Heard = { informational: [], status: 0, body: '', trailers: undefined, fault: '', ends: 0 };
  const sink: AnswerSink = {
    informational: ({ status }) => void heard.informational.push(status),
    head({ status }) {
      heard.status = status;
    },
    data(view) {
      if (heard.ends > 0) throw new Error('data behind the end');
      heard.body += view.toString('latin1');
    },
    done(trailers) {
      heard.trailers = trailers;
      heard.ends++;
    },
    upgraded() {
      heard.ends++;
    },
    fault(kind) {
      heard.fault = kind;
      heard.ends++;
    },
  };
  const reader = new AnswerReader(sink, 1_024);
  reader.begin(method, false);
  const memory = Buffer.alloc(bytes.length);
  const ends = [...new Set(cuts.map((cut) => cut % (bytes.length + 1))), bytes.length].sort((a, b) => a - b);
  let at = 0;
  for (const end of ends) {
    if (end === at || heard.ends > 0) continue;
    memory.fill('#');
    const size = bytes.copy(memory, 0, at, end);
    reader.read(memory.subarray(0, size));
    at = end;
  }
  const mayKeep = reader.mayKeep && at === bytes.length;
  if (heard.ends === 0) reader.ended();
  return { ...heard, mayKeep };
}

const text = fc.string({ unit: fc.constantFrom(...'ab\r\n0: ;5'), maxLength: 60 });
const pieces = fc.array(fc.nat({ max: 2_000 }), { maxLength: 30 });
const hints = fc.array(fc.constantFrom(100, 102, 103), { maxLength: 3 });

/** A whole answer with a body, and what has to come out of it. */
const answer = fc
  .record({ hints, bodies: fc.array(text, { maxLength: 6 }), chunked: fc.boolean(), trailer: fc.boolean() })
  .map(({ hints: informational, bodies, chunked, trailer }) => {
    const parts = bodies.filter((part) => part !== '');
    const body = parts.join('');
    const before = informational.map((status) => `HTTP/1.1 ${status} x\r\na: b\r\n\r\n`).join('');
    const chunks = parts.map((part) => `${part.length.toString(16)}\r\n${part}\r\n`).join('');
    const framed = chunked
      ? `transfer-encoding: chunked\r\n\r\n${chunks}0\r\n${trailer ? 'X-Sum: 1\r\n' : ''}\r\n`
      : `content-length: ${body.length}\r\n\r\n${body}`;
    const bytes = Buffer.from(`${before}HTTP/1.1 200 OK\r\n${framed}`, 'latin1');
    return { bytes, body, informational, trailers: chunked && trailer ? ['X-Sum', '1'] : [] };
  });

describe('an answer', () => {
  it('is the same in whatever pieces it comes, and leaves the connection to the next', () => {
    fc.assert(
      fc.property(answer, pieces, ({ bytes, body, informational, trailers }, cuts) => {
        const expected = { informational, status: 200, body, trailers, fault: '', ends: 1, mayKeep: true };
        expect(read(bytes, cuts)).toEqual(expected);
      }),
      { numRuns: 2_000 },
    );
  });

  it('that is cut short anywhere never ends well', () => {
    fc.assert(
      fc.property(answer, pieces, fc.nat(), ({ bytes, body }, cuts, cut) => {
        const heard = read(bytes.subarray(0, cut % bytes.length), cuts);
        expect(heard).toMatchObject({ trailers: undefined, fault: 'closed', ends: 1 });
        expect(body.startsWith(heard.body)).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });

  it('with bytes behind it is the last of its connection', () => {
    fc.assert(
      fc.property(answer, pieces, fc.string({ minLength: 1, maxLength: 20 }), ({ bytes, body }, cuts, more) => {
        const heard = read(Buffer.concat([bytes, Buffer.from(more, 'latin1')]), cuts);
        expect(heard).toMatchObject({ body, ends: 1, mayKeep: false });
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('any bytes', () => {
  const noise = fc.string({ unit: fc.constantFrom(...'HTP/1. 20\r\n:;acehkntdr-gfl5\0\t'), maxLength: 200 });

  it('end exactly once, whole or with a fault, whatever they are', () => {
    fc.assert(
      fc.property(answer, noise, fc.nat(), pieces, ({ bytes }, junk, at, cuts) => {
        const where = at % (bytes.length + 1);
        const mixed = Buffer.concat([bytes.subarray(0, where), Buffer.from(junk, 'latin1'), bytes.subarray(where)]);
        const heard = read(mixed, cuts);
        expect(heard.ends).toBe(1);
        expect(heard.trailers === undefined).toBe(heard.fault !== '');
      }),
      { numRuns: 3_000 },
    );
  });

  it('mean the same in one piece and in any others', () => {
    fc.assert(
      fc.property(answer, noise, fc.nat(), pieces, ({ bytes }, junk, at, cuts) => {
        const where = at % (bytes.length + 1);
        const mixed = Buffer.concat([bytes.subarray(0, where), Buffer.from(junk, 'latin1'), bytes.subarray(where)]);
        const { status, trailers, informational } = read(mixed, []);
        expect(read(mixed, cuts)).toMatchObject({ status, trailers, informational });
      }),
      { numRuns: 3_000 },
    );
  });
});
