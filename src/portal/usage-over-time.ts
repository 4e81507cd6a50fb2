import type { Ledger } from '../billing/ledger.ts';
import type { Clock } from '../clock.ts';
import type { RateLimiter } from '../limits/rate.ts';
import { readPeriod } from '../metering/period.ts';
import { readGrouping, type UsageSummary, usageSummary } from '../metering/usage-summary.ts';
import type { UsageSums } from '../store/usage-sums.ts';
import { type CredentialDeps, requireReader } from './credentials.ts';
import { readRate, throttle } from './throttle.ts';

export type UsageOverTimeDeps = CredentialDeps & {
  ledger: Pick<Ledger, 'account'>;
  usage: UsageSums;
  clock: Clock;
};

/** The caller's own calls and money over UTC days, of the APIs that the token covers. */
export async function usageOverTime(
  deps: UsageOverTimeDeps & { limiter: RateLimiter },
  rawHeaders: readonly string[],
  query: URLSearchParams,
): Promise<UsageSummary> {
  const { account, scopes } = await requireReader(deps, rawHeaders);
  throttle(deps.limiter, `reads ${account}`, readRate);
  const by = readGrouping(query.get('by') ?? undefined, ['day', 'route']);
  const dates = { from: query.get('from') ?? undefined, to: query.get('to') ?? undefined };
  const period = readPeriod(dates, deps.clock.nowMs());
  const apis = scopes === '*' ? undefined : [...scopes];
  // An address the gateway has not met has used nothing; no account has this number.
  const accountId = deps.ledger.account(account)?.id ?? -1;
  return usageSummary(deps.usage, by, period, { accountId, apis });
}
