import type { ByteBudget } from '../limits/byte-budget.ts';
import type { BodySink, OutgoingBody } from '../upstream/upstreams.ts';
import { type Exchange, wantsBody } from './exchange.ts';
import type { Refusal } from './refuse.ts';
import { judgeFailure } from './upstream-failure.ts';

/** A whole request body in memory, on its way to the upstream once it is known what to do with it. */
export class HeldBody implements OutgoingBody {
  readonly chunks: Buffer[] = [];
  length = 0;
  readonly #budget: ByteBudget;

  constructor(budget: ByteBudget) {
    this.#budget = budget;
  }

  /** False when there is no memory for it. */
  add(chunk: Buffer, bufferedBytesMax: number): boolean {
    if (!this.#budget.take(chunk.length, bufferedBytesMax)) return false;
    this.chunks.push(chunk);
    this.length += chunk.length;
    return true;
  }

  /** It is small: the upstream's connection may be behind with all of it. */
  start(sink: BodySink): void {
    for (const chunk of this.chunks) sink.data(chunk);
    sink.end([]);
  }

  resume(): void {}

  /** Gives the memory back. */
  release(): void {
    this.#budget.give(this.length);
    this.chunks.length = 0;
    this.length = 0;
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
  return new Promise((resolve) => {
    const fail = (error: Error) => {
      const { code, cause } = judgeFailure(error);
      if (code === 'client_gone') resolve('client_gone');
      else resolve(code === 'body_too_large' ? tooLarge : { ok: false, code, detail: cause.message, close: true });
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
      // Its length is known by now, so there is no place for trailers.
      end: () => resolve(undefined),
      fail,
    });
  });
}
