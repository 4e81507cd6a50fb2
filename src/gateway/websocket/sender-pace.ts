import { bytesMin } from '../../upstream/consumer-pace.ts';

/** How one side of a WebSocket gets on, by a clock that stands while nothing is read from it: it can do nothing then. */
export class SenderPace {
  #heldSinceMs: number | undefined;
  #heldMs = 0;
  #movedMs = 0;
  #bytes = 0;

  held(nowMs: number): void {
    this.#heldSinceMs ??= nowMs;
  }

  released(nowMs: number): void {
    this.#heldMs += nowMs - (this.#heldSinceMs ?? nowMs);
    this.#heldSinceMs = undefined;
  }

  /** The time by that clock. */
  timeMs(nowMs: number): number {
    return (this.#heldSinceMs ?? nowMs) - this.#heldMs;
  }

  /** Bytes of it have come, with the beginning of a message among them or not. */
  moved(nowMs: number, bytes: number, begins: boolean): void {
    this.#bytes += bytes;
    if (!begins && this.#bytes < bytesMin) return;
    this.#movedMs = this.timeMs(nowMs);
    this.#bytes = 0;
  }

  /** For how long next to nothing has come of what it began. */
  stoppedMs(nowMs: number): number {
    return this.timeMs(nowMs) - this.#movedMs;
  }
}
