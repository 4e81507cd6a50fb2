/** A consumer that moves less than this in the time below keeps its connection waiting: about 1 KiB/s. */
const bytesMin = 2_048;
/** Longer than what a lost packet costs a client that means well. */
const windowMs = 2_000;

/**
 * How fast a consumer sends its body or takes its answer, while that is what its call waits for. Any pace is served as long as
 * there is room; when other calls wait in line, the slow ones make it. A sweep looks at it; nothing else costs a call anything.
 */
export class ConsumerPace {
  #sinceMs = 0;
  #bytes = 0;

  /** `waits`: the call has to wait for its consumer now; `bytes` have moved on its connection so far. */
  isSlow(nowMs: number, waits: boolean, bytes: number): boolean {
    if (waits && this.#sinceMs !== 0 && bytes - this.#bytes < bytesMin) return nowMs - this.#sinceMs >= windowMs;
    this.#sinceMs = waits ? nowMs : 0;
    this.#bytes = bytes;
    return false;
  }
}
