import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Clock } from '../clock.ts';

/** The demo reads what people type; the gateway bounds the rest. */
const messageBytesMax = 65_536;

const tickMs = 1_000;

/** The demo's WebSocket: says each message back, and a tick every second without being asked. */
export function serveDemoSocket(req: IncomingMessage, socket: Duplex, clock: Clock): void {
  const key = req.headers['sec-websocket-key'] ?? '';
  const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\nsec-websocket-accept: ${accept}\r\n\r\n`,
  );
  const gone = new AbortController();
  let bytes: Buffer = Buffer.alloc(0);
  let message: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => {
    bytes = Buffer.concat([bytes, chunk]);
    for (let frame = readFrame(bytes); frame; frame = readFrame(bytes)) {
      bytes = bytes.subarray(frame.bytes);
      answer(frame);
    }
    if (bytes.length > messageBytesMax) socket.destroy();
  });
  socket.on('error', () => socket.destroy());
  socket.on('close', () => gone.abort());
  void tick(socket, clock, gone.signal);

  function answer({ opcode, last, payload }: Frame): void {
    if (opcode === 8) {
      gone.abort();
      socket.end(frameOf(8, payload));
    } else if (opcode === 9) socket.write(frameOf(10, payload));
    else if (opcode <= 2) {
      message.push(payload);
      if (!last) return;
      const text = Buffer.concat(message).toString('utf8');
      message = [];
      socket.write(frameOf(1, Buffer.from(JSON.stringify({ echo: text }))));
    }
  }
}

async function tick(socket: Duplex, clock: Clock, gone: AbortSignal): Promise<void> {
  for (let count = 1; ; count++) {
    await clock.sleep(tickMs, gone);
    if (gone.aborted) return;
    socket.write(frameOf(1, Buffer.from(JSON.stringify({ tick: count }))));
  }
}

type Frame = { opcode: number; last: boolean; payload: Buffer /** Its whole length. */; bytes: number };

/** The first frame, unmasked; undefined while it is not whole. */
function readFrame(bytes: Buffer): Frame | undefined {
  const [first, second] = bytes;
  if (first === undefined || second === undefined) return undefined;
  const short = second & 0x7f;
  const at = short === 126 ? 4 : short === 127 ? 10 : 2;
  if (bytes.length < at + 4) return undefined;
  const length = short === 126 ? bytes.readUInt16BE(2) : short === 127 ? bytes.readUInt32BE(6) : short;
  const mask = bytes.subarray(at, at + 4);
  const end = at + 4 + length;
  if (bytes.length < end) return undefined;
  const payload = Buffer.from(bytes.subarray(at + 4, end));
  for (let i = 0; i < payload.length; i++) payload[i] = (payload[i] ?? 0) ^ (mask[i % 4] ?? 0);
  return { opcode: first & 0x0f, last: first >= 0x80, payload, bytes: end };
}

function frameOf(opcode: number, payload: Buffer): Buffer {
  const { length } = payload;
  if (length < 126) return Buffer.concat([Buffer.from([0x80 | opcode, length]), payload]);
  const head = Buffer.alloc(length < 65_536 ? 4 : 10);
  head[0] = 0x80 | opcode;
  if (length < 65_536) {
    head[1] = 126;
    head.writeUInt16BE(length, 2);
  } else {
    head[1] = 127;
    head.writeUInt32BE(length, 6);
  }
  return Buffer.concat([head, payload]);
}
