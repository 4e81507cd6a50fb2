import { SweptTimer } from './swept-timer.ts';

/** Below what servers keep an idle connection for when they do not say (Node 5 s, others more). */
const idleMs = 4_000;
/** Firewalls forget a connection that is idle for longer, and do not say so. */
const idleMaxMs = 60_000;
/** The upstream's own limit less what a request needs to get there. */
const idleMarginMs = 1_000;
/** A name may lead elsewhere by now, and a busy connection would never ask. */
const lifeMs = 5 * 60_000;

/** For how long a connection is kept for further calls. */
export class KeepTime {
  /** It has been there for so long that no other call begins on it. */
  isOver = false;
  readonly #life = new SweptTimer();

  /** The connection is there. */
  begin(): void {
    this.#life.start(lifeMs);
  }

  look(nowMs: number): void {
    if (this.#life.isDue(nowMs)) this.isOver = true;
  }

  /** How long it may stay idle, ms, where the upstream keeps it for `keepAliveMs`, or does not say (-1); never when not above 0. */
  idleMs(keepAliveMs: number): number {
    return keepAliveMs < 0 ? idleMs : Math.min(idleMaxMs, keepAliveMs - idleMarginMs);
  }
}
