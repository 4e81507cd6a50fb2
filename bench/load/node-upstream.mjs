// An upstream that does nothing but answer, for machines without nginx.   node node-upstream.mjs PORT BODY_BYTES
import { createServer } from 'node:net';

const [port, bodyBytes] = process.argv.slice(2).map(Number);
const answer = Buffer.from(
  `HTTP/1.1 200 OK\r\nserver: bench\r\ncontent-type: text/plain\r\ncontent-length: ${bodyBytes}\r\n\r\n${'x'.repeat(bodyBytes)}`,
);

createServer({ noDelay: true }, (socket) => {
  let open = '';
  socket.on('error', () => undefined);
  socket.on('data', (bytes) => {
    const heads = (open + bytes.latin1Slice()).split('\r\n\r\n');
    open = heads.pop() ?? '';
    for (const _ of heads) socket.write(answer);
  });
}).listen(port, '127.0.0.1');
