/** A consumer that moves less than this in the times below keeps its connection waiting: about 1 KiB/s. */
export const bytesMin = 2_048;
/** Until it has to make room, when other calls wait in line: longer than what a lost packet costs a client that means well. */
export const slowMs = 2_000;
/**
 * A consumer whose body lets its upstream wait for so long may be why that ends the connection, ms, and pays all the same.
 * Servers give a peer that does not move a minute (send_timeout of nginx, TimeOut of Apache), so this is less than any limit of
 * theirs that is likely; and it is longer than what a lost packet or a full disk costs a consumer who means well.
 */
export const heldUpMs = 5_000;

/**
 * How fast a consumer sends its body or takes its answer, while that is what its call waits for. Any pace is served as long as
 * there is room; when other calls wait in line, the slow ones make it. A sweep looks at it; nothing else costs a call anything.
 */
export class ConsumerPace {
  #sinceMs = 0;
  #bytes = 0;

  /** Another call begins, whose bytes are counted from nothing. */
  restart(): void {
    this.#sinceMs = 0;
  }

  /**
   * For how long the call has had to wait for its consumer while next to nothing moved. `waits`: it has to now; `bytes` have
   * moved for it so far.
   */
  waitedMs(nowMs: number, waits: boolean, bytes: number): number {
    if (waits && this.#sinceMs !== 0 && bytes - this.#bytes < bytesMin) return nowMs - this.#sinceMs;
    this.#sinceMs = waits ? nowMs : 0;
    this.#bytes = bytes;
    return 0;
  }
}
