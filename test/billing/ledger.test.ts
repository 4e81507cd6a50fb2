import { describe, expect, it } from 'vitest';
import { createLedger, type Hold, type HoldResult, type SettledLine } from '../../src/billing/ledger.ts';
import { type Units, units, zero } from '../../src/money.ts';

const periodS = 86_400;

function build(row: { deposited?: number; limit?: number; period?: number; used?: number; requested?: number } = {}) {
  let chainTimeS = 10 * periodS + 5;
  const ledger = createLedger({ limitPeriodS: periodS, chainTimeS: () => chainTimeS });
  const account = ledger.open({
    id: 1,
    address: 'GA',
    deposited: units(row.deposited ?? 0),
    limit: units(row.limit ?? 1_000_000),
    requested: units(row.requested ?? 0),
    period: row.period ?? 0,
    used: units(row.used ?? 0),
  });
  const setTime = (timeS: number) => {
    chainTimeS = timeS;
  };
  return { ledger, account, setTime };
}

function held(result: HoldResult): Hold {
  if (!result.ok) throw new Error(`refused: ${result.reason}`);
  return result.hold;
}

function line(amount: number, taken: number, rest: Partial<SettledLine> = {}): SettledLine {
  return {
    amount: units(amount),
    taken: units(taken),
    carriedReceivable: zero,
    carriedHeld: zero,
    shortfallTo: 'receivable',
    periodNumber: 10,
    ...rest,
  };
}

describe('exits', () => {
  it('leave what calls in flight, unsettled charges and a request speak for', () => {
    const { ledger, account } = build({ deposited: 1_000, requested: 100 });
    ledger.capture(held(ledger.hold(account, undefined, units(200))));
    const inFlight = held(ledger.hold(account, undefined, units(50)));
    expect(ledger.exitable(account)).toBe(650n);
    expect(() => ledger.holdExit(account, units(651))).toThrow();
    ledger.holdExit(account, units(650));
    expect(ledger.spendable(account)).toBe(0n);
    ledger.release(inFlight);
    expect(ledger.exitable(account)).toBe(50n);
  });

  it('are not bound by the limit the account has set for the operator', () => {
    const { ledger, account } = build({ deposited: 1_000, limit: 10 });
    expect(ledger.spendable(account)).toBe(10n);
    ledger.holdExit(account, units(1_000));
    expect(ledger.spendable(account)).toBe(0n);
  });

  it('keep their money from calls of the same turn, and the other way round', () => {
    const { ledger, account } = build({ deposited: 100 });
    ledger.holdExit(account, units(60));
    expect(ledger.hold(account, undefined, units(41))).toMatchObject({ ok: false, available: 40n });
    held(ledger.hold(account, undefined, units(40)));
    expect(() => ledger.holdExit(account, units(1))).toThrow();
  });

  it('move from the hold to the withdrawn without a moment in which calls could have them', () => {
    const { ledger, account } = build({ deposited: 100 });
    ledger.holdExit(account, units(60));
    ledger.applyChain(account, { withdrawn: units(60), requested: zero, exitLanded: units(60) });
    expect(account).toMatchObject({ exits: 0n, withdrawn: 60n });
    expect(ledger.spendable(account)).toBe(40n);
  });

  it('end once, and with no more than was set aside', () => {
    const { ledger, account } = build({ deposited: 100 });
    ledger.holdExit(account, units(60));
    expect(() => ledger.releaseExit(account, units(61))).toThrow(/set aside/);
    ledger.releaseExit(account, units(60));
    expect(() => ledger.releaseExit(account, units(60))).toThrow(/set aside/);
    expect(ledger.spendable(account)).toBe(100n);
  });

  it.each([0, -1])('of %s are refused', (amount) => {
    const { ledger, account } = build({ deposited: 100 });
    expect(() => ledger.holdExit(account, units(amount))).toThrow();
  });
});

describe('holds', () => {
  it('serve exactly as many calls as the balance pays for', () => {
    const { ledger, account } = build({ deposited: 1_050 });
    const results = Array.from({ length: 30 }, () => ledger.hold(account, undefined, units(100)));
    expect(results.filter((result) => result.ok)).toHaveLength(10);
    expect(results[10]).toEqual({ ok: false, reason: 'balance_too_low', available: 50n, shortfall: 50n });
  });

  it('are refused without a trace', () => {
    const { ledger, account } = build({ deposited: 99 });
    const before = { ...account };
    ledger.hold(account, undefined, units(100));
    expect(account).toEqual(before);
    expect(ledger.totals()).toEqual({ unsettled: 0n, held: 0n, receivable: 0n });
  });

  it('of price 0 are always granted', () => {
    const { ledger, account } = build();
    expect(ledger.hold(account, undefined, zero).ok).toBe(true);
  });

  it('leave spendable as it is when they are captured', () => {
    const { ledger, account } = build({ deposited: 300 });
    const hold = held(ledger.hold(account, undefined, units(100)));
    expect(ledger.spendable(account)).toBe(200n);
    ledger.capture(hold);
    expect(ledger.spendable(account)).toBe(200n);
    expect(account).toMatchObject({ charged: 100n, unsettled: 100n, held: 0n, holds: 0 });
    expect(ledger.totals()).toEqual({ unsettled: 100n, held: 0n, receivable: 0n });
  });

  it('give the money back when they are released', () => {
    const { ledger, account } = build({ deposited: 300 });
    ledger.release(held(ledger.hold(account, undefined, units(100))));
    expect(ledger.spendable(account)).toBe(300n);
    expect(account).toMatchObject({ charged: 0n, held: 0n, holds: 0 });
  });

  it.each([
    ['capture', 'capture'],
    ['capture', 'release'],
    ['release', 'capture'],
    ['release', 'release'],
  ] as const)('end once: %s, then %s fails and changes nothing', (first, second) => {
    const { ledger, account } = build({ deposited: 300 });
    const hold = held(ledger.hold(account, undefined, units(100)));
    ledger[first](hold);
    const before = { ...account };
    expect(() => ledger[second](hold)).toThrow(/ends once/);
    expect(account).toEqual(before);
  });
});

