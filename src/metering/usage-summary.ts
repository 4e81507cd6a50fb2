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

export function usageSummary(
  usage: UsageSums,
  by: UsageGrouping,
  { from, to, fromDay, toDay }: Period,
  filter: UsageFilter,
): UsageSummary {
  const sums = usage.sums({ by, fromDay, toDay, ...filter, limit: groupsMax + 1 });
  if (sums.length > groupsMax) {
    throw new GatewayError('bad_parameter', `more than ${groupsMax} rows: ask for fewer days, one API or one account`);
  }
  return { from, to, by, currency: 'USDC', items: sums.map(sumView), total: totalView(sums) };
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
