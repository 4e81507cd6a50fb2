import { type HeadFault, isToken, readFields } from './fields.ts';

export type RequestHead = {
  method: string;
  /** As received; what may stand in it is the path's business. */
  target: string;
  minor: 0 | 1;
  /** Flat name and value pairs in order of arrival, names as spelt. */
  fields: string[];
};

/**
 * Reads a request line and its fields (RFC 9112 sections 3 and 5) from the bytes of a head: `from` is its start, `to`
 * stands before the empty line at its end. Nothing is repaired: what the grammar does not allow is a fault, because a
 * head that two readers understand differently is how requests are smuggled.
 */
export function parseRequestHead(bytes: Buffer, from: number, to: number, fieldsMax: number): RequestHead | HeadFault {
  const text = bytes.toString('latin1', from, to);
  const lineEnd = text.indexOf('\r\n');
  const line = lineEnd < 0 ? text : text.slice(0, lineEnd);
  const methodEnd = line.indexOf(' ');
  const targetEnd = line.indexOf(' ', methodEnd + 1);
  const method = line.slice(0, methodEnd);
  if (methodEnd < 1 || targetEnd < 0 || !isToken(method)) return lineFault(line);
  const target = line.slice(methodEnd + 1, targetEnd);
  const version = line.slice(targetEnd + 1);
  if (version !== 'HTTP/1.1' && version !== 'HTTP/1.0') return versionFault(version);
  if (target === '' || !isVisible(target)) {
    return { fault: 'request_line', detail: 'the request target has a character that must be percent-encoded' };
  }
  const fields = lineEnd < 0 ? [] : readFields({ bytes, base: from, text }, lineEnd + 2, fieldsMax);
  if (!Array.isArray(fields)) return fields;
  return { method, target, minor: version === 'HTTP/1.1' ? 1 : 0, fields };
}

function lineFault(line: string): HeadFault {
  // `GET /path` alone is how HTTP/0.9 asked.
  const detail = /^[A-Z]+ [^ ]+$/.test(line)
    ? 'only HTTP/1.0 and HTTP/1.1 are spoken here'
    : 'the request line is malformed';
  return { fault: 'request_line', detail };
}

function versionFault(version: string): HeadFault {
  if (/^HTTP\/[0-9]\.[0-9]$/.test(version)) {
    return { fault: 'version', detail: 'only HTTP/1.0 and HTTP/1.1 are spoken here' };
  }
  return { fault: 'request_line', detail: 'the request line is malformed' };
}

function isVisible(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < 0x21 || code === 0x7f) return false;
  }
  return true;
}
