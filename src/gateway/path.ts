import { isDotSegment } from '../catalog/dot-segment.ts';
import type { ErrorCode } from '../errors.ts';

/**
 * `path` is both what is priced and what is forwarded; `query` is `` or `?…`, untouched. `canonical` is the one spelling of
 * that path which the catalog knows: the same text but for what clients are known to write otherwise.
 * `encodedSlash` tells that the path has a `%2F`, which only some APIs allow; `lenient` that an upstream which is lenient
 * about case, encoding, parameters, dots behind a name, a format or a final slash may read it as another path.
 */
export type Target = { path: string; canonical: string; query: string; encodedSlash: boolean; lenient: boolean };
export type TargetResult = { ok: true; target: Target } | { ok: false; code: ErrorCode; detail: string };

const slash = 47;
const dot = 46;
const percent = 37;
const semicolon = 59;
const question = 63;
const tilde = 126;
const lowerA = 97;

/**
 * Classes of ASCII bytes: what may stand raw in a path (RFC 3986 pchar), what needs no encoding (unreserved), what is
 * another character when it is encoded (reserved), and what browsers leave raw although it is none of these.
 */
const isPathChar = table("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~!$&'()*+,;=:@/");
const isUnreserved = table('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~');
const isReserved = table(":/?#[]@!$&'()*+,;=");
const isLeftRaw = table('[]|');

/**
 * Takes a request target apart, or refuses it. A path passes only when every reader agrees on it: an upstream that
 * resolves dots, decodes once or twice, merges slashes or treats `\` as `/` arrives at the same route as the price.
 * Refusing is safer than rewriting: a rewritten path is one more reading.
 */
export function readTarget(target: string, targetBytesMax: number): TargetResult {
  if (target.length > targetBytesMax) {
    return { ok: false, code: 'target_too_long', detail: `at most ${targetBytesMax} bytes` };
  }
  if (target.charCodeAt(0) !== slash) {
    return { ok: false, code: 'bad_request', detail: 'the request target must be a path' };
  }
  let encodedSlash = false;
  let lenient = false;
  let isOtherwise = false;
  let segmentStart = 1;
  let lastDot = 0;
  let i = 1;
  for (; i < target.length; i++) {
    const code = target.charCodeAt(i);
    if (code === question) break;
    if (code === slash) {
      const wrong = judgeSegment(target, segmentStart, i);
      if (wrong || i === segmentStart) return bad(wrong ?? 'empty path segments are not allowed');
      if (target.charCodeAt(i - 1) === dot) lenient = true;
      segmentStart = i + 1;
    } else if (code === percent) {
      lenient = true;
      const read = readEncoding(target, i);
      if (typeof read === 'string') return bad(read);
      isOtherwise = true;
      if (read === 0) {
        encodedSlash = true;
        // Where an API allows `%2F`, its upstream may still read it as a separator.
        const wrong = judgeSegment(target, segmentStart, i);
        if (wrong || i === segmentStart) return bad(wrong ?? 'empty path segments are not allowed');
        segmentStart = i + 3;
      }
      i += read === 0 ? 2 : read;
    } else if (code > 127 || isPathChar[code] === 0) {
      if (isLeftRaw[code] !== 1) return bad(rawFault('path', code));
      lenient = true;
      isOtherwise = true;
    } else if (code === dot) {
      lastDot = i;
    } else if (code === semicolon || (code >= 65 && code <= 90)) {
      lenient = true;
    }
  }
  const wrong = judgeSegment(target, segmentStart, i);
  if (wrong) return bad(wrong);
  if (i > 1 && (i === segmentStart || lastDot >= segmentStart)) lenient = true;
  const query = i < target.length ? target.slice(i) : '';
  const odd = query === '' ? -1 : oddCharOf(query);
  if (odd >= 0) return bad(rawFault('query', odd));
  const path = query === '' ? target : target.slice(0, i);
  return {
    ok: true,
    target: { path, canonical: isOtherwise ? canonicalOf(path) : path, query, encodedSlash, lenient },
  };
}

/** Hex in upper case, nothing encoded that needs no encoding, and what browsers leave raw encoded. */
function canonicalOf(path: string): string {
  return path.replace(/%[0-9A-Fa-f]{2}|[[\]|]/g, (text) => {
    if (text.length === 1) return encodingOf(text.charCodeAt(0));
    return text.toUpperCase() === '%7E' ? '~' : text.toUpperCase();
  });
}

function encodingOf(code: number): string {
  return `%${code.toString(16).toUpperCase().padStart(2, '0')}`;
}

