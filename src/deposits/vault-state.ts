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
  upgrade: { hash: string; applyAfterS: number; expiresAtS: number } | undefined;
};

export function initialVaultState(): VaultState {
  return {
    paused: 0,
    listedPayees: new Set(),
    removedPayees: new Set(),
    operator: undefined,
    lastLedger: 0,
    lastClosedAtMs: 0,
    upgrade: undefined,
  };
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
