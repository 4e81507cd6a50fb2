import type { Socket } from 'node:net';

/**
 * Lets a socket outlive a write that fails. An upstream that refuses a body (413, say) answers and closes with bytes
 * unread, so the connection is reset; the next piece of the body then fails to be written, and Node destroys the socket
 * with the answer that has arrived in it. Reading goes on instead, for as long as `onWriteError` says, which returns
 * false to let the socket end.
 */
export function outliveWriteErrors(socket: Socket, onWriteError: (error: Error) => boolean): void {
  const destroy = socket.destroy;
  socket.destroy = (error?: Error): Socket => {
    if (error && 'syscall' in error && error.syscall === 'write' && onWriteError(error)) return socket;
    return destroy.call(socket, error);
  };
}
