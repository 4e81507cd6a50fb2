import { describe, expect, it } from 'vitest';
import { readPeriod } from '../../src/metering/period.ts';
import { usageSummaries, usageSummary } from '../../src/metering/usage-summary.ts';
import { units } from '../../src/money.ts';
import type { UsageSum, UsageSumQuery } from '../../src/store/usage-sums.ts';

const period = readPeriod({ from: '2026-01-01', to: '2026-12-31' }, 0);
const route = { api: 'weather', method: 'GET', template: '/weather/*' };

/** One call of 5 units a day. */
function onePerDay(asked: UsageSumQuery[] = []) {
  return {
    sums(query: UsageSumQuery): UsageSum[] {
      asked.push(query);
      const days = Array.from({ length: query.toDay - query.fromDay + 1 }, (_, at) => query.fromDay + at);
      const one = { account: undefined, refundedCalls: 0, refunded: units(0) };
      if (query.by === 'route') {
        return [{ ...one, day: undefined, route, calls: days.length, gross: units(5 * days.length) }];
      }
      return days.map((day) => ({ ...one, day, route: undefined, calls: 1, gross: units(5) }));
    },
  };
}

describe('a summary of a year', () => {
  it('is read in steps that cover each day once, and adds up', async () => {
    const asked: UsageSumQuery[] = [];
    const [byDay, byRoute] = await usageSummaries(onePerDay(asked), ['day', 'route'], period, {});
    expect(byDay?.items).toHaveLength(365);
    expect(byDay?.items.map(({ day }) => day)).toEqual(byDay?.items.map(({ day }) => day).sort());
    expect(byRoute?.items).toEqual([
      {
        api: 'weather',
        method: 'GET',
        route: '/weather/*',
        calls: 365,
        refunded_calls: 0,
        gross: '0.0001825',
        refunded: '0',
        net: '0.0001825',
      },
    ]);
    expect(byDay?.total).toEqual(byRoute?.total);
    const steps = asked.filter(({ by }) => by === 'day');
    expect(Math.max(...steps.map(({ fromDay, toDay }) => toDay - fromDay))).toBe(30);
  });

  it('lets other work run between the steps', async () => {
    let turns = 0;
    const summary = usageSummary(onePerDay(), 'day', period, {});
    const count = () => {
      turns++;
      if (turns < 1_000) setImmediate(count);
    };
    setImmediate(count);
    await summary;
    expect(turns).toBeGreaterThan(5);
  });

  it('of more rows than anyone reads is refused with a remedy', async () => {
    const account = (at: number): UsageSum => ({
      day: undefined,
      account: `G${at}`,
      route: undefined,
      calls: 1,
      refundedCalls: 0,
      gross: units(1),
      refunded: units(0),
    });
    const usage = { sums: () => Array.from({ length: 10_001 }, (_, at) => account(at)) };
    await expect(usageSummary(usage, 'account', period, {})).rejects.toThrow('more than 10000 rows');
  });
});
