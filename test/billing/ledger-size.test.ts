import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { createLedger } from '../../src/billing/ledger.ts';
import { units } from '../../src/money.ts';
import { openTestStore } from '../store/rig.ts';

setFlagsFromString('--expose-gc');
const collect: () => void = runInNewContext('gc');

function heapBytes(): number {
  collect();
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

describe('the size of the ledger', () => {
  it('is less than 500 bytes an account, as loaded and after calls, a settlement and more calls', () => {
    const count = 50_000;
    const { store } = openTestStore();
    const insert = store.db.prepare(
      'INSERT INTO accounts VALUES (NULL, ?, 100000000, 0, 0, 0, NULL, 1000000000, NULL, NULL, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1)',
    );
    store.db.transaction(() => {
      for (let i = 0; i < count; i++) insert.run(`G${String(i).padStart(55, 'A')}`);
    })();
    const ledger = createLedger({ limitPeriodS: 86_400, chainTimeS: () => 86_400 });
    const before = heapBytes();
    store.accounts.visitAll(ledger.open);
    expect((heapBytes() - before) / count).toBeLessThan(400);

    for (const slot of ledger.accounts()) {
      for (const price of [units(2_000n), units(3_000n)]) {
        const held = ledger.hold(slot, undefined, price);
        if (!held.ok) throw new Error(held.reason);
        ledger.capture(held.hold);
        ledger.settle(slot, {
          amount: price,
          carriedReceivable: units(0n),
          carriedHeld: units(0n),
          taken: price,
          shortfallTo: 'receivable',
          periodNumber: 1,
        });
      }
    }
    expect((heapBytes() - before) / count).toBeLessThan(500);
    expect(ledger.totals()).toEqual({ unsettled: 0n, held: 0n, receivable: 0n });
  });
});
