import type { AccountSlot, Ledger } from '../billing/ledger.ts';
import { formatUsdc } from '../money.ts';
import type { AccountRow } from '../store/accounts.ts';

/** Amounts that memory and database both hold, and that must be the same at every moment. */
const equal = [
  'deposited',
  'settled',
  'withdrawn',
  'requested',
  'exits',
  'refunded',
  'receivable',
  'heldForPayee',
] as const;

/**
 * Compares the ledger in memory with the rows of the database, account by account, and returns what differs in words for
 * the log. A charge whose row is committed and still being synced is in the database and, in memory, still on hold.
 */
export function booksDifferences(rows: AccountRow[], ledger: Pick<Ledger, 'account'>): string[] {
  return rows.flatMap((row) => {
    const slot = ledger.account(row.address);
    return slot ? differences(row, slot) : [`${row.address} is not in memory`];
  });
}

function differences(row: AccountRow, slot: AccountSlot): string[] {
  const found = equal
    .filter((field) => row[field] !== slot[field])
    .map((field) => `${row.address} ${field}: ${formatUsdc(slot[field])} in memory, ${formatUsdc(row[field])} stored`);
  for (const field of ['charged', 'unsettled'] as const) {
    if (row[field] < slot[field] || row[field] > slot[field] + slot.held) {
      found.push(`${row.address} ${field}: ${formatUsdc(slot[field])} in memory, ${formatUsdc(row[field])} stored`);
    }
  }
  return found;
}
