import { hasBareLineEnd } from './bare-line-end.ts';
import type { HeadFault } from './fields.ts';
import { parseRequestHead } from './request-head.ts';

const headEnd = Buffer.from('\r\n\r\n');
const lineEnd = headEnd.subarray(0, 2);
const carriageReturn = 0x0d;
const lineFeed = 0x0a;

/** Empty lines before a request that are overlooked (RFC 9112 section 2.2). */
const emptyLinesMax = 2;

/**
 * Finds the heads of requests in bytes that come in any pieces. One that comes in single bytes is not searched anew for each,
 * and one that can become none is not waited for.
 */
export class HeadSearch {
  /** Where the head begins in the bytes that were looked at last, behind empty lines, and where it ends if it is whole. */
  start = 0;
  end = -1;
  /** Bytes of a head that have been looked at. */
  #searched = 0;
  #emptyLines = 0;
  /** True once the first line of a head that has not come whole has been looked at. */
  #isLineRead = false;

  /** `bytes` are those from `start` on of the last look, and what has come since. */
  look(bytes: Buffer, bytesMax: number): 'whole' | 'part' | HeadFault {
    const start = this.#skipEmptyLines(bytes);
    const searched = this.#searched;
    const end = bytes.indexOf(headEnd, Math.max(start, searched - headEnd.length + 1));
    this.start = start;
    this.end = end;
    if ((end < 0 ? bytes.length : end) - start > bytesMax)
      return { fault: 'too_long', detail: `at most ${bytesMax} bytes` };
    if (end < 0) {
      this.#searched = bytes.length - start;
      return this.#judgePart(bytes, Math.max(start, searched - 1));
    }
    this.#searched = 0;
    this.#emptyLines = 0;
    this.#isLineRead = false;
    return 'whole';
  }

  #judgePart(bytes: Buffer, from: number): 'part' | HeadFault {
    const end = this.#isLineRead ? -1 : bytes.indexOf(lineEnd, from);
    if (end >= 0) {
      this.#isLineRead = true;
      // A first line that begins no request makes none with what follows it: HTTP/0.9 sends nothing more, and waits.
      const line = parseRequestHead(bytes, this.start, end, 0);
      if ('fault' in line) return line;
    }
    return hasBareLineEnd(bytes, from) ? { fault: 'field', detail: 'a line does not end with CRLF' } : 'part';
  }

  #skipEmptyLines(bytes: Buffer): number {
    let at = 0;
    while (bytes[at] === carriageReturn && bytes[at + 1] === lineFeed && this.#emptyLines < emptyLinesMax) {
      at += 2;
      this.#emptyLines++;
    }
    return at;
  }
}
