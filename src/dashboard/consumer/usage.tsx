import { useState } from 'preact/hooks';
import { type Column, DataTable } from '../shared/data-table.tsx';
import { useAnswer } from '../shared/use-answer.ts';
import { type Gateway, type RouteUsage, refreshMs } from './gateway.ts';
import { UsageChart } from './usage-chart.tsx';

const spans: [days: number, name: string][] = [
  [30, '30 days'],
  [90, '90 days'],
  [365, 'year'],
];

/** What was spent, by day and by route, over the days one asks for. */
export function UsageOverTime({ gateway }: { gateway: Gateway }) {
  const [days, setDays] = useState(30);
  const byDay = useAnswer(`day ${days}`, (signal) => gateway.usageByDay(days, signal), refreshMs * 6);
  const byRoute = useAnswer(`route ${days}`, (signal) => gateway.usageByRoute(days, signal), refreshMs * 6);
  const usage = byDay.value;
  return (
    <section class="panel pad" aria-labelledby="usage">
      <div class="row spread">
        <h2 id="usage">Usage</h2>
        <label class="row">
          <span class="soft">Last</span>
          <select value={days} onChange={(event) => setDays(Number(event.currentTarget.value))}>
            {spans.map(([value, name]) => (
              <option key={value} value={value}>
                {name}
              </option>
            ))}
          </select>
        </label>
      </div>
      {!usage && <p class="soft">{byDay.problem ?? 'Loading…'}</p>}
      {usage && usage.total.calls > 0 && <UsageChart usage={usage} />}
      {usage?.total.calls === 0 && <p class="soft">Nothing was used in this time.</p>}
      {(byRoute.value?.items.length ?? 0) > 0 && (
        <details>
          <summary>By route</summary>
          <DataTable
            label="Usage by route"
            columns={routeColumns}
            rows={byRoute.value?.items ?? []}
            keyOf={(row) => `${row.api} ${row.method} ${row.route}`}
            empty=""
          />
        </details>
      )}
    </section>
  );
}

const routeColumns: Column<RouteUsage>[] = [
  {
    title: 'Route',
    cell: ({ method, route }) => (
      <span class="code">
        <span class="method">{method}</span> {route}
      </span>
    ),
  },
  { title: 'Calls', number: true, cell: (row) => row.calls },
  { title: 'USDC', number: true, cell: (row) => row.net },
];
