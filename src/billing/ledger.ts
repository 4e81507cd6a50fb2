import type { Units } from '../money.ts';

/** One account in memory. Only the ledger's methods change it; everyone else reads. Amounts in units of 1e-7 USDC. */
export type AccountSlot = {
  readonly id: number;
  readonly address: string;
  /** Counters of the vault: chain balance = deposited − settled − withdrawn. */
  deposited: Units;
  settled: Units;
  withdrawn: Units;
  /** Requested withdrawal seen on chain, and exits co-signed but not yet seen. */
  requested: Units;
  exits: Units;
  /** What the operator may take per period: the lower of the binding limit and a pending cut. */
  limit: Units;
  /** Number of the period that `used` belongs to (chain time in seconds / limit period). */
  period: number;
  used: Units;
  /** Life-time sums of charge rows and refund rows. */
  charged: Units;
  refunded: Units;
  /** Charged and not refunded, not yet confirmed on chain. */
  unsettled: Units;
  /** Shortfalls: the chain took less than was charged. */
  receivable: Units;
  /** Charges held against a payee that the vault does not list; no debt of the account. */
  heldForPayee: Units;
  /** Open holds: their sum and number. */
  held: Units;
  holds: number;
};

/** The spend of one token with a life-time cap. */
export type CapSlot = { readonly jti: string; readonly cap: Units; spent: Units; held: Units };
