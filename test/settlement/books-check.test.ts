import { describe, expect, it } from 'vitest';
import { createLedger } from '../../src/billing/ledger.ts';
import { units } from '../../src/money.ts';
import type { AccountRow } from '../../src/store/account-row.ts';
import { booksDifferences } from './books-differences.ts';

function row(changes: Partial<AccountRow>): AccountRow {
  return {
    id: 1,
    address: 'GA',
    deposited: units(100n),
    settled: units(0n),
    withdrawn: units(0n),
    requested: units(0n),
    unlockAtS: undefined,
    limit: units(1_000n),
    pendingLimitAtS: undefined,
    period: 0,
    used: units(0n),
    charged: units(10n),
    refunded: units(0n),
    unsettled: units(10n),
    receivable: units(0n),
    heldForPayee: units(0n),
    writtenOff: units(0n),
    settledElsewhere: units(0n),
    exits: units(0n),
    snapshotLedger: 0,
    createdAtMs: 0,
    ...changes,
  };
}

function ledgerWith(stored: AccountRow) {
  const ledger = createLedger({ limitPeriodS: 3_600, chainTimeS: () => 0 });
  return { ledger, slot: ledger.open(stored) };
}

function accountsOf(rows: AccountRow[]) {
  return {
    *walk() {
      yield rows;
    },
  };
}

describe('the check of memory against the database', () => {
  it('finds nothing where both hold the same', () => {
    expect(booksDifferences(accountsOf([row({})]), ledgerWith(row({})).ledger)).toEqual([]);
  });

  it('finds one unit that only one side has', () => {
    const { ledger } = ledgerWith(row({}));
    expect(booksDifferences(accountsOf([row({ deposited: units(101n) })]), ledger)).toHaveLength(1);
    expect(booksDifferences(accountsOf([row({ charged: units(9n), unsettled: units(9n) })]), ledger)).toHaveLength(2);
  });

  it('takes a committed charge whose hold is still open for no difference, and not a unit more', () => {
    const { ledger, slot } = ledgerWith(row({}));
    expect(ledger.hold(slot, undefined, units(5n)).ok).toBe(true);
    expect(booksDifferences(accountsOf([row({ charged: units(15n), unsettled: units(15n) })]), ledger)).toEqual([]);
    expect(booksDifferences(accountsOf([row({ charged: units(16n), unsettled: units(16n) })]), ledger)).toHaveLength(2);
  });

  it('finds an exit that only one side has on hold', () => {
    const { ledger, slot } = ledgerWith(row({}));
    ledger.holdExit(slot, units(7n));
    expect(booksDifferences(accountsOf([row({ exits: units(7n) })]), ledger)).toEqual([]);
    expect(booksDifferences(accountsOf([row({})]), ledger)).toHaveLength(1);
  });

  it('finds an account that memory does not know', () => {
    expect(booksDifferences(accountsOf([row({ address: 'GB' })]), ledgerWith(row({})).ledger)).toEqual([
      'GB is not in memory',
    ]);
  });
});
