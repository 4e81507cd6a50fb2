import { tokenEnd } from './fields.ts';

const semicolon = 0x3b;
const equals = 0x3d;
const quote = 0x22;
const backslash = 0x5c;

/**
 * Whether `line` from its first semicolon on is a list of chunk extensions (RFC 9112 section 7.1.1): names with
 * optional values, a token or a quoted string. Nobody reads them, but what is none may be a line that another reader
 * ends elsewhere.
 */
export function isExtensionList(line: string, at: number): boolean {
  let i = at;
  while (i < line.length) {
    if (line.charCodeAt(i) !== semicolon) return false;
    const start = blanksEnd(line, i + 1);
    let end = tokenEnd(line, start);
    if (end === start) return false;
    const next = blanksEnd(line, end);
    if (line.charCodeAt(next) === equals) {
      const value = blanksEnd(line, next + 1);
      end = line.charCodeAt(value) === quote ? quotedEnd(line, value) : tokenEnd(line, value);
      if (end <= value) return false;
    }
    i = blanksEnd(line, end);
    // Blanks stand before a semicolon, not at the end of a line.
    if (i === line.length && i !== end) return false;
  }
  return true;
}

function blanksEnd(text: string, at: number): number {
  let i = at;
  while (text.charCodeAt(i) === 0x20 || text.charCodeAt(i) === 0x09) i++;
  return i;
}

/** The offset behind a quoted string that begins at `at`, or -1 when it does not end or has a control byte. */
function quotedEnd(text: string, at: number): number {
  for (let i = at + 1; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === quote) return i + 1;
    if ((code < 0x20 && code !== 0x09) || code === 0x7f) return -1;
    if (code === backslash) {
      const escaped = text.charCodeAt(++i);
      if (!(escaped === 0x09 || (escaped >= 0x20 && escaped !== 0x7f))) return -1;
    }
  }
  return -1;
}
