/**
 * What time it is on the network: the clock's, moved by whatever was asked for; or, where ledgers are to be the same on
 * every run, a time that no clock moves.
 */
import type { Clock } from '../../clock.ts';

export type TimeRule =
  /** A new network begins at the clock's time unless told otherwise, and goes on with it. */
  | { kind: 'clock'; genesisTimeS?: number | undefined }
  /** Each ledger comes so many seconds after the one before; what was asked for is added. */
  | { kind: 'steps'; genesisTimeS: number; ledgerSeconds: number };

/** 2026-01-01T00:00:00Z: where a network begins that takes its time from no clock. */
export const GENESIS_TIME_S = 1_767_225_600;

/** The last second that fits into four digits of a year: later times no longer have the form that clients read. */
export const TIME_S_MAX = 253_402_300_799;

export type ChainTime = {
  /** Of the ledger with this number, if it closed now. */
  at(sequence: number): number;
  /** Seconds by which the network is ahead of its rule for good; behind it where negative. */
  readonly aheadS: number;
  /** Throws RangeError. */
  advance(seconds: number): void;
  /** Makes it `timeS` in the ledger with this number, and goes on from there. Throws RangeError. */
  set(timeS: number, sequence: number): void;
};

export function createChainTime(rule: TimeRule, clock: Clock, startAheadS: number): ChainTime {
  let aheadS = startAheadS;
  const byRule = (sequence: number) =>
    rule.kind === 'clock' ? Math.floor(clock.nowMs() / 1000) : rule.genesisTimeS + rule.ledgerSeconds * (sequence - 1);
  return {
    at: (sequence) => byRule(sequence) + aheadS,
    get aheadS() {
      return aheadS;
    },
    advance(seconds) {
      if (!Number.isSafeInteger(seconds) || seconds < 0) throw new RangeError('time only goes forward, in seconds');
      aheadS += seconds;
    },
    set(timeS, sequence) {
      if (!Number.isSafeInteger(timeS) || timeS < 0 || timeS > TIME_S_MAX) {
        throw new RangeError(`a time is a number of seconds since 1970, from 0 to ${TIME_S_MAX}`);
      }
      aheadS = timeS - byRule(sequence);
    },
  };
}
