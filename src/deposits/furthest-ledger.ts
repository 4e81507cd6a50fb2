import type { Clock } from '../clock.ts';
import type { VaultState } from './vault-state.ts';

/**
 * Ledgers that may have closed beyond one a second. Fewer than a co-signed exit has, and than the wait of a restored gateway
 * has beyond that: no page ends either by itself.
 */
export const aheadSlackLedgers = 28;
/** How far the close time of a ledger may be ahead of the clock here, ms; validators agree on a minute, clocks here differ. */
export const aheadSlackMs = 120_000;
/** How much faster than the time that passes here the times of ledgers may come when the clock here is behind. */
const catchUpRate = 1.25;

type Read = Pick<VaultState, 'lastLedger' | 'lastClosedAtMs' | 'readAtMs'>;
type Clocks = Pick<Clock, 'nowMs' | 'monotonicMs'>;

/**
 * The newest ledger that there can be: no network that validators share closes more than one a second. A single answer that
 * made up a later one would have every honest server refused, as one that lags, until the database is restored. Time counts
 * from the close of the newest ledger that was read, by the wall, or from its reading, whichever is longer: with a clock that
 * is behind, a gateway waits and does not stand still for good. Before the first ledger anything is believed.
 */
export function furthestLedger(read: Read, startedAtMs: number, clock: Clocks): number {
  if (read.lastLedger === 0) return Number.POSITIVE_INFINITY;
  const passedMs = Math.max(clock.nowMs() - read.lastClosedAtMs, sinceReading(read, startedAtMs, clock));
  return read.lastLedger + Math.floor(passedMs / 1_000) + aheadSlackLedgers;
}

/**
 * The latest close time that a ledger can have by now, ms. One that was made up would stand for the time of the chain until
 * that has come: signatures would count as over that are not, limits would have other periods, and the ledgers of an honest
 * server would come too soon. With a clock that is behind, what is read catches up with the network a little each second.
 */
export function furthestCloseMs(read: Read, startedAtMs: number, clock: Clocks): number {
  if (read.lastLedger === 0) return Number.POSITIVE_INFINITY;
  const caughtUpMs = read.lastClosedAtMs + Math.floor(sinceReading(read, startedAtMs, clock) * catchUpRate);
  return Math.max(clock.nowMs() + aheadSlackMs, caughtUpMs);
}

function sinceReading({ readAtMs }: Read, startedAtMs: number, clock: Clocks): number {
  return clock.monotonicMs() - (readAtMs ?? startedAtMs);
}
