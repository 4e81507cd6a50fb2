import type { AccountSlot } from '../billing/ledger.ts';
import type { StoredAnswer } from '../metering/keyed-calls.ts';
import { type CallMemory, giveMemory, takeMemory } from './call-memory.ts';

/** Bounds of one copy and of all of them together. */
export type CopyBounds = { answerBytesMax: number; bufferedBytesMax: number; readOnTimeoutMs: number };

const ofTheMoment = new Set(['date', 'trailer', 'ratelimit', 'ratelimit-policy']);

/**
 * What a keyed call's client is answered, kept while it passes by. An answer that is too large, or that finds no memory free,
 * passes by all the same and is not kept.
 */
export class AnswerCopy {
  readonly #memory: CallMemory;
  readonly #account: AccountSlot;
  readonly #bounds: CopyBounds;
  #status = 0;
  #fields: string[] = [];
  #chunks: Buffer[] = [];
  #bytes = 0;
  #state: 'open' | 'whole' | 'lost' = 'open';

  constructor(memory: CallMemory, account: AccountSlot, bounds: CopyBounds) {
    this.#memory = memory;
    this.#account = account;
    this.#bounds = bounds;
  }

  /**
   * The final head without what belongs to this call: each answer has a Date and rates of its own, and none that is kept
   * has trailers.
   */
  head(status: number, fields: readonly string[]): void {
    this.#status = status;
    for (let i = 0; i + 1 < fields.length; i += 2) {
      const name = fields[i] ?? '';
      if (!ofTheMoment.has(name.toLowerCase())) this.#fields.push(name, fields[i + 1] ?? '');
    }
  }

  add(chunk: Buffer): void {
    if (this.#state !== 'open') return;
    const fits = this.#bytes + chunk.length <= this.#bounds.answerBytesMax;
    if (!fits || !takeMemory(this.#memory, this.#account, chunk.length, this.#bounds.bufferedBytesMax)) {
      this.giveUp();
      return;
    }
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
  }

  /** The answer passes by all the same. */
  giveUp(): void {
    this.release();
    this.#state = 'lost';
  }

  end(): void {
    if (this.#state === 'open') this.#state = 'whole';
  }

  /** Longest time an answer is read on when its client has left. */
  get readOnTimeoutMs(): number {
    return this.#bounds.readOnTimeoutMs;
  }

  /** More of the answer is worth reading although its client has left. */
  get open(): boolean {
    return this.#state === 'open';
  }

  /** The answer, once it has come whole. */
  get answer(): StoredAnswer | undefined {
    if (this.#state !== 'whole') return undefined;
    return { status: this.#status, fields: this.#fields, body: Buffer.concat(this.#chunks) };
  }

  /** Gives the memory back. */
  release(): void {
    giveMemory(this.#memory, this.#account, this.#bytes);
    this.#bytes = 0;
    this.#chunks = [];
  }
}
