import type { Ledger } from '../billing/ledger.ts';
import type { Config } from '../catalog/model.ts';
import type { Clock } from '../clock.ts';
import { GatewayError } from '../errors.ts';
import type { Journal } from '../metering/journal.ts';
import { type PeriodQuery, readPeriod } from '../metering/period.ts';
import { readGrouping, type UsageSummary, usageSummary } from '../metering/usage-summary.ts';
import type { Routes } from '../store/routes.ts';
import type { UsageSums } from '../store/usage-sums.ts';

/** Usage over days, for whoever sells: by route, by day or by account. */
export type UsageDesk = {
  usageSummary(query: UsageSummaryQuery): Promise<UsageSummary>;
};

export type UsageSummaryQuery = PeriodQuery & {
  by?: string | undefined;
  api?: string | undefined;
  account?: string | undefined;
};

export type UsageDeskDeps = {
  config: () => Config;
  usage: UsageSums;
  routes: Pick<Routes, 'hasApi'>;
  ledger: Pick<Ledger, 'account'>;
  journal: Pick<Journal, 'flush'>;
  clock: Clock;
};

export function createUsageDesk({ config, usage, routes, ledger, journal, clock }: UsageDeskDeps): UsageDesk {
  return {
    async usageSummary({ by, api, account, ...dates }) {
      const grouping = readGrouping(by, ['route', 'day', 'account']);
      const period = readPeriod(dates, clock.nowMs());
      if (api !== undefined && !routes.hasApi(api) && !config().apis.some((sold) => sold.name === api)) {
        throw new GatewayError('not_found', `no API "${api}" is or was sold here`);
      }
      const slot = account === undefined ? undefined : ledger.account(account);
      if (account !== undefined && !slot) throw new GatewayError('not_found', `no account ${account} is in the books`);
      // Refunds are written lazily; a sum must not miss one that was decided.
      await journal.flush();
      return usageSummary(usage, grouping, period, {
        accountId: slot?.id,
        apis: api === undefined ? undefined : [api],
      });
    },
  };
}
