/**
 * A consumer who lets the upstream wait for so long may be why that ends the connection, ms, and pays all the same: less than
 * the minute that servers give a peer that does not move (send_timeout of nginx, TimeOut of Apache). And more than what a
 * steady reader needs before the upstream is read again, since what lies in the sockets between the two, some MiB, moves in
 * large bursts.
 */
export const unreadMs = 30_000;

/** How a consumer has been reading when its answer breaks off. */
export type Reading =
  | 'kept_up'
  /** It has not read what was written; for how long does not matter. */
  | 'behind'
  /** It let the upstream wait for long, and what came while it did so may still be on its way. */
  | 'held_up';

/**
 * The pauses that a consumer makes while it reads an answer. Whether the upstream is still there shows only when the reading
 * goes on, so a long pause counts until the consumer has kept up for as long again: shorter pauses renew it.
 */
export class ReadingPauses {
  /** Since when it pauses; undefined while it reads. */
  #sinceMs: number | undefined;
  #countsUntilMs = Number.NEGATIVE_INFINITY;

  began(nowMs: number): void {
    this.#sinceMs ??= nowMs;
  }

  ended(nowMs: number): void {
    if (this.#sinceMs === undefined) return;
    if (this.judge(nowMs) === 'held_up') this.#countsUntilMs = nowMs + unreadMs;
    this.#sinceMs = undefined;
  }

  judge(nowMs: number): Reading {
    const sinceMs = this.#sinceMs ?? nowMs;
    if (nowMs - sinceMs >= unreadMs || sinceMs < this.#countsUntilMs) return 'held_up';
    return this.#sinceMs === undefined ? 'kept_up' : 'behind';
  }
}
