import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type AccountSlot, createLedger, type Hold, type Ledger } from '../../src/billing/ledger.ts';
import { units } from '../../src/money.ts';

/**
 * Random histories of one account, checked after every step against a model that knows no running sums: it keeps the
 * calls and the chain's acts as a list and adds them up anew each time, in plain numbers.
 */

type Step =
  | { do: 'deposit'; amount: number }
  | { do: 'request'; amount: number }
  | { do: 'withdraw' }
  | { do: 'limit'; amount: number }
  | { do: 'next_period' }
  | { do: 'call'; price: number; capped: boolean }
  | { do: 'capture'; pick: number }
  | { do: 'release'; pick: number }
  | { do: 'refund'; pick: number }
  | { do: 'settle'; listed: boolean; carry: boolean }
  | { do: 'exit'; amount: number }
  | { do: 'exit_lands' | 'exit_expires' };

const amount = fc.integer({ min: 1, max: 500 });
const pick = fc.nat({ max: 50 });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constant('deposit' as const), amount }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('request' as const), amount: fc.nat({ max: 500 }) }) },
  { weight: 1, arbitrary: fc.constant<Step>({ do: 'withdraw' }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('limit' as const), amount: fc.nat({ max: 2_000 }) }) },
  { weight: 1, arbitrary: fc.constant<Step>({ do: 'next_period' }) },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('call' as const),
      price: fc.nat({ max: 200 }),
      capped: fc.boolean(),
    }),
  },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('capture' as const), pick }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('release' as const), pick }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('refund' as const), pick }) },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('settle' as const), listed: fc.boolean(), carry: fc.boolean() }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('exit' as const), amount }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constantFrom('exit_lands' as const, 'exit_expires') }) as fc.Arbitrary<Step>,
  },
);

const tokenCap = 700;

type ModelCall = { price: number; capped: boolean; state: 'held' | 'charged' | 'released' | 'refunded' | 'settled' };

/** The account as a list of facts; also plays the vault. */
class Model {
  deposits: number[] = [];
  withdrawals: number[] = [];
  takes: { period: number; amount: number }[] = [];
  requested = 0;
  limit = 1_000;
  period = 0;
  calls: ModelCall[] = [];
  receivable = 0;
  heldForPayee = 0;
  /** Amount of the exit that is signed and still out. */
  exit = 0;

  sum(state: ModelCall['state'], capped?: boolean): number {
    return total(
      this.calls
        .filter((call) => call.state === state && (capped === undefined || call.capped === capped))
        .map((call) => call.price),
    );
  }
  get balance(): number {
    return total(this.deposits) - total(this.withdrawals) - total(this.takes.map((take) => take.amount));
  }
  get limitLeft(): number {
    const used = total(this.takes.filter((take) => take.period === this.period).map((take) => take.amount));
    return Math.max(0, this.limit - used);
  }
  get spokenFor(): number {
    return this.sum('charged') + this.sum('held') + this.receivable;
  }
  get spendable(): number {
    return Math.max(0, Math.min(this.balance - this.requested - this.exit, this.limitLeft) - this.spokenFor);
  }
  get exitable(): number {
    return Math.max(0, this.balance - this.requested - this.exit - this.spokenFor);
  }
  get capLeft(): number {
    return tokenCap - this.sum('held', true) - this.sum('charged', true) - this.sum('settled', true);
  }
  /** Takes what the vault would: at most the balance and what the limit leaves. */
  settle(listed: boolean, carry: boolean): { asked: number; taken: number; receivable: number; held: number } {
    const receivable = carry ? this.receivable : 0;
    const held = carry ? this.heldForPayee : 0;
    const asked = this.sum('charged') + receivable + held;
    const taken = listed ? Math.max(0, Math.min(asked, this.balance, this.limitLeft)) : 0;
    for (const call of this.calls) if (call.state === 'charged') call.state = 'settled';
    this.takes.push({ period: this.period, amount: taken });
    this.receivable += (listed ? asked - taken : 0) - receivable;
    this.heldForPayee += (listed ? 0 : asked) - held;
    this.requested = Math.min(this.requested, this.balance);
    return { asked, taken, receivable, held };
  }
}

function total(amounts: number[]): number {
  return amounts.reduce((sum, each) => sum + each, 0);
}

class Run {
  readonly model = new Model();
  readonly holds = new Map<ModelCall, Hold>();
  readonly ledger: Ledger;
  readonly account: AccountSlot;

  constructor() {
    this.ledger = createLedger({ limitPeriodS: 100, chainTimeS: () => this.model.period * 100 });
    this.account = this.ledger.open({ id: 1, address: 'GA', limit: units(1_000) });
    this.ledger.openCap({ jti: 't', cap: units(tokenCap), spent: units(0) });
  }

  cap(capped: boolean) {
    return capped ? this.ledger.cap('t') : undefined;
  }

  picked(state: ModelCall['state'], index: number): ModelCall | undefined {
    const calls = this.model.calls.filter((call) => call.state === state);
    return calls[index % Math.max(1, calls.length)];
  }

