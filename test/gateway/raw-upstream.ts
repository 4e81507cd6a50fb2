import { createServer, type Socket } from 'node:net';
import { unchunk } from './unchunk.ts';

/** One request as the upstream's socket saw it. */
export type Seen = { head: string; body: string; line: string; headers: Map<string, string> };

export type RawUpstream = {
  origin: string;
  /** Every byte that came in, per connection. */
  bytes: string[];
  requests: Seen[];
  connections: Set<Socket>;
  close(): Promise<void>;
};

/** What an upstream does with a request: the bytes to answer, or a script that has the socket to itself. */
export type Behaviour = (request: Seen, socket: Socket, index: number) => string | undefined;

export const okAnswer = 'HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 5\r\n\r\nhello';

/** Records raw bytes: what an HTTP library would tidy up before a test could see it is seen here. */
export async function startUpstream(behave: Behaviour = () => okAnswer): Promise<RawUpstream> {
  const upstream: RawUpstream = { origin: '', bytes: [], requests: [], connections: new Set(), close: async () => {} };
  const server = createServer((socket) => {
    upstream.connections.add(socket);
    const index = upstream.bytes.push('') - 1;
    let buffer = '';
    let neededLength = 0;
    socket.on('error', () => {});
    socket.on('close', () => upstream.connections.delete(socket));
    socket.on('data', (chunk) => {
      const text = chunk.toString('latin1');
      upstream.bytes[index] += text;
      buffer += text;
      // A long body is looked at again only when all of it can have come.
      if (buffer.length < neededLength) return;
      neededLength = 0;
      for (let parsed = takeRequest(buffer); parsed; parsed = takeRequest(buffer)) {
        if (typeof parsed === 'number') {
          neededLength = parsed;
          return;
        }
        buffer = parsed.rest;
        const answer = behave(parsed.request, socket, upstream.requests.push(parsed.request) - 1);
        if (answer !== undefined) socket.write(Buffer.from(answer, 'latin1'));
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const bound = server.address();
  upstream.origin = `http://127.0.0.1:${typeof bound === 'object' && bound ? bound.port : 0}`;
  upstream.close = () =>
    new Promise((resolve) => {
      for (const socket of upstream.connections) socket.destroy();
      server.close(() => resolve());
    });
  return upstream;
}

/** The first whole request, or the length the buffer needs for it when that is known. */
function takeRequest(buffer: string): { request: Seen; rest: string } | number | undefined {
  const headEnd = buffer.indexOf('\r\n\r\n');
  if (headEnd < 0) return undefined;
  const head = buffer.slice(0, headEnd);
  const [line = '', ...lines] = head.split('\r\n');
  const headers = new Map<string, string>();
  for (const field of lines) {
    const colon = field.indexOf(':');
    headers.set(field.slice(0, colon).toLowerCase(), field.slice(colon + 1).trim());
  }
  const rest = buffer.slice(headEnd + 4);
  if (headers.get('transfer-encoding') === 'chunked') {
    const last = rest.startsWith('0\r\n') ? 0 : rest.indexOf('\r\n0\r\n') + 2;
    // Trailers may stand between the last chunk and the end.
    const end = last === 1 ? -1 : rest.indexOf('\r\n\r\n', last);
    if (end < 0) return undefined;
    return { request: { head, line, headers, body: unchunk(rest.slice(0, last)) }, rest: rest.slice(end + 4) };
  }
  const length = Number(headers.get('content-length') ?? '0');
  if (rest.length < length) return headEnd + 4 + length;
  return { request: { head, line, headers, body: rest.slice(0, length) }, rest: rest.slice(length) };
}
