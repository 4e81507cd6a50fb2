import { LAG_LEDGERS_MAX } from '../../src/devnet/faults/past.ts';
import type { Chain, ChainJournal, Position } from '../../src/devnet/ledger/chain.ts';
import type { ClosedLedger } from '../../src/devnet/ledger/close.ts';
import type { ViewedHost } from '../../src/devnet/ledger/viewed-host.ts';

/**
 * The first ledgers of a network, kept in memory: any number of networks go on from there, each by itself. Nothing of a
 * closed ledger changes any more, so they share it.
 */
export class KeptLedgers {
  private readonly ledgers: ClosedLedger[] = [];
  private position: Position = { aheadS: 0, seedsGiven: 0, oldest: 0 };
  private full = false;

  private host: ViewedHost | undefined;

  /** Keeps what it is told until `stop`; from then on it only tells. */
  stop(host: ViewedHost): void {
    this.full = true;
    this.host = host;
  }

  /** For a chain that keeps them or goes on from there; the host has parsed their contracts, which takes longer than a call. */
  onward(): { journal: ChainJournal; host: ViewedHost | undefined } {
    return { journal: this.journal(), host: this.host };
  }

  private journal(): ChainJournal {
    return {
      load: ({ store, history }) => {
        for (const { record, changes } of this.ledgers) {
          for (const { key, after } of changes) {
            if (after) store.set(key, after);
            else store.delete(key);
          }
          store.takeExpiring(record.sequence);
          history.add(record);
        }
        return this.ledgers.length > 0 ? this.position : undefined;
      },
      append: (closed) => {
        if (this.full) return;
        this.ledgers.push(closed);
        this.position = { ...this.position, seedsGiven: 0 };
      },
      position: (position) => {
        if (!this.full) this.position = position;
      },
    };
  }

  latest(): readonly ClosedLedger[] {
    return this.ledgers.slice(-LAG_LEDGERS_MAX);
  }
}

/** Hears of the kept ledgers first, as if it had listened when they closed, and then of the chain's own. */
export function listenFromThen(
  chain: Chain,
  kept: KeptLedgers | undefined,
  listener: (closed: ClosedLedger) => void,
): () => void {
  for (const closed of kept?.latest() ?? []) listener(closed);
  return chain.onClosed(listener);
}
