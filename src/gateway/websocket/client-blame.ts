import { heldUpMs } from '../../upstream/consumer-pace.ts';
import type { Lane } from './lane.ts';

/**
 * A client may be why its upstream hangs up once it has left a ping unanswered for so long, ms: more than a round trip and what
 * lies between the two, less than any heartbeat in common use waits for its pong (aiohttp waits 5 s at a heartbeat of 10).
 */
const pongMs = 3_000;

/** Pings that are remembered one by one: an upstream may send another before the pong to the last one has come. */
const pingsMax = 16;

/**
 * Whether an upstream that left without a close frame had its client to thank for it. Servers hang up on a peer that does not
 * answer, does not read or does not go on, many of them without a close frame, so a client could have its money back at will.
 */
export class ClientBlame {
  /** Pings that have gone to the client and that it has not answered, by its own clock. */
  readonly #asked: { payload: string; atMs: number }[] = [];

  pinged(payload: string, atMs: number): void {
    // The first one says since when it is silent; a pong to the last one stands for all.
    if (this.#asked.length === pingsMax) this.#asked.pop();
    this.#asked.push({ payload, atMs });
  }

  /** A pong answers the ping whose payload it carries, and all before that (RFC 6455 section 5.5.3). Others answer nothing. */
  ponged(payload: string): void {
    const answered = this.#asked.findLastIndex((ping) => ping.payload === payload);
    this.#asked.splice(0, answered + 1);
  }

  /** What the client has left undone; undefined where it has done its part. */
  judge(up: Lane, down: Lane, nowMs: number): string | undefined {
    const [ping] = this.#asked;
    if (ping && up.pace.timeMs(nowMs) - ping.atMs >= pongMs) return 'a ping was not answered';
    if (down.reading.judge(nowMs) === 'held_up') return 'what it sent was not read';
    return leftUnfinished(up, nowMs) ? 'a message was not finished' : undefined;
  }
}

/** Whether the client has begun a frame or a message, and then stopped. */
export function leftUnfinished(up: Lane, nowMs: number): boolean {
  return up.isUnfinished && up.pace.stoppedMs(nowMs) >= heldUpMs;
}
