import type { AccountSlot, Ledger, LedgerTotals } from '../billing/ledger.ts';
import type { Clock } from '../clock.ts';
import { counted } from '../counted.ts';
import { add, formatUsdc, zero } from '../money.ts';
import type { AccountRow } from '../store/account-row.ts';
import type { Accounts } from '../store/accounts.ts';

export type BooksCheckDeps = {
  accounts: Pick<Accounts, 'walk'>;
  ledger: Pick<Ledger, 'view'>;
};

export type CheckedBooks = {
  /** What differs, in words for the log. */
  found: string[];
  /** How long the event loop was held, in all, ms. */
  busyMs: number;
};

/** Left to calls between two steps, ms. */
export const pauseMs = 3;

/**
 * A check may take so long, ms. The log of the database grows meanwhile, by some megabytes a second under load: a walk that
 * has not come to its end by then is given up.
 */
const walkMaxMs = 30_000;

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

/** Sums over all accounts that memory keeps. */
const summed = ['unsettled', 'held', 'receivable'] as const;

/** Checks the books between the calls. Rejects when that cannot be done: then nobody knows whether they are whole. */
export async function checkBooks(deps: BooksCheckDeps & { clock: Clock }, signal: AbortSignal): Promise<CheckedBooks> {
  const { clock } = deps;
  const startMs = clock.monotonicMs();
  const steps = booksSteps(deps);
  let busyMs = 0;
  try {
    for (;;) {
      // Also before the first: what one event writes into the database and into memory is then in both.
      await clock.sleep(pauseMs, signal);
      signal.throwIfAborted();
      const stepMs = clock.monotonicMs();
      if (stepMs - startMs > walkMaxMs) throw new Error(`the books were not read in ${walkMaxMs / 1000} s`);
      const { done, value: found } = steps.next();
      busyMs += clock.monotonicMs() - stepMs;
      if (done) return { found, busyMs };
    }
  } finally {
    steps.return([]);
  }
}

/**
 * Compares the ledger in memory with the rows of the database, account by account, both as they are at the first step, and
 * returns what differs. A charge whose row is committed and still being synced is in the database and, in memory, still on
 * hold.
 */
export function* booksSteps({ accounts, ledger }: BooksCheckDeps): Generator<undefined, string[]> {
  const found: string[] = [];
  const view = ledger.view();
  const sums: LedgerTotals = { unsettled: zero, held: zero, receivable: zero };
  let stored = 0;
  let inBoth = 0;
  try {
    // The first step opens the walk too: between the two moments lies nothing.
    for (const rows of accounts.walk()) {
      for (const row of rows) {
        stored++;
        const slot = view.take(row.address);
        if (!slot) {
          found.push(`${row.address} is not in memory`);
          continue;
        }
        inBoth++;
        if (!isSame(row, slot)) found.push(...differences(row, slot));
        for (const field of summed) sums[field] = add(sums[field], slot[field]);
      }
      const last = rows.at(-1);
      if (last) view.passed(last.id);
      yield;
    }
    if (stored !== view.count)
      found.push(`${counted(view.count, 'account is', 'accounts are')} in memory, ${stored} stored`);
    for (const field of summed) {
      // Without an account the sums say nothing, and that it is missing is said already.
      if (inBoth !== view.count || sums[field] === view.totals[field]) continue;
      found.push(`${field} in all: ${formatUsdc(view.totals[field])} kept, ${formatUsdc(sums[field])} by accounts`);
    }
    return found;
  } finally {
    view.close();
  }
}

function isSame(row: AccountRow, slot: AccountSlot): boolean {
  return (
    row.id === slot.id &&
    equal.every((field) => row[field] === slot[field]) &&
    within.every((field) => isWithin(row, slot, field))
  );
}

function isWithin(row: AccountRow, slot: AccountSlot, field: (typeof within)[number]): boolean {
  return row[field] >= slot[field] && row[field] <= slot[field] + slot.held;
}

function differences(row: AccountRow, slot: AccountSlot): string[] {
  const off = [
    ...equal.filter((field) => row[field] !== slot[field]),
    ...within.filter((field) => !isWithin(row, slot, field)),
  ];
  return [
    ...(row.id === slot.id ? [] : [`${row.address} has number ${slot.id} in memory, ${row.id} stored`]),
    ...off.map(
      (field) => `${row.address} ${field}: ${formatUsdc(slot[field])} in memory, ${formatUsdc(row[field])} stored`,
    ),
  ];
}
