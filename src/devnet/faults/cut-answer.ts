import type { ServerResponse } from 'node:http';

/**
 * Lets so many bytes of the body through and then closes the connection, as a proxy does that is restarted: the head has
 * gone out by then, so the client sees an answer, or a stream, that ends too early. A shorter answer arrives whole.
 */
export function cutAnswer(res: ServerResponse, afterBytes: number): void {
  const write = res.write.bind(res);
  const end = res.end.bind(res);
  let left = afterBytes;

  function pass(chunk: unknown): boolean {
    if (left < 0) return false;
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : Buffer.from(chunk as Uint8Array);
    const part = bytes.subarray(0, left);
    if (part.length === bytes.length && part.length < left) {
      left -= part.length;
      return write(part);
    }
    left = -1;
    res.flushHeaders();
    if (part.length > 0) return write(part, close);
    close();
    return false;
  }

  function close(): void {
    res.socket?.end(() => res.socket?.destroy());
  }

  res.write = (chunk: unknown) => pass(chunk);
  res.end = (chunk?: unknown) => {
    if (chunk !== undefined && typeof chunk !== 'function') pass(chunk);
    return left < 0 ? res : end();
  };
}
