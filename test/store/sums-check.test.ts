import { describe, expect, it } from 'vitest';
import { formatUsdc } from '../../src/money.ts';
import { createSumsCheck, createSumsWalk, type WrongSum } from '../../src/store/sums-check.ts';
import { fillBooks } from './full-books.ts';
import { openTestStore } from './rig.ts';

/** Sums that were changed by hand, or by a defect, in a way that memory and database agree on after the next start. */

async function fullBooks() {
  const { store } = openTestStore();
  await fillBooks(store);
  return store;
}

function inWords({ subject, name, kept, byRows }: WrongSum): string {
  return `${subject} ${name}: ${formatUsdc(kept)} kept, ${formatUsdc(byRows)} by its rows`;
}

/** A step for each account and batch. */
const least = { accountsMax: 1, batchesMax: 1 };

const forever = new AbortController().signal;

describe('the sums of an account', () => {
  it('are those of its rows, in books with every kind of row', async () => {
    const store = await fullBooks();
    expect(createSumsCheck(store.db)()).toEqual([]);
    expect(await store.findWrongSums(forever)).toEqual([]);
  });

  it.each([
    [
      'charges that no call stands for, asked as a debt',
      "charged_sealed = charged_sealed + 3, receivable = receivable + 3 WHERE address = 'GB'",
      ['GB charged and sealed: 0.0000012 kept, 0.0000009 by its rows', 'GB receivable: 0.0000003 kept, 0 by its rows'],
    ],
    [
      'refunds that were taken back',
      "refunded_sealed = 0, written_off = written_off + 100 WHERE address = 'GA'",
      ['GA refunded and sealed: 0 kept, 0.00001 by its rows', 'GA written off: 0.00001 kept, 0 by its rows'],
    ],
    [
      'money held for a payee that nobody earned',
      "held_for_payee = 1, settled_elsewhere = settled_elsewhere + 1 WHERE address = 'GA'",
      ['GA held for payees: 0.0000001 kept, 0 by its rows'],
    ],
    [
      'a settlement that took nothing',
      "settled = settled + 1 WHERE address = 'GA'",
      ['GA settled: 0.0000201 kept, 0.00002 by its rows'],
    ],
  ])('are found wrong: %s', async (_, change, found) => {
    const store = await fullBooks();
    store.db.exec(`UPDATE accounts SET ${change}`);
    expect(createSumsCheck(store.db)().map(inWords)).toEqual(found);
    expect([...createSumsWalk(store.db)(least)].flat().map(inWords)).toEqual(found);
    expect((await store.findWrongSums(forever)).map(inWords)).toEqual(found);
  });
});

describe('other sums', () => {
  it.each([
    [
      'usage of a day',
      'UPDATE usage_daily SET gross = gross + 1 WHERE account_id = 2',
      ['GB charged and sealed: 0.0000009 kept, 0.000001 by its rows'],
    ],
    [
      'the total of a batch',
      'DROP TRIGGER batches_sent; UPDATE batches SET total = total + 1 WHERE id = 3',
      ['batch 3 of lane 0 total: 0.0000021 kept, 0.000002 by its rows'],
    ],
    [
      'what a payee has earned',
      "UPDATE earnings SET gross = gross + 1 WHERE payee = 'GPAYEE'",
      ['GPAYEE in lane 0 earned: 0.0000201 kept, 0.00002 by its rows'],
    ],
    [
      'earnings that are gone',
      'DROP TRIGGER earnings_no_delete; DELETE FROM earnings',
      ['GPAYEE in lane 0 earned: 0 kept, 0.00002 by its rows'],
    ],
    [
      'what lies in the deposit account',
      'UPDATE classic_sums SET amount = amount + 1',
      [
        'GDEPOSIT, due payments held: 0.0000001 kept, 0 by its rows',
        'GDEPOSIT, unattributed payments held: 0.0000051 kept, 0.000005 by its rows',
      ],
    ],
    [
      'a deposit account that is gone',
      'DROP TRIGGER classic_sums_no_delete; DELETE FROM classic_sums',
      ['GDEPOSIT, unattributed payments held: 0 kept, 0.000005 by its rows'],
    ],
  ])('are found wrong: %s', async (_, change, found) => {
    const store = await fullBooks();
    store.db.exec(change);
    expect(createSumsCheck(store.db)().map(inWords)).toEqual(found);
    expect([...createSumsWalk(store.db)(least)].flat().map(inWords)).toEqual(found);
  });
});

it('a check that is broken off lets go of the database', async () => {
  const store = await fullBooks();
  const stopping = new AbortController();
  const checking = store.findWrongSums(stopping.signal);
  stopping.abort();
  await expect(checking).rejects.toThrow();
  await expect(store.findWrongSums(stopping.signal)).rejects.toThrow();
  await store.close();
});
