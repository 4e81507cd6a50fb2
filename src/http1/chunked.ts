import { isExtensionList } from './chunk-extension.ts';
import { fieldLines } from './field-lines.ts';
import { readFields } from './fields.ts';

export type ChunkedLimits = {
  /** Bytes of all chunk extensions of one body: nobody uses them, so they are only a way to send for ever. */
  extensionBytesMax: number;
  trailerBytesMax: number;
  trailerFieldsMax: number;
};

/** Far above what clients send and far below what would hurt. */
export const chunkedLimits: ChunkedLimits = { extensionBytesMax: 16_384, trailerBytesMax: 8_192, trailerFieldsMax: 32 };

/** `1a` is a size line; more digits than these is more than any body. */
const sizeDigitsMax = 12;
/** A size line with its extension, before it counts as an attack. */
const lineBytesMax = 4_096;

const carriageReturn = 0x0d;
const lineFeed = 0x0a;

/**
 * Reads a chunked body (RFC 9112 section 7.1) as it comes, in any pieces. Strict: a size is hex digits and nothing
 * else, a line ends with CRLF, a chunk is followed by CRLF. A body that breaks the grammar is `broken` for good, and
 * what was read of it is not a body.
 */
export class ChunkedReader {
  state: 'open' | 'done' | 'broken' = 'open';
  /** Flat pairs; filled when `state` is `done`. */
  trailers: string[] = [];
  fault: string | undefined;
  readonly #limits: ChunkedLimits;
  #step: 'size' | 'data' | 'data_end' | 'trailers' = 'size';
  /** What has come of a line that is not whole yet. */
  #line = '';
  #left = 0;
  #extensionBytes = 0;
  #trailerText = '';

  constructor(limits: ChunkedLimits = chunkedLimits) {
    this.#limits = limits;
  }

  /**
   * Takes what belongs to the body from `bytes` at `at`; returns the offset behind it. The data of all chunks in
   * `bytes` is moved together in place and told at once: a body of tiny chunks must not cost a write for each.
   */
  read(bytes: Buffer, at: number, onData: (chunk: Buffer) => void): number {
    let i = at;
    let from = at;
    let to = at;
    while (i < bytes.length && this.state === 'open') {
      if (this.#step !== 'data') {
        i = this.#readFraming(bytes, i);
        continue;
      }
      const end = Math.min(bytes.length, i + this.#left);
      this.#left -= end - i;
      if (this.#left === 0) this.#step = 'data_end';
      if (from === to) from = to = i;
      else bytes.copyWithin(to, i, end);
      to += end - i;
      i = end;
    }
    if (to > from) onData(from === 0 && to === bytes.length ? bytes : bytes.subarray(from, to));
    return i;
  }

  /** What nearly every chunk has around it is read as bytes; whatever else there is, as a line. */
  #readFraming(bytes: Buffer, at: number): number {
    if (this.#line !== '') return this.#readLine(bytes, at);
    if (this.#step === 'data_end' && bytes[at] === carriageReturn && bytes[at + 1] === lineFeed) {
      this.#step = 'size';
      return at + 2;
    }
    if (this.#step !== 'size') return this.#readLine(bytes, at);
    let size = 0;
    let i = at;
    for (; i < at + sizeDigitsMax; i++) {
      const digit = hexDigit(bytes[i] ?? 0);
      if (digit < 0) break;
      size = size * 16 + digit;
    }
    if (i === at || bytes[i] !== carriageReturn || bytes[i + 1] !== lineFeed) return this.#readLine(bytes, at);
    this.#begin(size);
    return i + 2;
  }

  #readLine(bytes: Buffer, at: number): number {
    const found = bytes.indexOf(lineFeed, at);
    const end = found < 0 ? bytes.length : found + 1;
    if (end - at + this.#line.length > lineBytesMax) return this.#break('a line of the chunked body is too long', end);
    this.#line += bytes.toString('latin1', at, end);
    if (found < 0) {
      // A lone CR in the middle of a line never becomes right; saying so now saves waiting for the rest.
      const wrong = this.#line.indexOf('\r');
      if (wrong >= 0 && wrong < this.#line.length - 1) return this.#break('a line does not end with CRLF', end);
      return end;
    }
    const line = this.#line;
    this.#line = '';
    if (line.charCodeAt(line.length - 2) !== carriageReturn) return this.#break('a line does not end with CRLF', end);
    this.#take(line.slice(0, -2));
    return end;
  }

  #take(line: string): void {
    if (this.#step === 'size') this.#takeSize(line);
    else if (this.#step === 'data_end') {
      if (line === '') this.#step = 'size';
      else this.#break('a chunk is longer than its size says');
    } else this.#takeTrailer(line);
  }

  #takeSize(line: string): void {
    const semicolon = line.indexOf(';');
    const digits = semicolon < 0 ? line : line.slice(0, semicolon);
    const size = readHex(digits);
    if (size < 0) {
      this.#break('a chunk size is malformed');
      return;
    }
    if (semicolon >= 0) {
      this.#extensionBytes += line.length - semicolon;
      if (this.#extensionBytes > this.#limits.extensionBytesMax) {
        this.#break('too many chunk extensions');
        return;
      }
      if (!isExtensionList(line, semicolon)) {
        this.#break('a chunk extension is malformed');
        return;
      }
    }
    this.#begin(size);
  }

  #begin(size: number): void {
    this.#left = size;
    this.#step = size === 0 ? 'trailers' : 'data';
  }

  #takeTrailer(line: string): void {
    if (line !== '') {
      this.#trailerText += `${line}\r\n`;
      if (this.#trailerText.length > this.#limits.trailerBytesMax) this.#break('the trailers are too large');
      return;
    }
    const text = this.#trailerText;
    const trailers = readFields(
      { bytes: Buffer.from(text, 'latin1'), base: 0, text },
      0,
      this.#limits.trailerFieldsMax,
    );
    if (Array.isArray(trailers)) {
      this.trailers = trailers;
      this.state = 'done';
    } else this.#break(`the trailers are malformed: ${trailers.detail}`);
  }

  #break(fault: string, at = 0): number {
    this.state = 'broken';
    this.fault = fault;
    return at;
  }
}

/** A chunk's size line. */
export function chunkHead(bytes: number): string {
  return `${bytes.toString(16)}\r\n`;
}

/** What stands behind the last chunk with data: an empty one, and the trailers. */
export function lastChunk(trailers: readonly string[]): string {
  return trailers.length === 0 ? '0\r\n\r\n' : `0\r\n${fieldLines(trailers)}\r\n`;
}

function readHex(text: string): number {
  if (text.length === 0 || text.length > sizeDigitsMax) return -1;
  let value = 0;
  for (let i = 0; i < text.length; i++) {
    const digit = hexDigit(text.charCodeAt(i));
    if (digit < 0) return -1;
    value = value * 16 + digit;
  }
  return value;
}

function hexDigit(code: number): number {
  if (code >= 48 && code <= 57) return code - 48;
  const lower = code | 0x20;
  return lower >= 97 && lower <= 102 ? lower - 87 : -1;
}
