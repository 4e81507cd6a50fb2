import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type AccountSlot, createLedger, type Hold, type Ledger } from '../../src/billing/ledger.ts';
import { units } from '../../src/money.ts';

const startIds = [1, 2, 3, 4];

function ledgerOf(ids: number[]) {
  const ledger = createLedger({ limitPeriodS: 3_600, chainTimeS: () => 0 });
  for (const id of ids) add(ledger, id);
  return ledger;
}

function add(ledger: Ledger, id: number): void {
  ledger.open({ id, address: `G${id}`, deposited: units(1_000), limit: units(1_000) });
}

function slotOf(ledger: Ledger, id: number): AccountSlot {
  const slot = ledger.account(`G${id}`);
  if (!slot) throw new Error(`no account ${id}`);
  return slot;
}

function copyOf(ledger: Ledger) {
  return { accounts: [...ledger.accounts()].map((slot) => ({ ...slot })), totals: ledger.totals() };
}

function spend(ledger: Ledger, id: number): Hold {
  const result = ledger.hold(slotOf(ledger, id), undefined, units(5));
  if (!result.ok) throw new Error(result.reason);
  return result.hold;
}

type Step = { do: 'hold' | 'capture' | 'release' | 'refund' | 'deposit' | 'exit'; id: number } | { do: 'add' | 'read' };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constantFrom(
        'hold' as const,
        'capture' as const,
        'release' as const,
        'refund' as const,
        'deposit',
        'exit',
      ),
      id: fc.constantFrom(...startIds),
    }) as fc.Arbitrary<Step>,
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('add' as const, 'read' as const) }) },
);

/** One of the program's changes of an account, where it is possible. */
function change(ledger: Ledger, holds: Hold[], { do: what, id }: Extract<Step, { id: number }>): void {
  const slot = slotOf(ledger, id);
  const held = holds.find((hold) => hold.account === slot && hold.state === 'held');
  if (what === 'hold') holds.push(spend(ledger, id));
  else if (what === 'capture' && held) ledger.capture(held);
  else if (what === 'release' && held) ledger.release(held);
  else if (what === 'refund' && slot.unsettled > 0n) ledger.refund(slot, undefined, units(1));
  else if (what === 'deposit') ledger.applyChain(slot, { deposited: units(slot.deposited + 100n) });
  else if (what === 'exit' && ledger.exitable(slot) > 0n) ledger.holdExit(slot, units(1));
}

describe('a view of the ledger', () => {
  it('shows every account and the totals as they were when it was opened, whatever changes meanwhile', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), fc.array(step, { maxLength: 60 }), (before, during) => {
        const ledger = ledgerOf(startIds);
        const holds: Hold[] = [];
        let lastId = startIds.length;
        const seen: (Readonly<AccountSlot> | undefined)[] = [];
        for (const next of before) if ('id' in next) change(ledger, holds, next);
        const then = copyOf(ledger);
        const view = ledger.view();
        const read = () => {
          const expected = then.accounts[seen.length];
          if (!expected) return;
          seen.push({ ...view.take(expected.address) } as AccountSlot);
          view.passed(expected.id);
        };
        for (const next of during) {
          if ('id' in next) change(ledger, holds, next);
          else if (next.do === 'add') add(ledger, ++lastId);
          else read();
        }
        while (seen.length < then.accounts.length) read();
        expect(seen).toEqual(then.accounts);
        expect([view.totals, view.count]).toEqual([then.totals, startIds.length]);
        for (let id = startIds.length + 1; id <= lastId; id++) expect(view.take(`G${id}`)).toBeUndefined();
      }),
      { numRuns: 200 },
    );
  });

  it('shows no account that was added later, not even one that has changed since', () => {
    const ledger = ledgerOf([1]);
    const view = ledger.view();
    add(ledger, 2);
    ledger.capture(spend(ledger, 2));
    expect([view.take('G2'), view.count]).toEqual([undefined, 1]);
  });

  it('is one of its time: the next shows what is there then', () => {
    const ledger = ledgerOf([1]);
    ledger.view().close();
    ledger.capture(spend(ledger, 1));
    const view = ledger.view();
    expect(view.take('G1')).toMatchObject({ charged: 5n });
    expect(() => ledger.view()).toThrow('one view of the ledger is open at a time');
  });
});
