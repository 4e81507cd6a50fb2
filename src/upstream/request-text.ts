import type { UpstreamRequest } from './upstreams.ts';

/** Methods whose requests say that they have no body (RFC 9110 section 8.6). */
const bodyMethods = new Set(['POST', 'PUT', 'PATCH']);

/** The path of the request line. The root of an upstream without a prefix comes as `` or `?query`. */
export function sentPath(basePath: string, target: string): string {
  const path = basePath + target;
  return path.charCodeAt(0) === 0x2f ? path : `/${path}`;
}

/** The head of a request as latin1 text, with the empty line at its end. */
export function requestText(request: UpstreamRequest, host: string, basePath: string, upgrade: boolean): string {
  const { method, target, lines, body } = request;
  let text = `${method} ${sentPath(basePath, target)} HTTP/1.1\r\nhost: ${host}\r\n${lines}`;
  if (body) text += body.length === undefined ? 'transfer-encoding: chunked\r\n' : `content-length: ${body.length}\r\n`;
  else if (bodyMethods.has(method)) text += 'content-length: 0\r\n';
  return `${text}${upgrade ? 'connection: Upgrade\r\n' : ''}\r\n`;
}
