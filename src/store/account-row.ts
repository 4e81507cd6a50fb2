import { add, least, subtract, type Units, zero } from '../money.ts';
import { fromStored } from './columns.ts';

/** Units of 1e-7 USDC; the fields of the ledger's slot, and what only pages show. */
export type AccountRow = {
  id: number;
  address: string;
  deposited: Units;
  settled: Units;
  withdrawn: Units;
  requested: Units;
  /** When a requested withdrawal may be taken out, s. */
  unlockAtS: number | undefined;
  /** The lower of the binding limit and a pending cut. */
  limit: Units;
  pendingLimitAtS: number | undefined;
  period: number;
  used: Units;
  charged: Units;
  refunded: Units;
  unsettled: Units;
  receivable: Units;
  heldForPayee: Units;
  writtenOff: Units;
  settledElsewhere: Units;
  /** Co-signed and not ended. */
  exits: Units;
  snapshotLedger: number;
  createdAtMs: number;
};

/** A row of the table. */
export type StoredAccount = {
  id: number;
  address: string;
  deposited: number;
  settled: number;
  withdrawn: number;
  requested: number;
  unlock_at_s: number | null;
  limit_units: number;
  pending_limit: number | null;
  pending_limit_at_s: number | null;
  period: number;
  used: number;
  charged_sealed: number;
  refunded_sealed: number;
  receivable: number;
  held_for_payee: number;
  written_off: number;
  settled_elsewhere: number;
  snapshot_ledger: number;
  created_at_ms: number;
};

/** Sums over what is in no confirmed batch; absent ones are 0. */
export type AccountSums = {
  /** Charges in no batch yet. */
  charged?: Units | undefined;
  /** Refunds of these. */
  refunded?: Units | undefined;
  /** Lines of batches in flight, without what they carry of older debt. */
  flying?: Units | undefined;
  exits?: Units | undefined;
};

/** An account with its sums, ready for the ledger. */
export function toAccountRow(row: StoredAccount, sums: AccountSums): AccountRow {
  const { charged = zero, refunded = zero, flying = zero, exits = zero } = sums;
  const limit = fromStored(row.limit_units);
  return {
    id: row.id,
    address: row.address,
    deposited: fromStored(row.deposited),
    settled: fromStored(row.settled),
    withdrawn: fromStored(row.withdrawn),
    requested: fromStored(row.requested),
    unlockAtS: row.unlock_at_s ?? undefined,
    limit: row.pending_limit === null ? limit : least(limit, fromStored(row.pending_limit)),
    pendingLimitAtS: row.pending_limit_at_s ?? undefined,
    period: row.period,
    used: fromStored(row.used),
    charged: add(fromStored(row.charged_sealed), charged),
    refunded: add(fromStored(row.refunded_sealed), refunded),
    unsettled: subtract(add(flying, charged), refunded),
    receivable: fromStored(row.receivable),
    heldForPayee: fromStored(row.held_for_payee),
    writtenOff: fromStored(row.written_off),
    settledElsewhere: fromStored(row.settled_elsewhere),
    exits,
    snapshotLedger: row.snapshot_ledger,
    createdAtMs: row.created_at_ms,
  };
}
