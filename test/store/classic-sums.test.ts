import fc from 'fast-check';
import { expect, it } from 'vitest';
import { units } from '../../src/money.ts';
import { createClassicPayments } from '../../src/store/classic-payments.ts';
import { createSumsCheck } from '../../src/store/sums-check.ts';
import { applyPayments, classicPayment, envelope } from './full-books.ts';
import { planOf, prepared } from './query-plan.ts';
import { openTestStore } from './rig.ts';

it('what lies in a deposit account is what its rows say, at any ledger, after whatever becomes of them', () => {
  const step = fc.record({
    act: fc.constantFrom('pay', 'assign', 'close', 'send', 'land', 'fail', 'find'),
    pick: fc.nat(12),
    amount: fc.integer({ min: 1, max: 9 }),
    to: fc.constantFrom('GONE', 'GTWO'),
    state: fc.constantFrom('unattributed', 'below_min', 'due'),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const { store } = openTestStore();
      const { classicPayments: payments, classicForwards: forwards, db } = store;
      const accountId = store.accounts.ensure('GA');
      const isDue = db.prepare("SELECT 1 FROM classic_payments WHERE id = ? AND state = 'due'").pluck();
      let sent = '';
      for (const [index, { act, pick, amount, to, state }] of steps.entries()) {
        if (act === 'pay') {
          const owner = state === 'unattributed' ? undefined : accountId;
          const more = { to, state, ledger: index, amount: units(amount), accountId: owner };
          applyPayments(store, classicPayment(String(index), more), classicPayment(String(index), more));
        } else if (act === 'assign') payments.assign(pick, accountId, ['unattributed', 'below_min'], 'by hand');
        else if (act === 'close') payments.close(pick, 'sent back');
        else if (act === 'find') payments.markForwarded(pick, undefined, 'was there');
        else if (act === 'land') forwards.end(pick, sent, 'landed');
        else if (act === 'fail') forwards.end(pick, sent, 'failed');
        else if (isDue.get(pick)) {
          sent = `hash ${index}`;
          forwards.record(pick, { ...envelope, hash: sent });
        }
      }
      const rows = payments.list({ limit: 100 });
      const sum = (of: typeof rows) => of.reduce((total, row) => total + row.amount, 0n);
      for (const upTo of [...rows.map((row) => row.ledger), undefined]) {
        for (const to of ['GONE', 'GTWO', 'GNEVER']) {
          const held = rows.filter(
            (row) =>
              row.to === to && row.ledger <= (upTo ?? 99) && ['unattributed', 'below_min', 'due'].includes(row.state),
          );
          expect(payments.held(to, upTo)).toBe(sum(held));
        }
      }
      const ownerless = rows.filter((row) => row.state === 'unattributed');
      expect(payments.unattributed()).toEqual({ count: ownerless.length, sum: sum(ownerless) });
      expect(createSumsCheck(db)()).toEqual([]);
    }),
    { numRuns: 40 },
  );
});

it('what is asked at every scrape and before every forward reads no row of a payment that was there before', () => {
  const { store } = openTestStore();
  for (let id = 0; id < 300; id++) applyPayments(store, classicPayment(String(id), { ledger: 10 + id }));
  expect(store.db.prepare('SELECT COUNT(*) FROM classic_sums').pluck().get()).toBe(1);
  const texts = prepared(store.db, (db) => createClassicPayments(db, (work) => work()));
  const plansOf = (words: string) => texts.filter((text) => text.includes(words)).map((text) => planOf(store.db, text));
  expect(plansOf('SUM(payments)')).toEqual([['SCAN classic_sums']]);
  expect(plansOf('$upToLedger')).toEqual([
    [
      'SCAN CONSTANT ROW',
      'SCALAR SUBQUERY 1',
      expect.stringMatching(/^SEARCH classic_sums USING INDEX \S+ \(to_address=\?\)$/),
      'SCALAR SUBQUERY 2',
      'SEARCH classic_payments USING COVERING INDEX classic_payments_held (to_address=? AND ledger>?)',
    ],
  ]);
  expect(plansOf('MAX(rowid)')).toEqual([['SEARCH classic_set_aside']]);
  expect(store.classicPayments.setAsideCount()).toBe(1);
});

it('records that were set aside are counted, each once', () => {
  const { store } = openTestStore();
  const aside = (id: string) => ({ id, atMs: 1, reason: 'unreadable', data: '{}' });
  const page = { name: 'classic', cursor: '1', ledger: 10, closedAtMs: 1, payments: [] };
  for (const ids of [['a', 'b'], ['b', 'c'], ['c'], ['d']])
    store.classicPayments.applyPage({ ...page, setAside: ids.map(aside) });
  expect(store.classicPayments.setAsideCount()).toBe(4);
});
