import type { Clock } from '../clock.ts';
import type { VaultEvent } from '../stellar/vault-events.ts';

/** What the vault's own events say about whether calls may be served, kept in memory and rebuilt by reading the vault. */
export type VaultState = {
  /** Bits: 1 deposits, 2 settle. */
  paused: number;
  /** Payees the vault is known to list; one that is missing was removed, or never looked up. */
  listedPayees: ReadonlySet<string>;
  removedPayees: ReadonlySet<string>;
  operator: string | undefined;
  /** Newest ledger that was watched, and its close time, ms. */
  lastLedger: number;
  lastClosedAtMs: number;
  /** Monotonic ms at which that ledger was read; undefined while it is known from an earlier run. */
  readAtMs: number | undefined;
  upgrade: { hash: string; applyAfterS: number; expiresAtS: number } | undefined;
  /** Why nothing may be sold or settled: other code than this program understands is, or may be, in the vault's place. */
  strange: string | undefined;
};

export function initialVaultState(): VaultState {
  return {
    paused: 0,
    listedPayees: new Set(),
    removedPayees: new Set(),
    operator: undefined,
    lastLedger: 0,
    lastClosedAtMs: 0,
    readAtMs: undefined,
    upgrade: undefined,
    strange: undefined,
  };
}

/**
 * When the chain was last seen, by the clock on the wall, ms; undefined before. A clock that is set back makes no sight fresh
 * again: the time since the ledger was read has passed all the same.
 */
export function lastSeenMs(
  { lastClosedAtMs, readAtMs }: Pick<VaultState, 'lastClosedAtMs' | 'readAtMs'>,
  clock: Pick<Clock, 'nowMs' | 'monotonicMs'>,
): number | undefined {
  if (lastClosedAtMs === 0) return undefined;
  if (readAtMs === undefined) return lastClosedAtMs;
  return Math.min(lastClosedAtMs, clock.nowMs() - (clock.monotonicMs() - readAtMs));
}

/** The state after one event; the same object when the event does not concern it. */
export function nextVaultState(state: VaultState, event: VaultEvent): VaultState {
  switch (event.kind) {
    case 'paused':
    case 'unpaused':
      return { ...state, paused: event.flags };
    case 'payee_added':
      return withPayee(state, event.payee, true);
    case 'payee_removed':
      return withPayee(state, event.payee, false);
    case 'operator_set':
      return { ...state, operator: event.address };
    case 'upgrade_proposed': {
      const { hash, applyAfterS, expiresAtS } = event;
      return { ...state, upgrade: { hash, applyAfterS, expiresAtS } };
    }
    case 'upgrade_applied':
      return { ...state, upgrade: undefined, strange: 'the vault runs other code, at which nobody has looked yet' };
    case 'upgrade_cancelled':
      return { ...state, upgrade: undefined };
    default:
      return state;
  }
}

export function withPayee(state: VaultState, payee: string, listed: boolean): VaultState {
  const listedPayees = new Set(state.listedPayees);
  const removedPayees = new Set(state.removedPayees);
  if (listed) {
    listedPayees.add(payee);
    removedPayees.delete(payee);
  } else {
    listedPayees.delete(payee);
    removedPayees.add(payee);
  }
  return { ...state, listedPayees, removedPayees };
}
