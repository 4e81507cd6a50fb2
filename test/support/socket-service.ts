import { createHash } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { frame, readFrames } from '../gateway/websocket/reference.ts';

/** An upstream of WebSockets that counts every message it has got whole, and says it back. */
export type SocketService = {
  origin: string;
  /** Texts of whole messages, in the order they came, of all connections to a path. */
  heard(path: string): string[];
  openings(path: string): number;
  /** Resolves when so many messages have come on a path. */
  hears(path: string, count: number): Promise<void>;
  /** Resolves when no connection is open and everything that was sent on them has been read. */
  allGone(): Promise<void>;
  close(): Promise<void>;
};

export async function startSocketService(): Promise<SocketService> {
  const heard = new Map<string, string[]>();
  const opened: string[] = [];
  const open = new Set<Duplex>();
  const events = new EventEmitter();
  const heardOn = (path: string) => heard.get(path) ?? [];
  const server = createServer();
  server.on('upgrade', (req, socket: Duplex, rest: Buffer) => {
    const path = req.url ?? '';
    opened.push(path);
    open.add(socket);
    const key = `${req.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`;
    const accept = createHash('sha1').update(key).digest('base64');
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-accept: ${accept}\r\n\r\n`,
    );
    let bytes = rest;
    socket.on('data', (chunk: Buffer) => {
      bytes = Buffer.concat([bytes, chunk]);
      const read = readFrames(bytes);
      bytes = bytes.subarray(bytes.length - read.rest);
      for (const { opcode, payload } of read.frames) {
        if (opcode === 1) heard.set(path, [...heardOn(path), Buffer.from(payload).toString()]);
        socket.write(frame({ opcode, last: true, payload }, false));
      }
      events.emit('change');
    });
    socket.on('error', () => undefined);
    socket.on('end', () => socket.end());
    socket.on('close', () => {
      open.delete(socket);
      events.emit('change');
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const until = async (done: () => boolean) => {
    while (!done()) await once(events, 'change');
  };
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    heard: heardOn,
    openings: (path) => opened.filter((other) => other === path).length,
    hears: (path, count) => until(() => heardOn(path).length >= count),
    allGone: () => until(() => open.size === 0),
    async close() {
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
