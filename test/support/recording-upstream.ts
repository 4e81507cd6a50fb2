import { createServer, type Socket } from 'node:net';
import { readRequests, type StrictRequest } from './strict-http.ts';

/** An upstream that counts with a reader of its own what it is sent, and never forgives a spelling. */
export type RecordingUpstream = {
  origin: string;
  /** Every complete request, in the order it became complete. */
  requests: StrictRequest[];
  /** What no strict reader takes, with the bytes it stood in. */
  faults: string[];
  /** Heads whose bodies had not come in, of connections open and closed. */
  begun(): string[];
  close(): Promise<void>;
};

export type Answerer = (request: StrictRequest, socket: Socket) => string | undefined;

const okAnswer = 'HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 2\r\n\r\nok';

export async function startRecordingUpstream(answer: Answerer = () => okAnswer): Promise<RecordingUpstream> {
  const sockets = new Set<Socket>();
  const requests: StrictRequest[] = [];
  const faults: string[] = [];
  const begunOf = new Map<Socket, string>();
  const server = createServer((socket) => {
    sockets.add(socket);
    let rest = '';
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    socket.on('data', (chunk) => {
      const read = readRequests(rest + chunk.toString('latin1'));
      rest = read.rest;
      begunOf.set(socket, read.begun);
      if (read.fault) {
        faults.push(`${read.fault} in ${JSON.stringify(read.rest.slice(0, 2_000))}`);
        socket.destroy();
        return;
      }
      if (read.requests.length > 1) faults.push('several requests at once on a connection that does not pipeline');
      for (const request of read.requests) {
        requests.push(request);
        const bytes = answer(request, socket);
        if (bytes !== undefined) socket.write(Buffer.from(bytes, 'latin1'));
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const bound = server.address();
  return {
    origin: `http://127.0.0.1:${typeof bound === 'object' && bound ? bound.port : 0}`,
    requests,
    faults,
    begun: () => [...begunOf.values()].filter((head) => head !== ''),
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}
