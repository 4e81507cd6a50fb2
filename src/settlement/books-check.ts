import type { AccountSlot, Ledger } from '../billing/ledger.ts';
import { formatUsdc } from '../money.ts';
import type { AccountRow, Accounts } from '../store/accounts.ts';

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

/** Stored with a call's row, and in memory once its hold has become a charge. */
const within = ['charged', 'unsettled'] as const;

/**
 * Compares the ledger in memory with the rows of the database, account by account, and returns what differs in words for
 * the log. A charge whose row is committed and still being synced is in the database and, in memory, still on hold.
 */
export function booksDifferences(accounts: Pick<Accounts, 'visitAll'>, ledger: Pick<Ledger, 'account'>): string[] {
  const found: string[] = [];
  accounts.visitAll((row) => {
    const slot = ledger.account(row.address);
    if (!slot) found.push(`${row.address} is not in memory`);
    else if (!isSame(row, slot)) found.push(...differences(row, slot));
  });
  return found;
}

function isSame(row: AccountRow, slot: AccountSlot): boolean {
  return equal.every((field) => row[field] === slot[field]) && within.every((field) => isWithin(row, slot, field));
}

function isWithin(row: AccountRow, slot: AccountSlot, field: (typeof within)[number]): boolean {
  return row[field] >= slot[field] && row[field] <= slot[field] + slot.held;
}

function differences(row: AccountRow, slot: AccountSlot): string[] {
  const off = [
    ...equal.filter((field) => row[field] !== slot[field]),
    ...within.filter((field) => !isWithin(row, slot, field)),
  ];
  return off.map(
    (field) => `${row.address} ${field}: ${formatUsdc(slot[field])} in memory, ${formatUsdc(row[field])} stored`,
  );
}
