import type { Duplex } from 'node:stream';
import { chunkHead, lastChunk } from '../http1/chunked.ts';
import { fieldLines } from '../http1/field-lines.ts';
import { statusLine } from '../http1/status-line.ts';

/** How the client finds the end of an answer's body. */
export type AnswerFraming =
  /** HEAD, 204 and 304: the head is all. A length may stand in the fields. */
  | { kind: 'none' }
  | { kind: 'length'; bytes: number }
  | { kind: 'chunked' }
  /** For HTTP/1.0 clients and a body of unknown length: the connection ends with it. */
  | { kind: 'until_close' };

/** Up to here a copy into one buffer is cheaper than a second write. */
const copyBytesMax = 16 * 1024;

/** What a client has been asked by (`ask`), each once: an interim answer ahead of the head, a zero between two chunks. */
const askedAhead = 1;
const askedWithin = 2;

/**
 * Writes one answer on a client's socket: a head, a body, an end, in this order and once. A head leaves together with
 * the first piece of the body, so that a small answer is one write. The socket's buffer is the only queue: `write`
 * returns false when the client is behind.
 */
export class AnswerWriter {
  /** True once bytes of the final head are on their way; no other answer can be given then. */
  headSent = false;
  readonly #socket: Duplex;
  readonly #reset: () => void;
  readonly #date: () => string;
  #head = '';
  #framing: AnswerFraming = { kind: 'none' };
  #asked = 0;
  /** The line that begins the next chunk stands at its zero. */
  #zeroIsLast = false;

  /**
   * `reset` ends the connection below any TLS in a way that no reader takes for an end; `date` gives the text of a Date
   * field for this moment.
   */
  constructor(socket: Duplex, reset: () => void, date: () => string) {
    this.#socket = socket;
    this.#reset = reset;
    this.#date = date;
  }

  /** 1xx: any number of them may come before the final head. HTTP/1.0 clients get none. */
  informational(status: number, fields: readonly string[]): void {
    if (!this.headSent) this.#socket.write(`${composeHead(status, fields)}\r\n`, 'latin1');
  }

  /**
   * The final head. It waits for the first piece of the body; `flushHead` sends it alone. `fields` have a Date of the
   * upstream's, or the gateway's is added (RFC 9110 section 6.6.1); `lines` are further ones, ready as text.
   */
  head(status: number, fields: readonly string[], framing: AnswerFraming, hasDate = false, lines = ''): void {
    this.headSent = true;
    this.#framing = framing;
    let head = composeHead(status, fields) + lines;
    if (!hasDate) head += `date: ${this.#date()}\r\n`;
    if (framing.kind === 'length') head += `content-length: ${framing.bytes}\r\n`;
    else if (framing.kind === 'chunked') head += 'transfer-encoding: chunked\r\n';
    this.#head = `${head}\r\n`;
  }

  flushHead(): void {
    if (this.#head === '') return;
    const head = this.#head;
    this.#head = '';
    this.#socket.write(head, 'latin1');
  }

  /** A piece of the body; false when the client is behind, `drain` of its socket tells when it has caught up. */
  write(chunk: Buffer): boolean {
    if (chunk.length === 0) return true;
    const head = this.#head;
    this.#head = '';
    if (this.#framing.kind === 'chunked') return this.#writeChunk(head, chunk);
    if (head === '') return this.#socket.write(chunk);
    if (chunk.length > copyBytesMax) {
      this.#socket.cork();
      this.#socket.write(head, 'latin1');
      const ready = this.#socket.write(chunk);
      this.#socket.uncork();
      return ready;
    }
    return this.#socket.write(joined(head, chunk, ''));
  }

  #writeChunk(head: string, chunk: Buffer): boolean {
    this.#zeroIsLast = false;
    const before = head + chunkHead(chunk.length);
    if (chunk.length <= copyBytesMax) return this.#socket.write(joined(before, chunk, '\r\n'));
    this.#socket.cork();
    this.#socket.write(before, 'latin1');
    this.#socket.write(chunk);
    const ready = this.#socket.write('\r\n', 'latin1');
    this.#socket.uncork();
    return ready;
  }

  /** The whole body has been written; trailers are sent where the framing has a place for them. */
  end(trailers: readonly string[] = []): void {
    let rest = this.#head;
    this.#head = '';
    this.#asked = askedWithin;
    this.#zeroIsLast = false;
    if (this.#framing.kind === 'chunked') rest += lastChunk(trailers);
    if (rest !== '') this.#socket.write(rest, 'latin1');
  }

  /** Head, body and end in one write. */
  whole(status: number, fields: readonly string[], body: Buffer, bodiless: boolean): void {
    this.head(status, fields, bodiless ? { kind: 'none' } : { kind: 'length', bytes: body.length });
    if (!bodiless) this.write(body);
    this.end();
  }

  /** Several writes that follow each other now leave as one. */
  together(write: () => void): void {
    this.#socket.cork();
    write();
    this.#socket.uncork();
  }

  /**
   * Writes what changes nothing of the answer, once ahead of it and once within: an interim answer, or a zero before the
   * length of the next chunk (RFC 9112 section 7.1). False within an answer that has no place for such a thing.
   */
  ask(minor: 0 | 1): boolean {
    if (!this.headSent) {
      if (minor === 1 && this.#asked < askedAhead) this.informational(100, []);
      this.#asked = askedAhead;
      return true;
    }
    if (this.#framing.kind !== 'chunked') return false;
    if (this.#head === '' && this.#asked < askedWithin) {
      this.#asked = askedWithin;
      this.#zeroIsLast = true;
      this.#socket.write('0', 'latin1');
    }
    return true;
  }

  /** Bytes that wait for the client to read. */
  get waitingBytes(): number {
    return this.#socket.writableLength;
  }

  /** Calls back once everything written so far has left; at once when it has. Not called when the connection closes. */
  whenFlushed(callback: () => void): void {
    if (this.#socket.writableLength === 0) callback();
    else this.#socket.write('', 'latin1', (error) => (error ? undefined : callback()));
  }

  /**
   * The client must see that the answer is not whole: no last chunk, no further bytes. Where the end of the connection
   * is the end of the body only a reset can tell, and so behind a zero, which lenient readers take for the last chunk.
   */
  break(): void {
    if (this.#framing.kind === 'until_close' || this.#zeroIsLast) this.#reset();
    else this.#socket.destroy();
  }
}

function composeHead(status: number, fields: readonly string[]): string {
  return statusLine(status) + fieldLines(fields);
}

function joined(before: string, chunk: Buffer, after: string): Buffer {
  const bytes = Buffer.allocUnsafe(before.length + chunk.length + after.length);
  bytes.write(before, 0, 'latin1');
  bytes.set(chunk, before.length);
  if (after !== '') bytes.write(after, before.length + chunk.length, 'latin1');
  return bytes;
}
