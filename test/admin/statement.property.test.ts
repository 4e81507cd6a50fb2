import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createStatementDesk } from '../../src/admin/statement-desk.ts';
import { fakeClock } from '../../src/clock.ts';
import { dayText } from '../../src/metering/period.ts';
import { parseUsdc, type Units, units, zero } from '../../src/money.ts';
import { amountsDue } from '../../src/settlement/payouts.ts';
import type { Store } from '../../src/store/store.ts';
import { dayMs } from '../../src/store/usage-daily.ts';
import { applyEvents, openTestStore, sealNow, vaultEvent, writeCharge } from '../store/rig.ts';

/**
 * Random weeks of calls, refunds, settlements, shortfalls and claims over two lanes, then statements over random periods:
 * they chain, they tie out with what the vault owes, and nothing charged is in no box.
 */

const payee = 'GPAYEE';
const days = 12;

type Step = { day: number } & (
  | { do: 'call'; who: number; price: number; refund: boolean; other: boolean }
  | { do: 'settle'; take: number; lane: number }
  | { do: 'seal' | 'claim' | 'fee' | 'write_off'; lane: number }
);

const day = fc.nat({ max: days - 1 });
const lane = fc.nat({ max: 1 });
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('call' as const),
      day,
      who: fc.nat({ max: 2 }),
      price: fc.nat({ max: 3_000 }),
      refund: fc.boolean(),
      other: fc.boolean(),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('settle' as const), day, take: fc.nat({ max: 120 }), lane }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constantFrom('seal' as const, 'claim' as const, 'fee' as const, 'write_off' as const),
      day,
      lane,
    }),
  },
);

/** The vault's side of the payee: what it earned and was paid, per lane. */
class World {
  readonly store: Store;
  readonly feeBps: number;
  readonly earned = [0, 1].map(() => ({ gross: zero, netPaid: zero, feePaid: zero }));
  events = 0;

  constructor(feeBps: number) {
    this.feeBps = feeBps;
    this.store = openTestStore().store;
    for (const who of [0, 1, 2]) this.store.accounts.ensure(`GA${who}`);
    this.store.db.exec('UPDATE accounts SET deposited = 1000000000, limit_units = 1000000000');
  }

  take(next: Step): void {
    const atMs = next.day * dayMs + 7;
    switch (next.do) {
      case 'call': {
        const { who, price, refund, other } = next;
        const to = other ? 'GOTHER' : payee;
        writeCharge(this.store, { account: `GA${who}`, price, payee: to, atMs, refund: refund ? price : 0 });
        return;
      }
      case 'seal':
        this.seal(next.lane, atMs);
        return;
      case 'settle':
        this.seal(next.lane, atMs);
        this.land(next.take, atMs);
        return;
      case 'claim':
      case 'fee':
        this.pay(next.do, next.lane, atMs);
        return;
      case 'write_off':
        this.writeOff();
        return;
    }
  }

  seal(inLane: number, nowMs: number): void {
    const bounds = { ageMaxMs: 60_000, unfinishedUpTo: 0, minTotal: zero, entriesMax: 100, linesMax: 400, period: 0 };
    sealNow(this.store, { lane: inLane, nowMs, force: true, ...bounds });
  }

  /** Takes this many percent of each line; above a hundred, the payee is not listed. */
  land(take: number, closedAtMs: number): void {
    for (const { id, lane: ofLane, batch, root } of this.store.batches.open()) {
      const taken = this.store.batches.lines(id).map((line) => {
        const amount = take > 100 ? -1n : (line.amount * BigInt(take)) / 100n;
        const earned = this.earned[ofLane];
        if (earned && line.payee === payee && amount > 0n) earned.gross = units(earned.gross + amount);
        return amount;
      });
      const confirmation = { lane: ofLane, batch, root, taken, ledger: 9, txHash: `tx${id}`, closedAtMs, period: 0 };
      expect(this.store.batches.confirm(confirmation).outcome).toBe('applied');
    }
  }

  writeOff(): void {
    const [row] = this.store.receivables.list({ limit: 1 });
    if (row) this.store.receivables.writeOff(row.id);
  }

  pay(what: 'claim' | 'fee', inLane: number, closedAtMs: number): void {
    const earned = this.earned[inLane];
    if (!earned) return;
    const due = amountsDue(earned, this.feeBps);
    const amount = what === 'claim' ? due.net : due.fee;
    if (amount === 0n) return;
    if (what === 'claim') earned.netPaid = units(earned.netPaid + amount);
    else earned.feePaid = units(earned.feePaid + amount);
    const kind = what === 'claim' ? 'claimed' : 'fee_collected';
    const data = JSON.stringify({ kind, payee, lane: inLane, to: 'GTO', amount: String(amount) });
    applyEvents(this.store, vaultEvent(`e${++this.events}`, { kind, amount, data, closedAtMs }));
  }

