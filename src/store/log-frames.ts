import { fstatSync, readSync } from 'node:fs';

/**
 * SQLite's write-ahead log as bytes: a header, then frames with a page each. Numbers are big-endian; each frame repeats the
 * header's salts, and its checksum goes on from that of the frame before it. The log is written over from its beginning again
 * and again, each time with new salts, so older frames may lie behind its end.
 */
export type LogHeader = { pageBytes: number; salts: bigint; sum: Sum; littleEndian: boolean };

export type LogFrame = {
  /** From 1 on, by place in the file. */
  number: number;
  /** `read`: what SQLite plays back. Behind the first frame that is not: `whole`, as this log wrote it, or `broken`. */
  standing: 'read' | 'whole' | 'broken';
  /** Has the header's salts: it belongs to this log and not to an older one. */
  ofThisLog: boolean;
  pageNumber: number;
  endsCommit: boolean;
  /** Good until the next frame is asked for. */
  page: Buffer;
};

type Sum = { first: number; second: number };

export const logHeaderBytes = 32;
/** Where the header has its salts, 8 bytes. */
export const saltsAt = 16;

const frameHeaderBytes = 24;

/** Read at once: large enough that a call into the system costs nothing beside it, and no log is ever in memory whole. */
const chunkBytes = 1 << 20;

/** Undefined when it is not as SQLite wrote it. */
export function readLogHeader(bytes: Buffer): LogHeader | undefined {
  const view = viewOf(bytes);
  const magic = view.getUint32(0);
  // The last bit tells in which order of bytes the machine that began this log adds up.
  if ((magic & ~1) !== 0x377f0682) return undefined;
  const littleEndian = (magic & 1) === 0;
  const sum = addUp(view, 0, 24, { first: 0, second: 0 }, littleEndian);
  if (!isEqual(sum, sumAt(view, 24))) return undefined;
  return { pageBytes: view.getUint32(8), salts: view.getBigUint64(saltsAt), sum, littleEndian };
}

/** All frames that have room in the file, in order; what is left of one at the end of the file is none. */
export function* readLogFrames(descriptor: number, header: LogHeader): Generator<LogFrame, void> {
  const frameBytes = frameHeaderBytes + header.pageBytes;
  const room = Math.floor(Math.min(chunkBytes, fstatSync(descriptor).size) / frameBytes);
  const chunk = Buffer.allocUnsafe(Math.max(1, room) * frameBytes);
  const view = viewOf(chunk);
  let stored = header.sum;
  let reckoned = header.sum;
  let isRead = true;
  let number = 0;
  for (;;) {
    const frames = Math.floor(fill(descriptor, chunk, logHeaderBytes + number * frameBytes) / frameBytes);
    if (frames === 0) return;
    for (let at = 0; at < frames * frameBytes; at += frameBytes) {
      const ofThisLog = view.getBigUint64(at + 8) === header.salts && view.getUint32(at) !== 0;
      const told = sumAt(view, at + 16);
      const next = continueSum(view, at, stored, header);
      // Where only the checksum of the frame before was damaged, what it should be is known all the same.
      const goesOn = isEqual(next, told) || isEqual(continueSum(view, at, reckoned, header), told);
      const isWhole = ofThisLog && goesOn;
      isRead &&= isWhole;
      stored = told;
      reckoned = goesOn ? told : next;
      number += 1;
      yield {
        number,
        standing: isRead ? 'read' : isWhole ? 'whole' : 'broken',
        ofThisLog,
        pageNumber: view.getUint32(at),
        endsCommit: view.getUint32(at + 4) !== 0,
        page: chunk.subarray(at + frameHeaderBytes, at + frameBytes),
      };
    }
  }
}

/** Covers the page, and its number and the commit mark before it. */
function continueSum(view: DataView, at: number, from: Sum, { pageBytes, littleEndian }: LogHeader): Sum {
  const marked = addUp(view, at, at + 8, from, littleEndian);
  return addUp(view, at + frameHeaderBytes, at + frameHeaderBytes + pageBytes, marked, littleEndian);
}

function addUp(view: DataView, from: number, to: number, { first, second }: Sum, littleEndian: boolean): Sum {
  let one = first;
  let two = second;
  for (let at = from; at < to; at += 8) {
    one = (one + view.getInt32(at, littleEndian) + two) | 0;
    two = (two + view.getInt32(at + 4, littleEndian) + one) | 0;
  }
  return { first: one, second: two };
}

function sumAt(view: DataView, at: number): Sum {
  return { first: view.getInt32(at), second: view.getInt32(at + 4) };
}

function isEqual(one: Sum, other: Sum): boolean {
  return one.first === other.first && one.second === other.second;
}

function viewOf(bytes: Buffer): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** As much as there is, up to the whole buffer. */
function fill(descriptor: number, buffer: Buffer, position: number): number {
  let filled = 0;
  while (filled < buffer.length) {
    const count = readSync(descriptor, buffer, filled, buffer.length - filled, position + filled);
    if (count === 0) break;
    filled += count;
  }
  return filled;
}
