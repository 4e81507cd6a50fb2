/**
 * A time limit that costs its holder two assignments and no look at the clock: a sweep that passes at an interval
 * notes when it first sees the limit, and says when it has passed. So a limit never ends early, and late by at most
 * two intervals. Node's own timers cost a list operation at every start, and every piece of an answer is a start.
 */
export class SweptTimer {
  #limitMs = 0;
  #dueMs = 0;

  /** Starts, or starts anew. */
  start(limitMs: number): void {
    this.#limitMs = limitMs;
    this.#dueMs = 0;
  }

  stop(): void {
    this.#limitMs = 0;
  }

  /** For the sweep alone: true when the limit has passed. A limit of 0 never does. */
  isDue(nowMs: number): boolean {
    if (this.#limitMs === 0) return false;
    if (this.#dueMs === 0) {
      this.#dueMs = nowMs + this.#limitMs;
      return false;
    }
    return nowMs >= this.#dueMs;
  }
}

/** How often the sweep passes: short against every limit, and nothing against the work of a busy gateway. */
export const sweepIntervalMs = 100;
