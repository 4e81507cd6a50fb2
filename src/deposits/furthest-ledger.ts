import type { Clock } from '../clock.ts';
import type { VaultState } from './vault-state.ts';

/**
 * Ledgers that may have closed beyond one a second: half an hour of a network that closes one in five. Whoever is led on by so
 * many refuses honest servers for so long, and then goes on by itself.
 */
export const aheadSlackLedgers = 360;

/** The same half an hour, ms; validators agree on no close time more than a minute ahead of their clocks. */
export const aheadSlackMs = aheadSlackLedgers * 5_000;

type Read = Pick<VaultState, 'lastLedger' | 'lastClosedAtMs' | 'readAtMs'>;
type Clocks = Pick<Clock, 'nowMs' | 'monotonicMs'>;

/**
 * The newest ledger that there can be: no network that validators share closes more than one a second. A single answer that
 * made up a later one would have every honest server refused, as one that lags, until the database is restored. Before the
 * first ledger anything is believed.
 */
export function furthestLedger(read: Read, startedAtMs: number, clock: Clocks): number {
  if (read.lastLedger === 0) return Number.POSITIVE_INFINITY;
  return read.lastLedger + Math.floor(passedMs(read, startedAtMs, clock) / 1_000) + aheadSlackLedgers;
}

/**
 * The latest close time that a ledger can have by now, ms. One that was made up would stand for the time of the chain until
 * that time has come: limits would have other periods, and the ledgers of an honest server would come too soon.
 */
export function furthestCloseMs(read: Read, startedAtMs: number, clock: Clocks): number {
  if (read.lastLedger === 0) return Number.POSITIVE_INFINITY;
  return read.lastClosedAtMs + passedMs(read, startedAtMs, clock) + aheadSlackMs;
}

/**
 * Since the close of the newest ledger that was read, by the wall, or since its reading, whichever is longer: with a clock
 * that is behind, a gateway waits and does not stand still for good.
 */
function passedMs({ lastClosedAtMs, readAtMs }: Read, startedAtMs: number, clock: Clocks): number {
  return Math.max(clock.nowMs() - lastClosedAtMs, clock.monotonicMs() - (readAtMs ?? startedAtMs));
}
