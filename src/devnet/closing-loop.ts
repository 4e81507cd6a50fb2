import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import { createLoop, type Loop } from '../loop.ts';
import type { Chain } from './ledger/chain.ts';

export type ClosingOptions = {
  /** Close a ledger every so many ms. */
  closeMs?: number | undefined;
  /**
   * Without `closeMs`: look every so many ms and close a ledger where none was closed since the last look, so that the
   * network does not seem to stand still. Default 10,000: a third of what health allows.
   */
  idleMs?: number | undefined;
  /** No clock moves the time: none closes ledgers either, unless `closeMs` says so. */
  ledgerSeconds?: number | undefined;
  clock: Clock;
  log: Log;
};

const IDLE_MS = 10_000;

/** Closes ledgers by the clock, but not while the network is frozen; undefined where no clock closes any. */
export function createClosingLoop(chain: Chain, options: ClosingOptions): Loop | undefined {
  const { closeMs, idleMs = IDLE_MS, ledgerSeconds, clock, log } = options;
  const close = () => {
    if (!chain.frozen) chain.closeLedger();
  };
  const loop = (intervalMs: number, turn: () => void): Loop =>
    createLoop({
      name: 'ledger close',
      intervalMs,
      clock,
      log,
      turn: async () => {
        turn();
        return false;
      },
    });
  if (closeMs !== undefined) return loop(closeMs, close);
  if (ledgerSeconds !== undefined) return undefined;
  let seen: number | undefined;
  return loop(idleMs, () => {
    if (chain.history.latest().sequence === seen) close();
    seen = chain.history.latest().sequence;
  });
}
