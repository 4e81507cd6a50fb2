/** What reads more than this, a second, is not slow: 16 KiB, in bytes per ms. */
const bytesPerMs = 16.384;
/**
 * The longest pause that can be earned, ms. On Linux a socket asks for more when a third of what it holds has left, up to 1.3
 * MiB with its usual limits: a client that reads 150 KB/s takes nine seconds for those. What has filled the sockets has not been
 * read yet, so a client that reads nothing has this time too, and other calls wait for it.
 */
const earnedMsMax = 10_000;

/**
 * A steady reader seems to pause and to take a lot at once, in turn, since what lies in the sockets on its way moves in bursts.
 * What moves earns time in which the next pause is not held against it.
 */
export class ReadingCredit {
  #bytes = 0;
  #untilMs = 0;

  /** Another call begins, whose bytes are counted from nothing. */
  restart(): void {
    this.#bytes = 0;
    this.#untilMs = 0;
  }

  /** Whether a pause is still earned, when so many bytes of the answer have moved. */
  covers(nowMs: number, bytes: number): boolean {
    const earnedMs = (bytes - this.#bytes) / bytesPerMs;
    this.#bytes = bytes;
    this.#untilMs = Math.min(nowMs + earnedMsMax, Math.max(nowMs, this.#untilMs) + earnedMs);
    return nowMs < this.#untilMs;
  }
}
