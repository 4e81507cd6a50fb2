import type { ResponseHead } from './response-head.ts';

/**
 * How the end of a body is found. `mayOverrun`: the head speaks of a body all the same, and a careless server sends it;
 * those bytes would be the answer to whatever call came next on the connection.
 */
export type Framing =
  | { kind: 'none'; mayOverrun?: true }
  | { kind: 'length'; bytes: number }
  | { kind: 'chunked' }
  | { kind: 'until_close' };

const none: Framing = { kind: 'none' };
const noneSpokenOf: Framing = { kind: 'none', mayOverrun: true };
const chunked: Framing = { kind: 'chunked' };
const untilClose: Framing = { kind: 'until_close' };

/**
 * RFC 9112 section 6.3 from the client's side. Where that section lets a client guess (several lengths, a length beside
 * a transfer coding, a coding other than chunked) this is a fault: the connection would be out of step for the next call.
 */
export function responseFraming(requestMethod: string, head: ResponseHead): Framing | { fault: string } {
  let length = -1;
  let isChunked = false;
  const { status, minor, fields } = head;
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const name = fields[i] ?? '';
    // Nearly every name is told by its length.
    if (name.length !== 14 && name.length !== 17) continue;
    const lower = name.toLowerCase();
    if (lower === 'content-length') {
      if (length >= 0) return { fault: 'Content-Length stands twice' };
      length = readLength(fields[i + 1] ?? '');
      if (length < 0) return { fault: 'Content-Length is not a number' };
    } else if (lower === 'transfer-encoding') {
      if (isChunked || (fields[i + 1] ?? '').toLowerCase() !== 'chunked') {
        return { fault: 'the transfer coding is not chunked' };
      }
      isChunked = true;
    }
  }
  if (isChunked && length >= 0) return { fault: 'Content-Length and Transfer-Encoding exclude each other' };
  if (isChunked && minor === 0) return { fault: 'HTTP/1.0 has no Transfer-Encoding' };
  if (requestMethod === 'HEAD' || status < 200 || status === 204 || status === 304) {
    // A length may stand here and speaks of the body that another request would have had. HEAD always asks for such a head.
    return requestMethod === 'HEAD' || isChunked || length > 0 ? noneSpokenOf : none;
  }
  if (isChunked) return chunked;
  return length >= 0 ? { kind: 'length', bytes: length } : untilClose;
}

/** Bytes that Content-Length declares, or -1 when its value is anything but digits. */
export function readLength(text: string): number {
  if (text.length === 0 || text.length > 16) return -1;
  let bytes = 0;
  for (let i = 0; i < text.length; i++) {
    const digit = text.charCodeAt(i) - 48;
    if (!(digit >= 0 && digit <= 9)) return -1;
    bytes = bytes * 10 + digit;
  }
  return Number.isSafeInteger(bytes) ? bytes : -1;
}