describe('a refusal', () => {
  it('names the limit when the limit binds, and when it resets', () => {
    const { ledger, account } = build({ deposited: 1_000, limit: 250, period: 10, used: 100 });
    expect(ledger.hold(account, undefined, units(200))).toEqual({
      ok: false,
      reason: 'limit_reached',
      available: 150n,
      shortfall: 50n,
      resetsAtMs: 11 * periodS * 1000,
    });
  });

  it('gives no reset time when the limit never covers the price', () => {
    const { ledger, account } = build({ deposited: 1_000, limit: 100 });
    const refusal = ledger.hold(account, undefined, units(200));
    expect(refusal).toMatchObject({ reason: 'limit_reached', available: 100n });
    expect(refusal).not.toHaveProperty('resetsAtMs');
  });

  it('names the balance when both are too low and the balance is lower', () => {
    const { ledger, account } = build({ deposited: 50, limit: 80 });
    expect(ledger.hold(account, undefined, units(100))).toMatchObject({ reason: 'balance_too_low', shortfall: 50n });
  });

  it('counts a requested withdrawal as gone', () => {
    const { ledger, account } = build({ deposited: 500, requested: 450 });
    expect(ledger.hold(account, undefined, units(100))).toMatchObject({ reason: 'balance_too_low', available: 50n });
  });

  it('names the token cap when that is what is left', () => {
    const { ledger, account } = build({ deposited: 500 });
    const cap = ledger.openCap({ jti: 't', cap: units(150), spent: units(20) });
    ledger.capture(held(ledger.hold(account, cap, units(100))));
    expect(ledger.hold(account, cap, units(100))).toEqual({
      ok: false,
      reason: 'token_cap_reached',
      available: 30n,
      shortfall: 70n,
    });
    expect(ledger.hold(account, undefined, units(100)).ok).toBe(true);
  });

  it('says suspended while a debt is open and nothing is left on chain, and ends with a deposit', () => {
    const { ledger, account } = build({ deposited: 100 });
    ledger.capture(held(ledger.hold(account, undefined, units(100))));
    ledger.applyChain(account, { withdrawn: units(60) });
    ledger.settle(account, line(100, 40));
    expect(account).toMatchObject({ receivable: 60n, settled: 40n, unsettled: 0n });
    expect(ledger.hold(account, undefined, units(10))).toMatchObject({ reason: 'account_suspended', available: 0n });
    ledger.applyChain(account, { deposited: units(200) });
    expect(ledger.spendable(account)).toBe(40n);
  });
});

describe('limit periods', () => {
  it('count what a settlement used in a period that the watcher has not read of yet', () => {
    const { ledger, account, setTime } = build({ deposited: 1_000, limit: 250 });
    ledger.capture(held(ledger.hold(account, undefined, units(150))));
    ledger.settle(account, line(150, 150, { periodNumber: 11 }));
    expect(ledger.limitLeft(account)).toBe(100n);
    expect(ledger.hold(account, undefined, units(101))).toMatchObject({ ok: false, reason: 'limit_reached' });
    setTime(12 * periodS);
    expect(ledger.limitLeft(account)).toBe(250n);
  });

  it('begin with the whole limit again, less what is still unsettled', () => {
    const { ledger, account, setTime } = build({ deposited: 1_000, limit: 250 });
    ledger.capture(held(ledger.hold(account, undefined, units(200))));
    ledger.settle(account, line(200, 200));
    expect(ledger.limitLeft(account)).toBe(50n);
    ledger.capture(held(ledger.hold(account, undefined, units(30))));
    setTime(11 * periodS);
    expect(ledger.limitLeft(account)).toBe(250n);
    expect(ledger.spendable(account)).toBe(220n);
  });

  it('ignore a batch of an earlier period that is confirmed late', () => {
    const { ledger, account } = build({ deposited: 1_000, limit: 500 });
    ledger.capture(held(ledger.hold(account, undefined, units(200))));
    ledger.settle(account, line(100, 100, { periodNumber: 10 }));
    ledger.settle(account, line(100, 100, { periodNumber: 9 }));
    expect(account).toMatchObject({ period: 10, used: 100n, settled: 200n });
  });
});

