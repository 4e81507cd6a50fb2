import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  extendBelowLedgers,
  keysPerTransactionMax,
  ledgersPerDay,
  planKeepAlive,
} from '../../src/settlement/keep-alive.ts';
import type { EntryLife } from '../../src/stellar/vault-lives.ts';

const now = 1_000_000;
const entry = (keyXdr: string, of: EntryLife['of'], days: number): EntryLife => ({
  keyXdr,
  of,
  liveUntilLedger: now + days * ledgersPerDay,
});

it('what lives for weeks is left alone, what ends within a week is extended, and what has ended is restored', () => {
  const plan = planKeepAlive(now, [
    entry('instance', 'contract', 20),
    entry('code', 'contract', 6),
    entry('earnings', 'payee', -1),
    entry('ann', 'account', 1),
  ]);
  expect(plan).toEqual({ restore: [['earnings']], extend: [['code', 'ann']] });
});

it('an archived account waits for whoever needs it: nobody has used it for a month', () => {
  expect(planKeepAlive(now, [entry('ann', 'account', -1)])).toEqual({ restore: [], extend: [] });
});

it('every entry near its end is in exactly one transaction, whatever their number, and none holds too many', () => {
  const life = fc.record({
    of: fc.constantFrom<EntryLife['of'][]>('contract', 'payee', 'account'),
    liveUntilLedger: fc.integer({ min: now - 100, max: now + 2 * extendBelowLedgers }),
  });
  fc.assert(
    fc.property(fc.array(life, { maxLength: 300 }), (lives) => {
      const entries = lives.map((each, index) => ({ ...each, keyXdr: String(index) }));
      const { restore, extend } = planKeepAlive(now, entries);
      const parts = [...restore, ...extend];
      expect(parts.every(({ length }) => length > 0 && length <= keysPerTransactionMax)).toBe(true);
      const due = entries.filter(({ of, liveUntilLedger }) =>
        liveUntilLedger < now ? of !== 'account' : liveUntilLedger < now + extendBelowLedgers,
      );
      expect(parts.flat().sort()).toEqual(due.map(({ keyXdr }) => keyXdr).sort());
      for (const key of restore.flat()) expect(entries[Number(key)]?.liveUntilLedger).toBeLessThan(now);
    }),
  );
});
