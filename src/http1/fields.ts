/** Why a head cannot be read. `detail` is safe to show to whoever sent it. */
export type HeadFault = {
  fault: 'version' | 'request_line' | 'status_line' | 'field' | 'too_many_fields' | 'too_long';
  detail: string;
};

/**
 * A head, or a part of one, twice: its bytes are looked at one by one, for which a string is slow, and names and values are
 * cut from its text. `text` is the latin1 of the bytes from `base` on, to its end.
 */
export type HeadText = { readonly bytes: Uint8Array; readonly base: number; readonly text: string };

/**
 * Reads field lines (RFC 9112 section 5), from `at` in the text to its end, into flat pairs. A field line is `name:value`
 * with optional blanks around the value; anything else (folds, blanks before the colon, control bytes, a line end that is
 * not CRLF) is a fault. Each byte is looked at once.
 */
export function readFields({ bytes, base, text }: HeadText, at: number, fieldsMax: number): string[] | HeadFault {
  const fields: string[] = [];
  const end = base + text.length;
  let start = base + at;
  while (start < end) {
    let next = start;
    while (next < end && isTokenChar[bytes[next] ?? 0] === 1) next++;
    if (next === start || bytes[next] !== colon) return lineFault(text, start - base);
    const name = text.slice(start - base, next - base);
    next++;
    while (next < end && isBlank(bytes[next])) next++;
    const valueAt = next;
    while (next < end && isValueChar[bytes[next] ?? 0] === 1) next++;
    const lineEnd = next;
    if (lineEnd < end && !isLineEnd(bytes, lineEnd, end)) return controlFault;
    while (next > valueAt && isBlank(bytes[next - 1])) next--;
    if (fields.length === fieldsMax * 2) return { fault: 'too_many_fields', detail: `at most ${fieldsMax} fields` };
    fields.push(name, text.slice(valueAt - base, next - base));
    start = lineEnd + 2;
  }
  return fields;
}

const carriageReturn = 0x0d;
const lineFeed = 0x0a;
const colon = 0x3a;
const space = 0x20;
const tab = 0x09;

const controlFault: HeadFault = { fault: 'field', detail: 'a field value has a control character' };

function isLineEnd(bytes: Uint8Array, at: number, end: number): boolean {
  return bytes[at] === carriageReturn && at + 1 < end && bytes[at + 1] === lineFeed;
}

function isBlank(code: number | undefined): boolean {
  return code === space || code === tab;
}

/** What is wrong with the line from `start` on, whose name does not end in a colon. */
function lineFault(text: string, start: number): HeadFault {
  const end = text.indexOf('\r\n', start);
  const line = text.slice(start, end < 0 ? text.length : end);
  const colonAt = line.indexOf(':');
  if (colonAt >= 0) return nameFault(line.slice(0, colonAt));
  if (isBlank(line.charCodeAt(0))) return { fault: 'field', detail: 'folded fields are not understood' };
  return { fault: 'field', detail: 'a field line has no colon' };
}

function nameFault(name: string): HeadFault {
  if (isBlank(name.charCodeAt(0))) return { fault: 'field', detail: 'folded fields are not understood' };
  if (isBlank(name.charCodeAt(name.length - 1))) return { fault: 'field', detail: 'a blank stands before a colon' };
  return {
    fault: 'field',
    detail: name === '' ? 'a field has no name' : 'a field name has a character no name may have',
  };
}

/** RFC 9110 section 5.6.2. */
const isTokenChar = new Uint8Array(256);
for (const char of "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz") {
  isTokenChar[char.charCodeAt(0)] = 1;
}

/** A value has no control byte but the tab. */
const isValueChar = new Uint8Array(256).map((_, code) => Number((code >= 0x20 && code !== 0x7f) || code === tab));

export function isToken(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (isTokenChar[text.charCodeAt(i)] !== 1) return false;
  return text.length > 0;
}

/** The offset behind the token that begins at `at`; `at` itself when none does. */
export function tokenEnd(text: string, at: number): number {
  let i = at;
  while (i < text.length && isTokenChar[text.charCodeAt(i)] === 1) i++;
  return i;
}
