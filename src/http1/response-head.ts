import { type HeadFault, readFields } from './fields.ts';

export type ResponseHead = {
  status: number;
  minor: 0 | 1;
  /** Flat name and value pairs in order of arrival, names as spelt. */
  fields: string[];
};

/** Reads a status line and its fields (RFC 9112 sections 4 and 5) from the bytes of a head without the empty line at its end. */
export function parseResponseHead(
  bytes: Buffer,
  from: number,
  to: number,
  fieldsMax: number,
): ResponseHead | HeadFault {
  const text = bytes.toString('latin1', from, to);
  const lineEnd = text.indexOf('\r\n');
  const line = lineEnd < 0 ? text : text.slice(0, lineEnd);
  const minor = line.startsWith('HTTP/1.1 ') ? 1 : line.startsWith('HTTP/1.0 ') ? 0 : undefined;
  if (minor === undefined) return { fault: 'version', detail: 'the answer is not HTTP/1.0 or HTTP/1.1' };
  const status = statusAt(line, 9);
  // The reason is optional, and so, with many servers, is the space before it.
  if (status === undefined || (line.length > 12 && !isReason(line, 12))) {
    return { fault: 'status_line', detail: 'the status line is malformed' };
  }
  const fields = lineEnd < 0 ? [] : readFields({ bytes, base: from, text }, lineEnd + 2, fieldsMax);
  return Array.isArray(fields) ? { status, minor, fields } : fields;
}

function statusAt(line: string, at: number): number | undefined {
  let status = 0;
  for (let i = at; i < at + 3; i++) {
    const digit = line.charCodeAt(i) - 48;
    if (!(digit >= 0 && digit <= 9)) return undefined;
    status = status * 10 + digit;
  }
  return status >= 100 && status <= 599 ? status : undefined;
}

function isReason(line: string, at: number): boolean {
  if (line.charCodeAt(at) !== 0x20) return false;
  for (let i = at + 1; i < line.length; i++) {
    const code = line.charCodeAt(i);
    if ((code < 0x20 && code !== 0x09) || code === 0x7f) return false;
  }
  return true;
}