  desk() {
    const clock = fakeClock((days + 1) * dayMs);
    return createStatementDesk({
      config: () => ({ apis: [], stellar: { explorerUrl: 'https://explorer.example/tx/{hash}' } as never }),
      statements: this.store.statements,
      usage: this.store.usage,
      deposits: this.store.deposits,
      journal: { flush: async () => undefined },
      feeBps: this.feeBps,
      clock,
    });
  }
}

function amount(text: string): Units {
  const size = parseUsdc(text.replace(/^-/, ''));
  if (size === undefined) throw new Error(`${text} is no amount`);
  return units(text.startsWith('-') ? -size : size);
}

const sum = (texts: string[]) => texts.reduce((all, text) => all + amount(text), 0n);

describe('statements', () => {
  it('chain, tie out with what the vault owes, and leave nothing charged out', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 60, size: 'max' }),
        fc.nat({ max: days - 2 }),
        fc.constantFrom(0, 1, 100, 333, 10_000),
        async (steps, cut, feeBps) => {
          const world = new World(feeBps);
          world.store.routes.ensure({ api: 'weather', payee, method: 'GET', template: '/weather/*' });
          // The chain never goes back: a claim comes after what it claims.
          for (const next of [...steps].sort((a, b) => a.day - b.day)) world.take(next);
          const desk = world.desk();
          const [first, second, whole] = await Promise.all([
            desk.statement(payee, { from: dayText(0), to: dayText(cut) }),
            desk.statement(payee, { from: dayText(cut + 1), to: dayText(days) }),
            desk.statement(payee, { from: dayText(0), to: dayText(days) }),
          ]);

          for (const { balance, settlements, payments, by_day, by_route, usage, net } of [first, second, whole]) {
            expect(amount(balance.opening) + amount(net) - amount(balance.claimed)).toBe(amount(balance.closing));
            expect(sum(settlements.map((row) => row.amount))).toBe(amount(balance.settled));
            const claims = payments.filter((row) => row.kind === 'claimed');
            expect(sum(claims.map((row) => row.amount))).toBe(amount(balance.claimed));
            for (const cutOfUsage of [by_day, by_route]) {
              expect(sum(cutOfUsage.map((row) => row.net))).toBe(amount(usage.net));
            }
          }
          expect(first.balance.opening).toBe('0');
          expect(second.balance.opening).toBe(first.balance.closing);
          expect(whole.balance.closing).toBe(second.balance.closing);
          expect(amount(first.balance.fee) + amount(second.balance.fee)).toBe(amount(whole.balance.fee));

          const due = world.earned.map((earned) => amountsDue(earned, feeBps).net);
          expect(amount(whole.balance.closing)).toBe(due.reduce((all, net) => all + net, 0n));
          expect(whole.open.owed_by_vault).toBe(whole.balance.closing);
          const gross = world.earned.reduce((all, earned) => all + earned.gross, 0n);
          expect(amount(whole.balance.settled)).toBe(gross);

          const { unsealed, in_batches, receivable, held, written_off } = whole.open;
          const boxes = [whole.balance.settled, unsealed, in_batches, receivable, held, written_off];
          expect(sum(boxes)).toBe(amount(whole.usage.net));
        },
      ),
      { numRuns: 40 },
    );
  }, 120_000);
});

describe('a statement', () => {
  it('names each settlement and claim with its transaction and the explorer’s page', async () => {
    const world = new World(100);
    world.take({ do: 'call', day: 3, who: 0, price: 10_000, refund: false, other: false });
    world.take({ do: 'settle', day: 3, take: 100, lane: 0 });
    world.take({ do: 'claim', day: 4, lane: 0 });
    world.take({ do: 'fee', day: 4, lane: 0 });
    const statement = await world.desk().statement(payee, { from: '1970-01-04', to: '1970-01-05' });
    expect(statement).toMatchObject({
      balance: { opening: '0', settled: '0.001', fee: '0.00001', claimed: '0.00099', closing: '0' },
      settlements: [{ lane: 0, batch: 1, tx_hash: 'tx1', link: 'https://explorer.example/tx/tx1', amount: '0.001' }],
      payments: [
        { kind: 'claimed', to: 'GTO', link: 'https://explorer.example/tx/aa', amount: '0.00099' },
        { kind: 'fee_collected', amount: '0.00001' },
      ],
      lanes: [{ lane: 0, settled: '0.001', fee: '0.00001' }],
    });
  });

  it('says how far the chain has been seen', async () => {
    const world = new World(0);
    world.take({ do: 'call', day: 0, who: 0, price: 5, refund: false, other: false });
    const { notes } = await world.desk().statement(payee, { from: '1970-01-01', to: '1970-01-02' });
    expect(notes).toEqual(['the chain has not been seen yet: what it does until the end of 1970-01-02 will be added']);
  });

  it('of a stranger is refused', async () => {
    await expect(new World(0).desk().statement('GNOBODY', {})).rejects.toMatchObject({ code: 'not_found' });
  });
});