describe('settled lines', () => {
  function charged(amount: number, deposited: number) {
    const built = build({ deposited });
    built.ledger.capture(held(built.ledger.hold(built.account, undefined, units(amount))));
    return built;
  }

  it('keep a shortfall as a debt of the account and leave the rest spendable later', () => {
    const { ledger, account } = charged(100, 500);
    ledger.settle(account, line(100, 70));
    expect(account).toMatchObject({ settled: 70n, receivable: 30n, unsettled: 0n });
    expect(ledger.spendable(account)).toBe(400n);
    expect(ledger.totals()).toEqual({ unsettled: 0n, held: 0n, receivable: 30n });
  });

  it('hold a charge against the payee, not against the account, when the vault does not list the payee', () => {
    const { ledger, account } = charged(100, 500);
    ledger.settle(account, line(100, 0, { shortfallTo: 'payee' }));
    expect(account).toMatchObject({ settled: 0n, receivable: 0n, heldForPayee: 100n });
    expect(ledger.spendable(account)).toBe(500n);
  });

  it('pay carried debt off', () => {
    const { ledger, account } = charged(100, 500);
    ledger.settle(account, line(100, 70));
    ledger.settle(account, line(30, 30, { carriedReceivable: units(30) }));
    expect(account).toMatchObject({ settled: 100n, receivable: 0n });
  });

  it('cannot take more than they ask or more than was charged', () => {
    const { ledger, account } = charged(100, 500);
    expect(() => ledger.settle(account, line(100, 101))).toThrow();
    const other = charged(100, 500);
    expect(() => other.ledger.settle(other.account, line(150, 150))).toThrow(/do not add up/);
    expect(account.settled).toBe(0n);
  });
});

describe('the chain', () => {
  it('never takes a counter back', () => {
    const { ledger, account } = build({ deposited: 500 });
    expect(() => ledger.applyChain(account, { deposited: units(499) })).toThrow(/only grow/);
  });

  it('lowers the balance by what was settled before this database, and bills it to nobody', () => {
    const { ledger, account } = build({ deposited: 500 });
    ledger.applyChain(account, { settledElsewhere: units(200), used: { period: 10, amount: units(50) } });
    expect(ledger.spendable(account)).toBe(300n);
    expect(account).toMatchObject({ settled: 200n, charged: 0n, unsettled: 0n, used: 50n });
  });

  it('counts exits that were co-signed and not yet seen as gone', () => {
    const { ledger, account } = build({ deposited: 500 });
    account.exits = units(100);
    expect(ledger.spendable(account)).toBe(400n);
  });
});

describe('refunds and write-offs', () => {
  it('give a charge back to the account and to the cap of its token', () => {
    const { ledger, account } = build({ deposited: 500 });
    const cap = ledger.openCap({ jti: 't', cap: units(100), spent: zero });
    ledger.capture(held(ledger.hold(account, cap, units(100))));
    ledger.refund(account, cap, units(100));
    expect(account).toMatchObject({ charged: 100n, refunded: 100n, unsettled: 0n });
    expect(cap.spent).toBe(0n);
    expect(ledger.spendable(account)).toBe(500n);
  });

  it('cannot give back more than is unsettled', () => {
    const { ledger, account } = build({ deposited: 500 });
    expect(() => ledger.refund(account, undefined, units(1))).toThrow(/do not add up/);
  });

  it('end a debt without money', () => {
    const { ledger, account } = build({ deposited: 100 });
    ledger.capture(held(ledger.hold(account, undefined, units(100))));
    ledger.settle(account, line(100, 40));
    ledger.writeOff(account, 'account', units(60));
    expect(account).toMatchObject({ receivable: 0n, writtenOff: 60n });
    expect(ledger.totals().receivable).toBe(0n);
  });
});

describe('opening', () => {
  it('twice gives the same slot and counts it once', () => {
    const { ledger } = build();
    const row = { id: 2, address: 'GB', charged: units(5), unsettled: units(5) };
    const slot = ledger.open(row);
    expect(ledger.open({ ...row, charged: units(9), unsettled: units(9) })).toBe(slot);
    expect(ledger.totals().unsettled).toBe(5n);
    expect([...ledger.accounts()].map((account) => account.address)).toEqual(['GA', 'GB']);
  });

  it('refuses books that do not add up', () => {
    const { ledger } = build();
    const unsettled: Units = units(4);
    expect(() => ledger.open({ id: 3, address: 'GC', charged: units(5), unsettled })).toThrow(/do not add up/);
    expect(ledger.account('GC')).toBeUndefined();
  });

  it('of a cap twice keeps what was spent in between', () => {
    const { ledger, account } = build({ deposited: 500 });
    const cap = ledger.openCap({ jti: 't', cap: units(100), spent: zero });
    ledger.capture(held(ledger.hold(account, cap, units(60))));
    expect(ledger.openCap({ jti: 't', cap: units(100), spent: zero })).toBe(cap);
    expect(ledger.cap('t')?.spent).toBe(60n);
  });
});