  take(next: Step): void {
    const { model, ledger, account } = this;
    switch (next.do) {
      case 'deposit':
        model.deposits.push(next.amount);
        ledger.applyChain(account, { deposited: units(total(model.deposits)) });
        return;
      case 'request':
        model.requested = Math.min(next.amount, Math.max(0, model.balance));
        ledger.applyChain(account, { requested: units(model.requested) });
        return;
      case 'withdraw':
        model.withdrawals.push(Math.min(model.requested, model.balance));
        model.requested = 0;
        ledger.applyChain(account, { withdrawn: units(total(model.withdrawals)), requested: units(0) });
        return;
      case 'limit':
        model.limit = next.amount;
        ledger.applyChain(account, { limit: units(next.amount) });
        return;
      case 'next_period':
        model.period++;
        return;
      case 'call':
        this.call(next.price, next.capped);
        return;
      case 'capture':
      case 'release':
        this.end(next.do, next.pick);
        return;
      case 'refund':
        this.refund(next.pick);
        return;
      case 'settle':
        this.settle(next.listed, next.carry);
        return;
      case 'exit':
        this.exit(next.amount);
        return;
      case 'exit_lands':
        this.exitLands();
        return;
      case 'exit_expires':
        if (model.exit > 0) ledger.releaseExit(account, units(model.exit));
        model.exit = 0;
    }
  }

  /** One at a time, as the store allows it. */
  exit(amount: number): void {
    const { model, ledger, account } = this;
    if (model.exit > 0) return;
    if (amount > model.exitable) {
      expect(() => ledger.holdExit(account, units(amount))).toThrow(/no more than can leave/);
      return;
    }
    ledger.holdExit(account, units(amount));
    model.exit = amount;
  }

  /** The vault pays it when the balance still has it; a settlement may have taken it for an unlisted payee. */
  exitLands(): void {
    const { model, ledger, account } = this;
    if (model.exit === 0 || model.exit > model.balance) return;
    const before = ledger.spendable(account);
    model.withdrawals.push(model.exit);
    const lowered = Math.min(model.requested, model.balance);
    ledger.applyChain(account, {
      withdrawn: units(total(model.withdrawals)),
      requested: units(lowered),
      exitLanded: units(model.exit),
    });
    if (lowered === model.requested) expect(ledger.spendable(account)).toBe(before);
    model.exit = 0;
    model.requested = lowered;
  }

  call(price: number, capped: boolean): void {
    const available = capped ? Math.min(this.model.spendable, this.model.capLeft) : this.model.spendable;
    const result = this.ledger.hold(this.account, this.cap(capped), units(price));
    expect(result.ok).toBe(price <= available);
    if (!result.ok) {
      expect(result).toMatchObject({ available: BigInt(available), shortfall: BigInt(price - available) });
      return;
    }
    const call: ModelCall = { price, capped, state: 'held' };
    this.model.calls.push(call);
    this.holds.set(call, result.hold);
  }

  end(how: 'capture' | 'release', index: number): void {
    const call = this.picked('held', index);
    const hold = call && this.holds.get(call);
    if (!call || !hold) return;
    call.state = how === 'capture' ? 'charged' : 'released';
    this.ledger[how](hold);
    expect(() => this.ledger.release(hold)).toThrow(/ends once/);
  }

  refund(index: number): void {
    const call = this.picked('charged', index);
    if (!call || call.price === 0) return;
    call.state = 'refunded';
    this.ledger.refund(this.account, this.cap(call.capped), units(call.price));
  }

  settle(listed: boolean, carry: boolean): void {
    const { asked, taken, receivable, held } = this.model.settle(listed, carry);
    this.ledger.settle(this.account, {
      amount: units(asked),
      taken: units(taken),
      carriedReceivable: units(receivable),
      carriedHeld: units(held),
      shortfallTo: listed ? 'receivable' : 'payee',
      periodNumber: this.model.period,
    });
    this.ledger.applyChain(this.account, { requested: units(this.model.requested) });
  }

  check(): void {
    const { model, ledger, account } = this;
    expect({
      balance: ledger.chainBalance(account),
      limitLeft: ledger.limitLeft(account),
      spendable: ledger.spendable(account),
      exitable: ledger.exitable(account),
      exits: account.exits,
      unsettled: account.unsettled,
      held: account.held,
      holds: account.holds,
      receivable: account.receivable,
      heldForPayee: account.heldForPayee,
      capSpent: ledger.cap('t')?.spent,
      totals: ledger.totals(),
    }).toEqual({
      balance: BigInt(model.balance),
      limitLeft: BigInt(model.limitLeft),
      spendable: BigInt(model.spendable),
      exitable: BigInt(model.exitable),
      exits: BigInt(model.exit),
      unsettled: BigInt(model.sum('charged')),
      held: BigInt(model.sum('held')),
      holds: model.calls.filter((call) => call.state === 'held').length,
      receivable: BigInt(model.receivable),
      heldForPayee: BigInt(model.heldForPayee),
      capSpent: BigInt(model.sum('charged', true) + model.sum('settled', true)),
      totals: {
        unsettled: BigInt(model.sum('charged')),
        held: BigInt(model.sum('held')),
        receivable: BigInt(model.receivable),
      },
    });
  }
}

describe('the ledger', () => {
  it('equals a model that adds everything up anew, after every step of any history', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80, size: 'max' }), (steps) => {
        const run = new Run();
        for (const next of steps) {
          run.take(next);
          run.check();
        }
      }),
      { numRuns: 800 },
    );
  });

  it('never serves more than the chain can take, as long as nobody leaves alone or cuts the limit', () => {
    const calm = step.filter((next) => !['request', 'withdraw', 'limit'].includes(next.do));
    fc.assert(
      fc.property(fc.array(calm, { maxLength: 80, size: 'max' }), (steps) => {
        const run = new Run();
        for (const next of steps) {
          run.take(next.do === 'settle' ? { ...next, listed: true } : next);
          expect(run.model.receivable).toBe(0);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('keeps accounts apart: what one does never moves another', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40, size: 'max' }), (steps) => {
        const run = new Run();
        const other = run.ledger.open({ id: 2, address: 'GB', deposited: units(77), limit: units(99) });
        const before = { ...other };
        for (const next of steps) run.take(next);
        expect(other).toEqual(before);
      }),
      { numRuns: 200 },
    );
  });
});
