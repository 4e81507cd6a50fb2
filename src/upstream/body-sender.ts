import type { Socket } from 'node:net';
import { chunkHead, lastChunk } from '../http1/chunked.ts';
import type { BodySink, OutgoingBody } from './upstreams.ts';

/** Whoever answers for the request that the body belongs to. */
export type BodyOwner = {
  /** A piece went out: the upstream has something to do. */
  moved(): void;
  broke(error: Error): void;
};

const chunkEnd = '\r\n';

/**
 * Writes one request body in the framing its head has named. Never a byte more or less than declared: the bytes
 * behind would be read as the next request.
 */
export class BodySender implements BodySink {
  /** True when all of it has been handed to the socket. */
  isDone = false;
  /** Bytes of the body handed to the socket. */
  bytes = 0;
  readonly #socket: Socket;
  readonly #body: OutgoingBody;
  readonly #owner: BodyOwner;
  /** Bytes of the declared length that are still to come; -1 when chunked. */
  #left: number;
  #isOver = false;
  #isBehind = false;

  constructor(socket: Socket, body: OutgoingBody, owner: BodyOwner) {
    this.#socket = socket;
    this.#body = body;
    this.#owner = owner;
    this.#left = body.length ?? -1;
  }

  /** True while the rest of the body is for the consumer to send, and not for the upstream to take. */
  get waits(): boolean {
    return !this.#isOver && !this.isDone && !this.#isBehind;
  }

  start(): void {
    this.#body.start(this);
  }

  data(chunk: Buffer): boolean {
    if (this.#isOver) return false;
    if (chunk.length === 0) return true;
    this.bytes += chunk.length;
    const ready = this.#left < 0 ? this.#writeChunk(chunk) : this.#writeCounted(chunk);
    this.#isBehind = !ready;
    if (!this.#isOver) this.#owner.moved();
    return ready;
  }

  end(trailers: string[]): void {
    if (this.#isOver) return;
    if (this.#left > 0) {
      this.#break('the request body is shorter than its length says');
      return;
    }
    this.#isOver = true;
    this.isDone = true;
    if (this.#left < 0) this.#socket.write(lastChunk(trailers), 'latin1');
    this.#owner.moved();
  }

  fail(error: Error): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#owner.broke(error);
  }

  /** The socket can take more. */
  drained(): void {
    if (!this.#isBehind || this.#isOver) return;
    this.#isBehind = false;
    this.#owner.moved();
    this.#body.resume();
  }

  /** Nobody takes the rest. */
  stop(): void {
    this.#isOver = true;
  }

  #writeCounted(chunk: Buffer): boolean {
    if (chunk.length > this.#left) {
      this.#break('the request body is longer than its length says');
      return false;
    }
    this.#left -= chunk.length;
    if (this.#left === 0) this.isDone = true;
    return this.#socket.write(chunk);
  }

  #writeChunk(chunk: Buffer): boolean {
    const socket = this.#socket;
    socket.cork();
    socket.write(chunkHead(chunk.length), 'latin1');
    socket.write(chunk);
    const ready = socket.write(chunkEnd, 'latin1');
    socket.uncork();
    return ready;
  }

  #break(message: string): void {
    this.fail(new Error(message));
  }
}
