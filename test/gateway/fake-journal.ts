import type { CallJournal } from '../../src/gateway/deps.ts';
import type { ChargeRow, FinishRow, RefundRow } from '../../src/metering/journal.ts';

/** A journal in memory whose commits a test can hold back or refuse. */
export type FakeJournal = CallJournal & {
  charges: ChargeRow[];
  finishes: FinishRow[];
  refunds: RefundRow[];
  /** Called before a charge row counts as committed. */
  beforeCharge: (row: ChargeRow) => Promise<void>;
};

export function fakeJournal(): FakeJournal {
  const journal: FakeJournal = {
    charges: [],
    finishes: [],
    refunds: [],
    beforeCharge: () => Promise.resolve(),
    async charge(row) {
      await journal.beforeCharge(row);
      journal.charges.push(row);
    },
    finish(row) {
      journal.finishes.push(row);
    },
    async refund(row) {
      if (journal.finishes.some((finish) => finish.chargeId === row.chargeId)) return 'sealed';
      journal.refunds.push(row);
      return 'refunded';
    },
  };
  return journal;
}
