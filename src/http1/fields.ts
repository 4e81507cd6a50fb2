/** Why a head cannot be read. `detail` is safe to show to whoever sent it. */
export type HeadFault = {
  fault: 'version' | 'request_line' | 'status_line' | 'field' | 'too_many_fields';
  detail: string;
};

/**
 * Reads field lines (RFC 9112 section 5) from latin1 text, from `at` to its end, into flat pairs. A field line is
 * `name:value` with optional blanks around the value; anything else (folds, blanks before the colon, control bytes, a
 * line end that is not CRLF) is a fault.
 */
export function readFields(text: string, at: number, fieldsMax: number): string[] | HeadFault {
  const fields: string[] = [];
  let start = at;
  while (start < text.length) {
    let end = text.indexOf('\r\n', start);
    if (end < 0) end = text.length;
    const colon = text.indexOf(':', start);
    if (colon < 0 || colon >= end) return lineFault(text, start);
    const name = text.slice(start, colon);
    if (!isToken(name)) return nameFault(name);
    const value = trimmedValue(text, colon + 1, end);
    if (value === undefined) return { fault: 'field', detail: 'a field value has a control character' };
    if (fields.length === fieldsMax * 2) return { fault: 'too_many_fields', detail: `at most ${fieldsMax} fields` };
    fields.push(name, value);
    start = end + 2;
  }
  return fields;
}

const space = 0x20;
const tab = 0x09;

/** The value without the blanks around it, or undefined when it has a byte that no field may have. */
function trimmedValue(text: string, from: number, to: number): string | undefined {
  let start = from;
  let end = to;
  while (start < end && isBlank(text.charCodeAt(start))) start++;
  while (end > start && isBlank(text.charCodeAt(end - 1))) end--;
  for (let i = start; i < end; i++) {
    const code = text.charCodeAt(i);
    if ((code < space && code !== tab) || code === 0x7f) return undefined;
  }
  return text.slice(start, end);
}

function isBlank(code: number): boolean {
  return code === space || code === tab;
}

function lineFault(text: string, start: number): HeadFault {
  if (isBlank(text.charCodeAt(start))) return { fault: 'field', detail: 'folded fields are not understood' };
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
