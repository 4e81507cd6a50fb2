import { STATUS_CODES } from 'node:http';

const lines = new Map<number, string>();

/** `HTTP/1.1 200 OK` with its line end. Whatever version a client speaks, a server names its own (RFC 9112 section 2.3). */
export function statusLine(status: number): string {
  const known = lines.get(status);
  if (known !== undefined) return known;
  const line = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n`;
  lines.set(status, line);
  return line;
}
