import type { Units } from '../money.ts';
import { fromStored } from './columns.ts';
import type { RawDb } from './raw-db.ts';
import { dayMs } from './usage-daily.ts';

/**
 * Usage over days: `usage_daily` for what is sealed, plus the queue of what is not. The rows of single calls are read
 * only for that queue, so a question about a year costs the same however many calls the year had.
 */
export type UsageSums = {
  sums(query: UsageSumQuery): UsageSum[];
};

export type UsageGrouping = 'route' | 'day' | 'account';

export type UsageSumQuery = {
  by: UsageGrouping;
  /** Days since 1970, UTC, both inclusive. */
  fromDay: number;
  toDay: number;
  accountId?: number | undefined;
  /** Names of APIs; all without it. */
  apis?: string[] | undefined;
  payee?: string | undefined;
  limit: number;
};

/** One group; what it is not grouped by is undefined. `method` is the route's own, `ANY` where it takes them all. */
export type UsageSum = {
  day: number | undefined;
  account: string | undefined;
  route: { api: string; method: string; template: string } | undefined;
  calls: number;
  /** How many of them were refunded, always in full. */
  refundedCalls: number;
  gross: Units;
  refunded: Units;
};

type Stored = {
  day?: number;
  account?: string;
  api?: string;
  method?: string;
  template?: string;
  calls: number;
  refundedCalls: number;
  gross: number;
  refunded: number;
};

type Bound = {
  fromDay: number;
  toDay: number;
  accountId: number | null;
  apis: string | null;
  payee: string | null;
  limit: number;
};

const groups: Record<UsageGrouping, { columns: string; order: string }> = {
  route: { columns: 'r.api, r.method, r.template', order: 'r.api, r.template, r.method' },
  day: { columns: 's.day', order: 's.day' },
  account: { columns: 'a.address', order: 'a.address' },
};

const wanted =
  '($apis IS NULL OR r.api IN (SELECT value FROM json_each($apis))) AND ($payee IS NULL OR r.payee = $payee)';

// The first table decides which index is walked: one account has its days in the primary key, a route in its own index.
const sealedOf = {
  account: `usage_daily u CROSS JOIN routes r ON r.id = u.route_id
    WHERE u.account_id = $accountId AND u.day BETWEEN $fromDay AND $toDay`,
  routes: `routes r CROSS JOIN usage_daily u ON u.route_id = r.id AND u.day BETWEEN $fromDay AND $toDay
    WHERE $accountId IS NULL`,
};

export function usageSumsText(by: UsageGrouping, start: keyof typeof sealedOf): string {
  const { columns, order } = groups[by];
  return `SELECT ${columns.replace('a.address', 'a.address AS account')},
      SUM(s.calls) AS calls, SUM(s.refunded_calls) AS refundedCalls,
      SUM(s.gross) AS gross, SUM(s.refunded) AS refunded
    FROM (
      SELECT u.day, u.account_id, u.route_id, u.calls, u.refunded_calls, u.gross, u.refunded FROM ${sealedOf[start]} AND ${wanted}
      UNION ALL
      SELECT c.at_ms / ${dayMs} AS day, c.account_id, c.route_id, 1, f.amount IS NOT NULL, c.price, COALESCE(f.amount, 0)
      FROM unsealed q CROSS JOIN charges c ON c.id = q.charge_id CROSS JOIN routes r ON r.id = c.route_id
      LEFT JOIN refunds f ON f.charge_id = c.id
      WHERE c.at_ms >= $fromDay * ${dayMs} AND c.at_ms < ($toDay + 1) * ${dayMs}
        AND ($accountId IS NULL OR q.account_id = $accountId) AND ${wanted}
    ) s CROSS JOIN routes r ON r.id = s.route_id CROSS JOIN accounts a ON a.id = s.account_id
    GROUP BY ${columns} ORDER BY ${order} LIMIT $limit`;
}

export function createUsageSums(db: RawDb): UsageSums {
  const prepare = (by: UsageGrouping) => ({
    account: db.prepare<Bound, Stored>(usageSumsText(by, 'account')),
    routes: db.prepare<Bound, Stored>(usageSumsText(by, 'routes')),
  });
  const statements = { route: prepare('route'), day: prepare('day'), account: prepare('account') };
  return {
    sums({ by, fromDay, toDay, accountId, apis, payee, limit }) {
      const statement = statements[by][accountId === undefined ? 'routes' : 'account'];
      const bound = { fromDay, toDay, accountId: accountId ?? null, payee: payee ?? null, limit };
      return statement.all({ ...bound, apis: apis ? JSON.stringify(apis) : null }).map(toSum);
    },
  };
}

function toSum({ day, account, api, method, template, calls, refundedCalls, gross, refunded }: Stored): UsageSum {
  const route =
    api === undefined || method === undefined || template === undefined ? undefined : { api, method, template };
  return { day, account, route, calls, refundedCalls, gross: fromStored(gross), refunded: fromStored(refunded) };
}
