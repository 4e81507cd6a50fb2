import { describe, expect, it } from 'vitest';
import { type Exposure, mayServe } from '../../src/billing/exposure.ts';
import { units } from '../../src/money.ts';

const nowMs = 1_800_000_000_000;
const withdrawDelayS = 86_400;
/** A quarter of the delay, ms. */
const blindMaxMs = 21_600_000;

function exposure(change: Partial<Exposure> = {}): Exposure {
  return {
    nowMs,
    lastLedgerClosedAtMs: nowMs - 5_000,
    oldestUnsettledAtMs: undefined,
    withdrawDelayS,
    paused: false,
    totals: { unsettled: units(10), held: units(0) },
    account: { unsettled: units(5), held: units(0) },
    price: units(1),
    exposureMaxUnits: units(1_000),
    exposureAccountMaxUnits: units(100),
    payeeListed: true,
    ...change,
  };
}

describe('paid calls', () => {
  it('are served while the chain is seen and the books are fresh', () => {
    expect(mayServe(exposure({ oldestUnsettledAtMs: nowMs - 60_000 }))).toEqual({ ok: true });
  });

  it.each<[string, Partial<Exposure>, string]>([
    ['an operator stopped sales', { stopped: 'by hand' }, 'sales_stopped'],
    ['the vault is paused', { paused: true }, 'vault_paused'],
    ['the payee was removed', { payeeListed: false }, 'payee_removed'],
    ['no ledger was ever seen', { lastLedgerClosedAtMs: undefined }, 'watcher_stale'],
    ['the newest ledger is too old', { lastLedgerClosedAtMs: nowMs - blindMaxMs - 1 }, 'watcher_stale'],
    ['the oldest charge is too old', { oldestUnsettledAtMs: nowMs - blindMaxMs - 1 }, 'settlement_stale'],
    ['too much is unsettled', { totals: { unsettled: units(1_000), held: units(0) } }, 'exposure_reached'],
    [
      'too much of one account is unsettled',
      { account: { unsettled: units(100), held: units(0) } },
      'exposure_reached',
    ],
    [
      'too much will be, once the calls under way are charged',
      { totals: { unsettled: units(990), held: units(10) } },
      'exposure_reached',
    ],
    ['too much of one account will be', { account: { unsettled: units(90), held: units(10) } }, 'exposure_reached'],
    [
      'too much will be with this call',
      { price: units(991), exposureAccountMaxUnits: units(9_999) },
      'exposure_reached',
    ],
    ['too much of one account will be with this call', { price: units(96) }, 'exposure_reached'],
  ])('stop when %s', (_, change, code) => {
    expect(mayServe(exposure(change))).toMatchObject({ ok: false, code });
  });

  it('go on up to the caps themselves', () => {
    expect(mayServe(exposure({ price: units(95) }))).toEqual({ ok: true });
    expect(mayServe(exposure({ price: units(990), exposureAccountMaxUnits: units(9_999) }))).toEqual({ ok: true });
  });

  it('go on up to a quarter of the withdrawal delay, to the millisecond', () => {
    const edge = { lastLedgerClosedAtMs: nowMs - blindMaxMs, oldestUnsettledAtMs: nowMs - blindMaxMs };
    expect(mayServe(exposure(edge))).toEqual({ ok: true });
  });
});
