import type { Clock } from '../clock.ts';
import type { VaultState } from './vault-state.ts';

/**
 * Ledgers that may have closed beyond one a second: half an hour of a network that closes one in five. Whoever is led on by so
 * many refuses honest servers for so long, and then goes on by itself.
 */
export const aheadSlackLedgers = 360;

/**
 * The newest ledger that there can be: no network that validators share closes more than one a second. A single answer that made up a later one
 * would have every honest server refused, as one that lags, until the database is restored. Time counts from the close of
 * the newest ledger that was read, by the wall, or from its reading, whichever is longer: with a clock that is behind, a
 * gateway waits and does not stand still for good. Before the first ledger anything is believed.
 */
export function furthestLedger(
  { lastLedger, lastClosedAtMs, readAtMs }: Pick<VaultState, 'lastLedger' | 'lastClosedAtMs' | 'readAtMs'>,
  startedAtMs: number,
  clock: Pick<Clock, 'nowMs' | 'monotonicMs'>,
): number {
  if (lastLedger === 0) return Number.POSITIVE_INFINITY;
  const passedMs = Math.max(clock.nowMs() - lastClosedAtMs, clock.monotonicMs() - (readAtMs ?? startedAtMs));
  return lastLedger + Math.floor(passedMs / 1_000) + aheadSlackLedgers;
}
