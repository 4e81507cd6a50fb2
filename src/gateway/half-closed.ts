import type { Socket } from 'node:net';
import type { Exchange } from './exchange.ts';

/** A client that has closed its sending side is asked so often whether it still waits for its answer, ms. */
export const askEveryMs = 500;
/** Where nothing can be asked, an answer that pauses for so long is taken to have nobody left to come to, ms. */
const quietMs = 10_000;

/**
 * A client that has closed its sending side behind a whole request. It waits for its answer, or it has left: a FIN says
 * neither. Only writing shows it: a client that has left resets the connection for what it is sent, and the next write fails,
 * be it an empty one (decision 24).
 */
export class HalfClosed {
  #bytesWritten = -1;
  #quietSinceMs = 0;

  /** False when it counts as gone, though nothing has shown it. */
  ask(raw: Socket, { answer, head }: Exchange, nowMs: number): boolean {
    // What it is behind with it has its time for.
    if (answer.waitingBytes > 0) return true;
    raw.write('', 'latin1');
    if (answer.ask(head.minor)) return true;
    if (raw.bytesWritten !== this.#bytesWritten) {
      this.#bytesWritten = raw.bytesWritten;
      this.#quietSinceMs = nowMs;
    }
    return nowMs - this.#quietSinceMs < quietMs;
  }
}