/** What a client has to write instead: it may have got the character from a library that it has never looked into. */
function rawFault(where: 'path' | 'query', code: number): string {
  if (code < 0x20 || code === 0x7f) return `a control character in the ${where} is not allowed`;
  if (code === 0x5c) return `a backslash in the ${where} is not allowed`;
  if (code > 0x7e)
    return `the ${where} has the byte ${encodingOf(code).slice(1)}: beyond ASCII, write UTF-8 and encode it`;
  return `the ${where} has ${String.fromCharCode(code)} as it stands: write ${encodingOf(code)}`;
}

/**
 * Reads one percent-encoded character at `at`: 0 for an encoded slash, else the number of characters to skip beyond
 * the `%`, or the reason why it is refused. A UTF-8 character of several bytes is read whole.
 */
function readEncoding(text: string, at: number): number | string {
  const byte = hexByte(text, at + 1);
  if (byte < 0) return 'a percent sign stands before no two hex digits: write %25';
  if (byte >= 0x80) return readUtf8(text, at, byte);
  // Where encoding makes another character of it, that has one spelling. Of these only the second digit can be a letter.
  if (isReserved[byte] === 1 && text.charCodeAt(at + 2) >= lowerA) {
    return `${text.slice(at, at + 3)} is written ${encodingOf(byte)}`;
  }
  if (byte === 0x2f) return 0;
  if (byte === 0x5c) return 'an encoded backslash is not allowed';
  if (byte < 0x20 || byte === 0x7f) return 'control characters are not allowed';
  if (isUnreserved[byte] === 1 && byte !== tilde) {
    return `${text.slice(at, at + 3)} needs no percent-encoding: write ${String.fromCharCode(byte)}`;
  }
  // `%25` followed by two hex digits would be another character to an upstream that decodes twice.
  if (byte === 0x25 && isHex(text.charCodeAt(at + 3)) && isHex(text.charCodeAt(at + 4))) {
    return 'double percent-encoding is not allowed';
  }
  return 2;
}

/** Overlong and broken sequences are refused: lax decoders turn `%C0%AE` into a dot. */
function readUtf8(text: string, at: number, first: number): number | string {
  const wrong = 'a percent-encoding is not UTF-8';
  const length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4) return wrong;
  let point = first & (0xff >> (length + 1));
  for (let n = 1; n < length; n++) {
    if (text.charCodeAt(at + n * 3) !== percent) return wrong;
    const next = hexByte(text, at + n * 3 + 1);
    if (next < 0x80 || next > 0xbf) return wrong;
    point = (point << 6) | (next & 0x3f);
  }
  const smallest = length === 4 ? 0x10000 : length === 3 ? 0x800 : 0x80;
  if (point < smallest || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff)) return wrong;
  if (point < 0xa0) return 'control characters are not allowed';
  return length * 3 - 1;
}

/** Refuses dots that go up or nowhere, and segments that are nothing but parameters, which then leave an empty segment. */
function judgeSegment(text: string, start: number, end: number): string | undefined {
  const first = text.charCodeAt(start);
  if (start === end || (first !== dot && first !== semicolon && first !== percent)) return undefined;
  if (isCutAt(text, start)) return 'a path segment is nothing but parameters';
  // What is encoded in it has been found to be UTF-8.
  return isDotSegment(decodeURIComponent(text.slice(start, end))) ? 'dot segments are not allowed' : undefined;
}

/** `;`, `%3B` or `%20`: where some servers end a segment. */
function isCutAt(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  if (code === semicolon) return true;
  if (code !== percent) return false;
  return text.startsWith('3B', at + 1) || text.startsWith('20', at + 1);
}

/** A query passes untouched, but only as visible ASCII without `#`: of anything else, which has no one reading, the first. */
function oddCharOf(query: string): number {
  for (let i = 0; i < query.length; i++) {
    const code = query.charCodeAt(i);
    if (code < 0x21 || code > 0x7e || code === 35) return code;
  }
  return -1;
}

function bad(detail: string): TargetResult {
  return { ok: false, code: 'bad_path', detail };
}

function hexByte(text: string, at: number): number {
  const high = hexDigit(text.charCodeAt(at));
  const low = hexDigit(text.charCodeAt(at + 1));
  return high < 0 || low < 0 ? -1 : high * 16 + low;
}

function hexDigit(code: number): number {
  if (code >= 48 && code <= 57) return code - 48;
  if (code >= 65 && code <= 70) return code - 55;
  if (code >= 97 && code <= 102) return code - 87;
  return -1;
}

function isHex(code: number): boolean {
  return hexDigit(code) >= 0;
}

function table(chars: string): Uint8Array {
  const classes = new Uint8Array(128);
  for (let i = 0; i < chars.length; i++) classes[chars.charCodeAt(i)] = 1;
  return classes;
}
