import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { closeFrame } from '../../../src/gateway/websocket/close-frame.ts';
import { type FrameRules, FrameTracker, type Scan } from '../../../src/gateway/websocket/frames.ts';
import { type FrameSpec, frame, readFrames } from './reference.ts';

const fromClient: FrameRules = { masked: true, packed: false, frameBytesMax: 1_000, messageBytesMax: 3_000 };
const fromServer: FrameRules = { ...fromClient, masked: false };

/** All that a tracker says about some pieces, with places counted from the first byte of all. */
function follow(rules: FrameRules, pieces: Buffer[]) {
  const tracker = new FrameTracker(rules);
  const seen: string[] = [];
  const passed: Buffer[] = [];
  const beats: string[] = [];
  let before = 0;
  let fault: Scan['fault'];
  for (const piece of pieces) {
    const scan = tracker.scan(piece);
    for (const mark of scan.marks) {
      const bytes = mark.kind === 'end' ? ` of ${mark.bytes}` : '';
      seen.push(`${mark.kind} at ${before + mark.at}${bytes}`);
    }
    beats.push(...scan.beats);
    passed.push(scan.bytes.subarray(0, scan.upTo));
    before += scan.upTo;
    fault = scan.fault;
  }
  return { seen, beats, fault, passed: Buffer.concat(passed), closed: tracker.closed, left: tracker.frameLeft };
}

