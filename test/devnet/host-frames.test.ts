import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FrameReader, FrameWriter } from '../../src/devnet/host-frames.ts';

const u32 = fc.integer({ min: 0, max: 0xffff_ffff });
const bytes = fc.uint8Array({ maxLength: 3000 });

describe('frames', () => {
  it('give back what was written, in the order it was written', () => {
    fc.assert(
      fc.property(u32, fc.bigInt(0n, 2n ** 64n - 1n), bytes, fc.array(bytes), fc.array(u32), (a, b, c, d, e) => {
        const frame = new FrameWriter().u32(a).u64(b).bytes(c).bytesList(d).u32List(e).finish();
        const reader = new FrameReader(frame);
        expect([reader.u32(), reader.u64(), reader.bytes(), reader.bytesList()]).toEqual([a, b, c, d]);
        expect(reader.list(() => reader.u32())).toEqual(e);
        reader.end();
      }),
    );
  });

  it('tell absent bytes from present ones by their length', () => {
    const frame = new FrameWriter().bytes(new Uint8Array()).bytes(Uint8Array.of(7)).finish();
    const reader = new FrameReader(frame);
    expect([reader.optionalBytes(), reader.optionalBytes()]).toEqual([undefined, Uint8Array.of(7)]);
  });

  it('that end early are an error, never a short value', () => {
    fc.assert(
      fc.property(bytes, fc.nat(), (content, cut) => {
        const frame = new FrameWriter().bytes(content).finish();
        const reader = new FrameReader(frame.subarray(0, cut % frame.length));
        expect(() => reader.bytes()).toThrow(RangeError);
      }),
    );
  });

  it('with bytes left over are an error', () => {
    expect(() => new FrameReader(Uint8Array.of(1)).end()).toThrow(/1 bytes after the end/);
  });
});
