/** Ledgers and time by hand. */
import { z } from 'zod';
import type { LedgerRecord } from '../ledger/records.ts';
import type { ControlDeps } from './deps.ts';
import { type ControlMethod, method } from './method.ts';

/** More ledgers than any time to live or search window in the protocol is long. */
const MINED_MAX = 10_000_000;
/** Ledgers closed in one turn of the event loop: other clients are answered between them. */
const MINED_AT_ONCE = 100;
/** A thousand coins for an operation: more than anybody bids. */
const SURGE_STROOPS_MAX = 10_000_000_000;
/** A century: later, times no longer fit into what clients count in. */
const SECONDS_MAX = 3_155_760_000;
/** The year 2200. */
const TIME_S_MAX = 7_258_118_400;

export function ledgerMethods({ chain }: ControlDeps): Record<string, ControlMethod> {
  return {
    /** Closes so many ledgers now, each `intervalS` after the one before. */
    devnet_mine: method(
      z.strictObject({
        ledgers: z.int().min(1).max(MINED_MAX).default(1),
        intervalS: z.int().min(0).max(SECONDS_MAX).default(0),
      }),
      async ({ ledgers, intervalS }) => {
        for (let mined = 0; mined < ledgers; mined++) {
          if (intervalS > 0) chain.advanceTime(intervalS);
          chain.closeLedger();
          if (mined % MINED_AT_ONCE === MINED_AT_ONCE - 1) await nextTurn();
        }
        return summary(chain.history.latest());
      },
    ),
    /** Moves the network's time ahead for good and closes a ledger there. */
    devnet_increaseTime: method(z.strictObject({ seconds: z.int().min(1).max(SECONDS_MAX) }), ({ seconds }) => {
      chain.advanceTime(seconds);
      return summary(chain.closeLedger());
    }),
    /** Closes a ledger at this time, seconds since 1970; from then on it goes on from there. */
    devnet_setTime: method(z.strictObject({ closeTimeS: z.int().min(0).max(TIME_S_MAX) }), ({ closeTimeS }) => {
      chain.setTime(closeTimeS);
      return summary(chain.closeLedger());
    }),
    /** Forgets all but the newest so many ledgers: what was before is history that no server has any more. */
    devnet_prune: method(z.strictObject({ keepLedgers: z.int().min(1) }), ({ keepLedgers }) => {
      chain.history.prune(chain.history.latest().sequence - keepLedgers + 1);
      return { oldestLedger: chain.history.oldest().sequence };
    }),
    /** While frozen, no ledger closes but by `devnet_mine`: what is sent stays pending. */
    devnet_freeze: method(z.strictObject({ frozen: z.boolean().default(true) }), ({ frozen }) => {
      chain.freeze(frozen);
      return { frozen };
    }),
    /** What is sent from now on has to bid this for each operation, and is charged it; 0 ends it. */
    devnet_surge: method(
      z.strictObject({
        baseFeeStroops: z.int().min(0).max(SURGE_STROOPS_MAX),
        lane: z.enum(['classic', 'soroban']).optional(),
      }),
      ({ baseFeeStroops, lane }) => {
        for (const one of lane ? [lane] : (['classic', 'soroban'] as const)) {
          chain.waiting.setFloor(one, BigInt(baseFeeStroops));
        }
        return { baseFeeStroops };
      },
    ),
  };
}

export function summary({ sequence, closed, closeTimeS }: LedgerRecord) {
  return { sequence, hash: Buffer.from(closed.hash).toString('hex'), closeTimeS };
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