function cut(bytes: Buffer, at: number[]): Buffer[] {
  const places = [0, ...at.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  return places.slice(1).map((end, i) => bytes.subarray(places[i], end));
}

const control: fc.Arbitrary<FrameSpec> = fc.record({
  opcode: fc.constantFrom(9, 10),
  last: fc.constant(true),
  payload: fc.uint8Array({ maxLength: 125 }),
});

/** One message in any number of frames, with control frames between them. */
const message: fc.Arbitrary<FrameSpec[]> = fc
  .tuple(
    fc.constantFrom(1, 2),
    fc.array(fc.tuple(fc.uint8Array({ maxLength: 300 }), fc.array(control, { maxLength: 2 })), {
      minLength: 1,
      maxLength: 4,
    }),
  )
  .map(([opcode, parts]) =>
    parts.flatMap(([payload, between], i) => [
      { opcode: i === 0 ? opcode : 0, last: i === parts.length - 1, payload },
      ...between,
    ]),
  );

describe('the frame tracker', () => {
  it('sees every message, ping and pong that a decoder sees, however the bytes are cut, and changes none', () => {
    fc.assert(
      fc.property(fc.array(message, { maxLength: 5 }), fc.boolean(), fc.array(fc.nat()), (messages, masked, cuts) => {
        const bytes = Buffer.concat(messages.flat().map((spec) => frame(spec, masked)));
        const found = follow(masked ? fromClient : fromServer, cut(bytes, cuts));
        const decoded = readFrames(bytes);
        expect(decoded.rest).toBe(0);
        expect(found.seen.filter((mark) => mark.startsWith('begin'))).toEqual(
          decoded.frames.filter(({ opcode }) => opcode === 1 || opcode === 2).map(({ at }) => `begin at ${at}`),
        );
        expect(found.seen.filter((mark) => mark.startsWith('end')).map((mark) => mark.split(' of ')[0])).toEqual(
          decoded.frames.filter(({ opcode, last }) => opcode < 8 && last).map(({ end }) => `end at ${end}`),
        );
        expect(found.beats).toEqual(
          decoded.frames
            .filter(({ opcode }) => opcode === (masked ? 10 : 9))
            .map(({ payload }) => Buffer.from(payload).toString('latin1')),
        );
        expect(found.passed.equals(bytes)).toBe(true);
        expect(found).toMatchObject({ fault: undefined, closed: false, left: 0 });
      }),
    );
  });

  it('says the same of any bytes at all, however they are cut, and passes nothing on behind a fault', () => {
    fc.assert(
      fc.property(
        fc.array(message, { maxLength: 2 }),
        fc.uint8Array({ maxLength: 40 }),
        fc.boolean(),
        fc.array(fc.nat()),
        (messages, junk, masked, cuts) => {
          const good = Buffer.concat(messages.flat().map((spec) => frame(spec, masked)));
          const bytes = Buffer.concat([good, junk]);
          const rules = masked ? fromClient : fromServer;
          const whole = follow(rules, [bytes]);
          expect(follow(rules, cut(bytes, cuts))).toEqual(whole);
          expect(
            follow(
              rules,
              [...bytes].map((byte) => Buffer.from([byte])),
            ),
          ).toEqual(whole);
          expect(bytes.subarray(0, whole.passed.length).equals(whole.passed)).toBe(true);
          expect(whole.passed.length).toBeGreaterThanOrEqual(good.length);
        },
      ),
    );
  });

  const head = (...bytes: number[]) => Buffer.from(bytes);
  const mask = [1, 2, 3, 4];

  it.each([
    ['a frame without a mask', head(0x81, 0x00), 'a client masks'],
    ['RSV1 that nobody agreed on', head(0xc1, 0x80, ...mask), 'reserved bit'],
    ['RSV2', head(0xa1, 0x80, ...mask), 'reserved bit'],
    ['RSV3', head(0x91, 0x80, ...mask), 'reserved bit'],
    ['an unknown data opcode', head(0x83, 0x80, ...mask), 'opcode'],
    ['an unknown control opcode', head(0x8b, 0x80, ...mask), 'opcode'],
    ['a continuation of nothing', head(0x80, 0x80, ...mask), 'continuation'],
    ['a message inside a message', head(0x01, 0x80, ...mask, 0x82, 0x80, ...mask), 'inside another'],
    ['a ping in pieces', head(0x09, 0x80, ...mask), 'in pieces'],
    ['a long ping', head(0x89, 0xfe, 0, 126, ...mask), 'too long'],
    ['a close with half a code', head(0x88, 0x81, ...mask, 0), 'half a code'],
    ['16 bits for a short length', head(0x81, 0xfe, 0, 125, ...mask), 'longer than it needs'],
    ['64 bits for a length of 16', head(0x81, 0xff, 0, 0, 0, 0, 0, 0, 0xff, 0xff, ...mask), 'longer than it needs'],
    ['a length of 2^63', head(0x81, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0, ...mask), '64 bits'],
  ])('refuses %s with 1002', (_, bytes, detail) => {
    expect(follow(fromClient, [bytes]).fault).toEqual({ code: 1002, detail: expect.stringContaining(detail) });
  });

  it('refuses a masked frame of a server', () => {
    expect(follow(fromServer, [head(0x81, 0x80, ...mask)]).fault?.code).toBe(1002);
  });

  it('takes RSV1 on the first frame of a message where packing was agreed on, and nowhere else', () => {
    const packed = { ...fromClient, packed: true };
    expect(follow(packed, [head(0x41, 0x80, ...mask, 0x80, 0x80, ...mask)])).toMatchObject({ fault: undefined });
    expect(follow(packed, [head(0x01, 0x80, ...mask, 0xc0, 0x80, ...mask)]).fault?.code).toBe(1002);
    expect(follow(packed, [head(0xc9, 0x80, ...mask)]).fault?.code).toBe(1002);
  });

  it.each([
    ['a frame', [0x81, 0xfe, 0x03, 0xe9, ...mask]],
    ['a length beyond any memory', [0x81, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, ...mask]],
  ])('refuses %s over the limit with 1009', (_, bytes) => {
    expect(follow(fromClient, [head(...bytes)]).fault).toEqual({
      code: 1009,
      detail: expect.stringMatching(/longer than \d+ bytes$/),
    });
  });

  it('bounds a message by all its frames, empty ones too', () => {
    const part = { opcode: 0, last: false, payload: new Uint8Array(0) };
    const frames = [frame({ ...part, opcode: 1 }, true), ...Array.from({ length: 499 }, () => frame(part, true))];
    expect(follow(fromClient, frames).fault).toBeUndefined();
    expect(follow(fromClient, [...frames, frame(part, true)]).fault?.code).toBe(1009);
  });

  it('lets nothing follow a close frame', () => {
    const whole = closeFrame(1000, 'bye', Buffer.from(mask));
    const found = follow(fromClient, [Buffer.concat([whole, frame({ opcode: 1, last: true, payload: [65] }, true)])]);
    expect(found).toMatchObject({ closed: true, fault: undefined });
    expect(found.passed.equals(whole)).toBe(true);
  });

  const bye = (code: number, words: ArrayLike<number>) => [code >> 8, code & 255, ...Array.from(words)];

  /** The two sides, and the bytes all at once or one by one. */
  function followClose(payload: number[]) {
    const found = [true, false].flatMap((masked) => {
      const bytes = frame({ opcode: 8, last: true, payload }, masked);
      const rules = masked ? fromClient : fromServer;
      return [follow(rules, [bytes]), follow(rules, cut(bytes, [...bytes.keys()]))];
    });
    const [first] = found;
    for (const { fault, closed } of found)
      expect({ fault, closed }).toEqual({ fault: first?.fault, closed: first?.closed });
    return {
      fault: first?.fault,
      closed: first?.closed,
      passed: Math.max(...found.map(({ passed }) => passed.length)),
    };
  }

  it.each([1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999])(
    'passes the close code %i, which may be sent',
    (code) => {
      expect(followClose(bye(code, Buffer.from('até logo')))).toMatchObject({ closed: true, fault: undefined });
    },
  );

  it.each([0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1999, 2000, 2999, 5000, 65_535])(
    'refuses the close code %i, which nobody may send, with 1002, and passes nothing of its frame',
    (code) => {
      const detail = expect.stringContaining('close code');
      expect(followClose(bye(code, []))).toEqual({ closed: false, fault: { code: 1002, detail }, passed: 0 });
    },
  );

  it('passes a close frame without a code', () => {
    expect(followClose([])).toMatchObject({ closed: true, fault: undefined });
  });

  it.each([
    ['half a letter', [0xc3]],
    ['a byte that begins none', [0xff]],
    ['half a surrogate pair', [0xed, 0xa0, 0x80]],
    ['a letter written longer than it needs', [0xc0, 0xaf]],
    ['a letter beyond the last one', [0xf4, 0x90, 0x80, 0x80]],
  ])('refuses words of a close frame with %s with 1007', (_, words) => {
    const detail = expect.stringContaining('UTF-8');
    expect(followClose(bye(1000, [65, ...words]))).toEqual({ closed: false, fault: { code: 1007, detail }, passed: 0 });
  });

  it('takes any words of a close frame as a strict decoder does', () => {
    const decoder = new TextDecoder('utf-8', { fatal: true });
    const words = fc.oneof(
      fc.uint8Array({ maxLength: 123 }),
      fc.string({ maxLength: 30, unit: 'binary' }).map((text) => new Uint8Array(Buffer.from(text))),
    );
    fc.assert(
      fc.property(words, (found) => {
        let isText = true;
        try {
          decoder.decode(found);
        } catch {
          isText = false;
        }
        expect(followClose(bye(1000, found)).closed).toBe(isText);
      }),
    );
  });

  it('writes close frames that a decoder reads, masked for a server', () => {
    for (const key of [undefined, Buffer.from(mask)]) {
      const [read] = readFrames(closeFrame(1008, 'why not', key)).frames;
      expect(read).toMatchObject({ opcode: 8, last: true, masked: key !== undefined });
      expect(Buffer.from(read?.payload ?? [])).toEqual(
        Buffer.concat([Buffer.from([0x03, 0xf0]), Buffer.from('why not')]),
      );
    }
    expect(() => closeFrame(1008, 'x'.repeat(124), undefined)).toThrow('123 bytes');
  });
});
