import { createHash } from 'node:crypto';
import type { AccountSlot } from '../billing/ledger.ts';
import type { BodySink, OutgoingBody } from '../upstream/upstreams.ts';
import { type CallMemory, giveMemory, takeMemory } from './call-memory.ts';
import { type Exchange, wantsBody } from './exchange.ts';
import type { Refusal } from './refuse.ts';
import { BodyError, pieceBytes } from './request-body.ts';
import { judgeFailure } from './upstream-failure.ts';

/** Idle times of a body that the whole of it has to come in: it is small, and others may need the memory. */
const wholeIdleTimes = 4;

/**
 * A whole request body in memory, on its way to the upstream once it is known what to do with it. Without a payer it is only
 * looked at: nothing is sent for nothing, and who has no money could have all the memory.
 */
export class HeldBody implements OutgoingBody {
  readonly chunks: Buffer[] = [];
  /** What of the request's trailers goes on. They are bounded with the chunks they come behind. */
  trailers: string[] = [];
  #bytes = 0;
  readonly #memory: CallMemory;
  readonly #payer: AccountSlot | undefined;
  readonly #digest = createHash('sha256');
  #taken = 0;

  constructor(memory: CallMemory, payer: AccountSlot | undefined) {
    this.#memory = memory;
    this.#payer = payer;
  }

  /** Unknown where there are trailers, which have a place behind chunks alone. */
  get length(): number | undefined {
    return this.trailers.length === 0 ? this.#bytes : undefined;
  }

  /** False when there is no memory for it. */
  add(chunk: Buffer, bufferedBytesMax: number): boolean {
    this.#bytes += chunk.length;
    this.#digest.update(chunk);
    if (!this.#payer) return true;
    const bytes = chunk.length + pieceBytes;
    if (!takeMemory(this.#memory, this.#payer, bytes, bufferedBytesMax)) return false;
    this.#taken += bytes;
    this.chunks.push(chunk);
    return true;
  }

  /** Of all its bytes; asked for once. */
  digest(): string {
    return this.#digest.digest('hex');
  }

  /** It is small: the upstream's connection may be behind with all of it. */
  start(sink: BodySink): void {
    for (const chunk of this.chunks) sink.data(chunk);
    sink.end(this.trailers);
  }

  resume(): void {}

  /** Gives the memory back. */
  release(): void {
    if (this.#payer) giveMemory(this.#memory, this.#payer, this.#taken);
    this.#taken = 0;
    this.chunks.length = 0;
    this.trailers = [];
    this.#bytes = 0;
  }
}

/** Why the body is not there, if it is not. */
export type Unheld = Refusal | 'client_gone' | undefined;

export type HeldBodyBounds = { bodyBytesMax: number; bufferedBytesMax: number };

/** Reads the request's body to its end; undefined when there is none. What it holds is released by whoever asked. */
export function holdBody(
  exchange: Exchange,
  held: HeldBody,
  routeBytesMax: number,
  bounds: HeldBodyBounds,
): Promise<Unheld> | Unheld {
  const { body, head } = exchange;
  if (!body) return undefined;
  const bytesMax = Math.min(routeBytesMax, bounds.bodyBytesMax);
  const tooLarge: Refusal = {
    ok: false,
    code: 'body_too_large',
    detail:
      bytesMax === routeBytesMax
        ? `at most ${bytesMax} bytes`
        : `at most ${bytesMax} bytes with an Idempotency-Key, which needs the body whole before it is sent`,
  };
  if ((head.contentLength ?? 0) > bytesMax) return tooLarge;
  return new Promise((settle) => {
    const late = () => body.fail(new BodyError('request_timeout'));
    const timer = setTimeout(late, exchange.config.gateway.limits.bodyIdleTimeoutMs * wholeIdleTimes);
    const resolve = (unheld: Unheld) => {
      clearTimeout(timer);
      settle(unheld);
    };
    const fail = (error: Error) => {
      const { code, detail } = judgeFailure(error);
      if (code === 'client_gone') resolve('client_gone');
      else resolve(code === 'body_too_large' ? tooLarge : { ok: false, code, detail, close: true });
    };
    body.onFailed = fail;
    body.limit(bytesMax);
    wantsBody(exchange);
    body.start({
      data(chunk) {
        if (held.add(chunk, bounds.bufferedBytesMax)) return true;
        resolve({
          ok: false,
          code: 'overloaded',
          detail: 'too many bodies are held for keyed calls',
          fields: ['retry-after', '1'],
        });
        return false;
      },
      end(trailers) {
        held.trailers = trailers;
        resolve(undefined);
      },
      fail,
    });
  });
}
