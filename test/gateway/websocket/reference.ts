/** Frames of RFC 6455 as a test makes and reads them: plain, slow, and with nothing of the tracker's code. */

export type FrameSpec = { opcode: number; last: boolean; payload: ArrayLike<number> };

export function frame({ opcode, last, payload }: FrameSpec, masked: boolean): Buffer {
  const { length } = payload;
  const head = [(last ? 128 : 0) + opcode];
  const bit = masked ? 128 : 0;
  if (length < 126) head.push(bit + length);
  else if (length < 65_536) head.push(bit + 126, length >> 8, length % 256);
  else
    head.push(
      bit + 127,
      0,
      0,
      0,
      0,
      Math.floor(length / 2 ** 24) % 256,
      (length >> 16) % 256,
      (length >> 8) % 256,
      length % 256,
    );
  const key = masked ? [0x37, 0xfa, 0x21, 0x3d] : [];
  return Buffer.from([...head, ...key, ...Array.from(payload).map((byte, i) => byte ^ (key[i % 4] ?? 0))]);
}

export type ReadFrame = { at: number; end: number; opcode: number; last: boolean; masked: boolean; payload: number[] };

/** The whole frames in some bytes, and how many bytes are left behind the last of them. */
export function readFrames(bytes: Buffer): { frames: ReadFrame[]; rest: number } {
  const frames: ReadFrame[] = [];
  let at = 0;
  for (;;) {
    const found = readFrame(bytes, at);
    if (!found) return { frames, rest: bytes.length - at };
    frames.push(found);
    at = found.end;
  }
}

function readFrame(bytes: Buffer, start: number): ReadFrame | undefined {
  let at = start;
  const next = () => bytes[at++] ?? Number.NaN;
  const first = next();
  const second = next();
  let length = second % 128;
  if (length > 125) {
    let left = length === 126 ? 2 : 8;
    for (length = 0; left > 0; left--) length = length * 256 + next();
  }
  const masked = second >= 128;
  const key = masked ? [next(), next(), next(), next()] : [0, 0, 0, 0];
  if (Number.isNaN(length) || !(at + length <= bytes.length)) return undefined;
  const payload = Array.from(bytes.subarray(at, at + length)).map((byte, i) => byte ^ (key[i % 4] ?? 0));
  return { at: start, end: at + length, opcode: first % 16, last: first >= 128, masked, payload };
}
