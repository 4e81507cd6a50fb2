import { describe, expect, it } from 'vitest';
import { periodDaysMax, readPeriod } from '../../src/metering/period.ts';

const now = Date.parse('2026-11-27T05:00:00Z');

describe('a period', () => {
  it('is whole UTC days, both ends inclusive', () => {
    const period = readPeriod({ from: '2026-11-01', to: '2026-11-30' }, now);
    expect(period).toMatchObject({ from: '2026-11-01', to: '2026-11-30' });
    expect(period.toDay - period.fromDay).toBe(29);
    expect(period.fromDay * 86_400_000).toBe(Date.parse('2026-11-01T00:00:00Z'));
  });

  it('is the 30 days up to today without a wish', () => {
    expect(readPeriod({}, now)).toMatchObject({ from: '2026-10-29', to: '2026-11-27' });
    expect(readPeriod({ to: '1970-01-05' }, now)).toMatchObject({ from: '1970-01-01', to: '1970-01-05' });
  });

  it('of a leap year is the longest', () => {
    expect(readPeriod({ from: '2028-01-01', to: '2028-12-31' }, now).toDay).toBeGreaterThan(0);
    expect(() => readPeriod({ from: '2026-01-01', to: '2027-01-02' }, now)).toThrow(`at most ${periodDaysMax} days`);
  });

  it.each(['2026-02-30', '2026-13-01', '26-01-01', '2026-1-1', '1969-12-31', 'yesterday', '', '2026-11-01T00:00:00Z'])(
    'refuses the date "%s" and names the field',
    (text) => {
      expect(() => readPeriod({ from: text, to: '2026-11-30' }, now)).toThrow(/^from must be a date/);
      expect(() => readPeriod({ to: text }, now)).toThrow(/^to must be a date/);
    },
  );

  it('refuses an end before its start', () => {
    expect(() => readPeriod({ from: '2026-11-02', to: '2026-11-01' }, now)).toThrow('from 2026-11-02 is after');
  });
});
