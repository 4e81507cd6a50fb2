import { describe, expect, it } from 'vitest';
import { bookedLimitText, limitView } from '../../src/cli/limit.ts';
import { formatUsdc, storedUnitsMax, units, unitsMax } from '../../src/money.ts';
import { vaultAccount } from '../support/vault-event-xdr.ts';

const usdc = (amount: number) => units(amount * 10_000_000);
const dayS = 86_400;
/** The morning of day 20,000 since 1970. */
const nowS = 20_000 * dayS + 3_600;

describe('the limit as it is shown', () => {
  it('counts what was used in the period that runs, and says when it ends', () => {
    const account = vaultAccount({ limit: usdc(5), period: 20_000, used: usdc(2) });
    expect(limitView(account, dayS, nowS)).toEqual({
      limit: '5',
      pending_limit: null,
      pending_from: null,
      used_this_period: '2',
      left_this_period: '3',
      period_ends: '2024-10-05T00:00:00.000Z',
    });
  });

  it('forgets what was used in a period before', () => {
    const account = vaultAccount({ limit: usdc(5), period: 19_999, used: usdc(5) });
    expect(limitView(account, dayS, nowS)).toMatchObject({ used_this_period: '0', left_this_period: '5' });
  });

  it('names a cut that waits, with the day it binds', () => {
    const cut = { pendingLimit: usdc(1), pendingLimitAtS: nowS + dayS };
    const account = vaultAccount({ limit: usdc(5), period: 20_000, used: usdc(6), ...cut });
    expect(limitView(account, dayS, nowS)).toMatchObject({
      limit: '5',
      pending_limit: '1',
      pending_from: '2024-10-05T01:00:00.000Z',
      left_this_period: '0',
    });
  });

  it('calls everything none', () => {
    const account = vaultAccount({ limit: units(unitsMax) });
    expect(limitView(account, dayS, nowS)).toMatchObject({ limit: 'none', left_this_period: 'no limit' });
  });

  it('calls the most that the books can hold none, and nothing else', () => {
    expect(bookedLimitText(formatUsdc(storedUnitsMax))).toBe('none');
    expect(bookedLimitText('5')).toBe('5');
    expect(bookedLimitText('0')).toBe('0');
  });
});
