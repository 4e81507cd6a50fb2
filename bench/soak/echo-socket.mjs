import { createHash } from 'node:crypto';

/** The server side of a WebSocket that sends each message back, and says so of each. Short messages in one frame only. */
export function echoSocket(req, socket, head, onMessage) {
  const accept = createHash('sha1')
    .update(`${req.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
    .digest('base64');
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-accept: ${accept}\r\n\r\n`,
  );
  let waiting = head;
  socket.on('error', () => undefined);
  socket.on('data', (chunk) => {
    waiting = Buffer.concat([waiting, chunk]);
    for (let frame = firstFrame(waiting); frame; frame = firstFrame(waiting)) {
      waiting = waiting.subarray(frame.size);
      if (frame.opcode === 8) return void socket.end(message(8, frame.payload));
      if (frame.opcode === 9) socket.write(message(10, frame.payload));
      if (frame.opcode > 2) continue;
      onMessage();
      socket.write(message(frame.opcode, frame.payload));
    }
  });
}

function firstFrame(bytes) {
  if (bytes.length < 6) return undefined;
  const short = bytes[1] & 127;
  const at = short === 126 ? 4 : 2;
  if (bytes.length < at + 4) return undefined;
  const length = short === 126 ? bytes.readUInt16BE(2) : short;
  const size = at + 4 + length;
  if (bytes.length < size) return undefined;
  const payload = Buffer.from(bytes.subarray(at + 4, size)).map((byte, i) => byte ^ bytes[at + (i & 3)]);
  return { opcode: bytes[0] & 15, payload, size };
}

function message(opcode, payload) {
  const head =
    payload.length < 126 ? Buffer.from([128 | opcode, payload.length]) : Buffer.from([128 | opcode, 126, 0, 0]);
  if (payload.length >= 126) head.writeUInt16BE(payload.length, 2);
  return Buffer.concat([head, payload]);
}
