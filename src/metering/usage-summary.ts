import { setImmediate } from 'node:timers/promises';
import { GatewayError } from '../errors.ts';
import { add, formatUsdc, subtract, zero } from '../money.ts';
import type { UsageGrouping, UsageSum, UsageSums } from '../store/usage-sums.ts';
import { dayText, type Period } from './period.ts';

/** Calls and money of one group; the fields it is grouped by come first. Money in decimal USDC. */
export type UsageSumView = {
  day?: string;
  account?: string;
  api?: string;
  method?: string;
  route?: string;
  calls: number;
  /** How many of them were refunded. */
  refunded_calls: number;
  gross: string;
  refunded: string;
  net: string;
};

export type UsageSummary = {
  from: string;
  to: string;
  by: UsageGrouping;
  currency: 'USDC';
  items: UsageSumView[];
  total: { calls: number; refunded_calls: number; gross: string; refunded: string; net: string };
};

export type UsageFilter = {
  accountId?: number | undefined;
  /** Names of APIs; all without it. */
  apis?: string[] | undefined;
  payee?: string | undefined;
};

/** More groups than anyone reads; an answer of about 2 MB. */
const groupsMax = 10_000;

/** Days read at once, with calls served in between: the daily sums of a busy year are millions. */
const stepDays = 31;

export async function usageSummary(
  usage: UsageSums,
  by: UsageGrouping,
  period: Period,
  filter: UsageFilter,
): Promise<UsageSummary> {
  const [summary] = await usageSummaries(usage, [by], period, filter);
  if (!summary) throw new Error('one grouping gives one summary');
  return summary;
}

/** Several cuts of the same usage; they agree, because each step of days is read for all of them at one moment. */
export async function usageSummaries(
  usage: UsageSums,
  groupings: readonly UsageGrouping[],
  { from, to, fromDay, toDay }: Period,
  filter: UsageFilter,
): Promise<UsageSummary[]> {
  const cuts = groupings.map((by) => ({ by, sums: new Map<string, UsageSum>() }));
  for (let day = fromDay; day <= toDay; day += stepDays) {
    const step = { fromDay: day, toDay: Math.min(toDay, day + stepDays - 1), ...filter, limit: groupsMax + 1 };
    for (const { by, sums } of cuts) {
      for (const sum of usage.sums({ by, ...step })) merge(sums, sum);
      if (sums.size > groupsMax) {
        throw new GatewayError(
          'bad_parameter',
          `more than ${groupsMax} rows: ask for fewer days, one API or one account`,
        );
      }
    }
    if (step.toDay < toDay) await setImmediate();
  }
  return cuts.map(({ by, sums }) => {
    const all = [...sums].sort(([a], [b]) => order(a, b)).map(([, sum]) => sum);
    return { from, to, by, currency: 'USDC', items: all.map(sumView), total: totalView(all) };
  });
}

function merge(sums: Map<string, UsageSum>, sum: UsageSum): void {
  const { day, account, route } = sum;
  // Days have five digits until 2243, so their texts sort as they do.
  const key = day?.toString().padStart(6, '0') ?? account ?? `${route?.api} ${route?.template} ${route?.method}`;
  const known = sums.get(key);
  if (!known) {
    sums.set(key, sum);
    return;
  }
  sums.set(key, {
    ...sum,
    calls: known.calls + sum.calls,
    refundedCalls: known.refundedCalls + sum.refundedCalls,
    gross: add(known.gross, sum.gross),
    refunded: add(known.refunded, sum.refunded),
  });
}

function order(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

export function readGrouping<Grouping extends UsageGrouping>(
  text: string | undefined,
  known: readonly Grouping[],
): Grouping {
  const found = known.find((name) => name === (text ?? 'day'));
  if (found) return found;
  throw new GatewayError('bad_parameter', `by must be one of ${known.join(', ')}`);
}

function sumView(sum: UsageSum): UsageSumView {
  return { ...groupView(sum), ...figures(sum) };
}

function groupView({ day, account, route }: UsageSum): Partial<UsageSumView> {
  if (day !== undefined) return { day: dayText(day) };
  if (account !== undefined) return { account };
  return route ? { api: route.api, method: route.method, route: route.template } : {};
}

function totalView(sums: UsageSum[]): UsageSummary['total'] {
  const total = { calls: 0, refundedCalls: 0, gross: zero, refunded: zero };
  for (const sum of sums) {
    total.calls += sum.calls;
    total.refundedCalls += sum.refundedCalls;
    total.gross = add(total.gross, sum.gross);
    total.refunded = add(total.refunded, sum.refunded);
  }
  return figures(total);
}

function figures({
  calls,
  refundedCalls,
  gross,
  refunded,
}: Pick<UsageSum, 'calls' | 'refundedCalls' | 'gross' | 'refunded'>) {
  return {
    calls,
    refunded_calls: refundedCalls,
    gross: formatUsdc(gross),
    refunded: formatUsdc(refunded),
    net: formatUsdc(subtract(gross, refunded)),
  };
}
