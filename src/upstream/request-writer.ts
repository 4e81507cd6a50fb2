import type { Socket } from 'node:net';
import { BodySender } from './body-sender.ts';
import { outliveWriteErrors } from './outlive-write-errors.ts';
import { requestText } from './request-text.ts';
import { UpstreamError } from './upstream-error.ts';
import type { UpstreamExchange } from './upstream-exchange.ts';

/** Writes the requests of one connection, one after the other, and knows how far the body of this one has got. */
export class RequestWriter {
  /** Why the rest of the body cannot be written, while an answer may still be there to be read. */
  failure: Error | undefined;
  readonly #socket: Socket;
  readonly #onFailure: () => void;
  #sender: BodySender | undefined;
  #outlives = false;

  constructor(socket: Socket, onFailure: () => void) {
    this.#socket = socket;
    this.#onFailure = onFailure;
  }

  /** Whether the rest of the body is for the consumer to send. */
  get waitsForBody(): boolean {
    return this.#sender?.waits === true;
  }

  /** Bytes of the body. */
  get sentBytes(): number {
    return this.#sender?.bytes ?? 0;
  }

  /** Nothing of the request is still to be written. */
  get isSent(): boolean {
    return this.#sender === undefined || this.#sender.isDone;
  }

  send(call: UpstreamExchange, host: string, basePath: string): void {
    const { request } = call;
    const text = requestText(request, host, basePath, call.upgrade !== undefined);
    if (!request.body) {
      this.#socket.write(text, 'latin1');
      return;
    }
    // Head and what is there of the body leave together.
    this.#socket.cork();
    this.#socket.write(text, 'latin1');
    this.#sender = new BodySender(this.#socket, request.body, {
      moved: () => call.moved(),
      broke: (error) => call.fail(new UpstreamError('request_body', error.message, error)),
    });
    if (!this.#outlives) outliveWriteErrors(this.#socket, (error) => this.#onWriteError(error));
    this.#outlives = true;
    this.#sender.start();
    this.#socket.uncork();
  }

  /** The socket can take more. */
  drained(): void {
    this.#sender?.drained();
  }

  /** The call is over: nobody takes the rest of its body. */
  stop(): void {
    this.#sender?.stop();
    this.#sender = undefined;
  }

  #onWriteError(error: Error): boolean {
    if (!this.#sender || this.failure) return false;
    this.failure = error;
    this.#sender.stop();
    this.#onFailure();
    return true;
  }
}
