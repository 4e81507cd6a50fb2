import { describe, expect, it } from 'vitest';
import { createBatches } from '../../src/store/batches.ts';
import { createClassicPayments } from '../../src/store/classic-payments.ts';
import { applyPayments, classicPayment } from './full-books.ts';
import { planOf, prepared } from './query-plan.ts';
import { openTestStore } from './rig.ts';

/** What loops ask at each of their turns, also when nothing has happened. */

describe('payments to the deposit account', () => {
  it('are found by an index of those that are not in the vault, in its own order: none is read to be sorted away', () => {
    const { store } = openTestStore();
    const texts = prepared(store.db, (db) => createClassicPayments(db, (work) => work()));
    const plans = texts
      .filter((text) => /ORDER BY p\.id|memo = /.test(text) && !text.includes('account_id = ?'))
      .map((text) => planOf(store.db, text).filter((step) => !step.startsWith('SEARCH a USING INTEGER PRIMARY KEY')));
    expect(plans).toEqual([
      ['SEARCH p USING INDEX classic_payments_open (state=? AND id>?)'],
      // A page of all payments, or of those in the vault, which most are.
      ['SEARCH p USING INTEGER PRIMARY KEY (rowid<?)'],
      ['SEARCH p USING INTEGER PRIMARY KEY (rowid<?)'],
      ['SEARCH p USING INDEX classic_payments_open (state=? AND id<?)'],
      ['SEARCH classic_payments USING INDEX classic_payments_memo (memo=?)'],
    ]);
  });

  it('come in the same order as ever: those that may have landed first, then by age, and whoever waits by age alone', () => {
    const { store } = openTestStore();
    const accountId = store.accounts.ensure('GA');
    const states = ['due', 'below_min', 'unattributed', 'due', 'unattributed', 'below_min', 'due'] as const;
    const rows = states.map((state, index) =>
      classicPayment(String(index), { state, accountId: state === 'unattributed' ? undefined : accountId }),
    );
    applyPayments(store, ...rows, classicPayment('7', { to: 'GELSE' }));
    const { classicPayments: payments, db } = store;
    db.exec("UPDATE classic_payments SET state = 'sent' WHERE id = 4");
    const ids = (found: { id: number }[]) => found.map(({ id }) => id);
    expect(ids(payments.open('GDEPOSIT', 9))).toEqual([4, 1, 7]);
    expect(ids(payments.open('GDEPOSIT', 2))).toEqual([4, 1]);
    expect(ids(payments.waitingAfter('GDEPOSIT', 0, 9))).toEqual([2, 3, 5, 6]);
    expect(ids(payments.waitingAfter('GDEPOSIT', 2, 2))).toEqual([3, 5]);
    payments.markForwarded(7, undefined, undefined);
    for (const [state, of] of [
      ['unattributed', [8, 5, 3]],
      ['due', [1]],
      ['sent', [4]],
      ['forwarded', [7]],
      ['closed', []],
    ] as const) {
      expect(ids(payments.list({ state, limit: 9 }))).toEqual(of);
    }
    expect(ids(payments.list({ state: 'unattributed', before: 8, limit: 1 }))).toEqual([5]);
    expect(ids(payments.list({ state: 'forwarded', before: 7, limit: 1 }))).toEqual([]);
  });
});

it('batches that are on their way are all that is read of them, and the newest by their number', () => {
  const { store } = openTestStore();
  const texts = prepared(store.db, (db) =>
    createBatches(
      db,
      (work) => work(),
      async () => undefined,
    ),
  );
  const plans = texts
    .filter((text) => /FROM batches WHERE .* ORDER BY/s.test(text))
    .map((text) => planOf(store.db, text));
  expect(plans).toEqual([
    // That index has one batch of a lane at most.
    ['SCAN batches USING INDEX batches_one_open'],
    ['SEARCH batches USING INTEGER PRIMARY KEY (rowid<?)'],
  ]);
});
