import type { Clock } from '../clock.ts';
import { RpcError } from '../stellar/json-rpc.ts';
import { furthestCloseMs, furthestLedger } from './furthest-ledger.ts';
import type { VaultState } from './vault-state.ts';

/** About a minute: longer than servers behind one address differ. */
const lagTolerated = 12;
/** The last moment that a Date can tell, ms. */
const dateMaxMs = 8.64e15;

export type Believable = {
  /** Throws for a ledger that cannot have closed yet: what would follow from it could not be taken back. */
  ledgers(read: VaultState, ...ledgers: number[]): void;
  /** The same for a close time, ms, which it gives back. */
  closeMs(read: VaultState, closedAtMs: number): number;
  /**
   * True when the source shows an older ledger than was read: nothing is taken from it. A few ledgers are another server
   * behind the same address; more is a source that was reset or lies, and it throws.
   */
  lags(read: VaultState, latestLedger: number): boolean;
};

/** What a source may say of how far the network is, by what was read of it before and by the time that has passed. */
export function createBelievable(clock: Clock, closesAtWill: boolean): Believable {
  const startedAtMs = clock.monotonicMs();
  return {
    ledgers(read, ...ledgers) {
      if (closesAtWill) return;
      const furthest = furthestLedger(read, startedAtMs, clock);
      const named = Math.max(...ledgers);
      if (named <= furthest) return;
      const seen = `${read.lastLedger} was read before and there can be none beyond ${furthest}`;
      throw new RpcError('ahead', `the RPC tells of ledger ${named}, but ${seen}`);
    },
    closeMs(read, closedAtMs) {
      const furthestMs = closesAtWill ? Number.POSITIVE_INFINITY : furthestCloseMs(read, startedAtMs, clock);
      if (closedAtMs <= furthestMs) return closedAtMs;
      const [told, latest] = [closedAtMs, furthestMs].map((atMs) => new Date(Math.min(atMs, dateMaxMs)).toISOString());
      throw new RpcError(
        'ahead',
        `the RPC tells of a ledger that closed at ${told}, and by the clock here none can have after ${latest}`,
      );
    },
    lags(read, latestLedger) {
      if (latestLedger >= read.lastLedger - lagTolerated) return latestLedger < read.lastLedger;
      throw new RpcError('lagging', `the RPC is at ledger ${latestLedger}, but ${read.lastLedger} was read before`);
    },
  };
}
