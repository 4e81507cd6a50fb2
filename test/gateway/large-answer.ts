import type { Writable } from 'node:stream';

/** An answer in chunks of 64 KiB, written as fast as it is taken, and never ended. */
export class LargeAnswer {
  /** Chunks written so far. */
  sent = 0;

  start(socket: Writable, chunksMax = Number.POSITIVE_INFINITY): void {
    const chunk = `10000\r\n${'x'.repeat(65_536)}\r\n`;
    const more = () => {
      while (this.sent < chunksMax && socket.writable) {
        this.sent++;
        if (!socket.write(chunk)) return void socket.once('drain', more);
      }
    };
    socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n');
    more();
  }
}
