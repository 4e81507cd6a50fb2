import { GatewayError } from '../errors.ts';
import { dayMs } from '../store/usage-daily.ts';

/** Whole UTC days, both ends inclusive. */
export type Period = { from: string; to: string; fromDay: number; toDay: number };

export type PeriodQuery = { from?: string | undefined; to?: string | undefined };

/** A leap year: longer questions are asked in parts. */
export const periodDaysMax = 366;
/** What is shown without a wish: this many days up to the last one. */
const periodDaysUsual = 30;

/** Reads dates such as 2026-11-30; today ends a period without an end. */
export function readPeriod({ from, to }: PeriodQuery, nowMs: number): Period {
  const toDay = to === undefined ? Math.floor(nowMs / dayMs) : readDay(to, 'to');
  const fromDay = from === undefined ? Math.max(0, toDay - periodDaysUsual + 1) : readDay(from, 'from');
  if (fromDay > toDay) {
    throw new GatewayError('bad_parameter', `from ${dayText(fromDay)} is after to ${dayText(toDay)}`);
  }
  if (toDay - fromDay >= periodDaysMax) {
    throw new GatewayError('bad_parameter', `from and to span at most ${periodDaysMax} days: ask in parts`);
  }
  return { from: dayText(fromDay), to: dayText(toDay), fromDay, toDay };
}

export function dayText(day: number): string {
  return new Date(day * dayMs).toISOString().slice(0, 10);
}

function readDay(text: string, name: string): number {
  const ms = /^\d{4}-\d{2}-\d{2}$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN;
  // A 31st of February is read as a 3rd of March: the way back shows it.
  if (Number.isNaN(ms) || ms < 0 || dayText(ms / dayMs) !== text) {
    throw new GatewayError(
      'bad_parameter',
      `${name} must be a date from 1970 on such as 2026-11-30, not "${text.slice(0, 40)}"`,
    );
  }
  return ms / dayMs;
}
