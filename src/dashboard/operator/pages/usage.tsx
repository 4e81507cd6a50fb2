import { useRef, useState } from 'preact/hooks';
import { DataTable } from '../../shared/data-table.tsx';
import { grouped } from '../../shared/format.ts';
import { Panel, Stale, Waiting } from '../../shared/panel.tsx';
import { useGet } from '../api.ts';
import { AccountLink } from '../links.tsx';
import { Facts } from '../parts/facts.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { type Period, PeriodForm } from '../parts/period-form.tsx';
import type { Usage, UsageSum } from '../types.ts';

const groupings = { route: 'Route', day: 'Day', account: 'Account' };
type Grouping = keyof typeof groupings;

/** Calls and revenue over days, from the books; the overview shows the last minutes. */
export function UsagePage() {
  const [by, setBy] = useState<Grouping>('route');
  const [period, setPeriod] = useState<Period>();
  const dates = period ? `&from=${period.from}&to=${period.to}` : '';
  const { value, problem } = useGet<Usage>(`usage/summary?by=${by}${dates}`);
  // The period stays on the page while another grouping is on its way.
  const last = useRef<Usage | undefined>(undefined);
  if (value) last.current = value;
  const shown = last.current;
  return (
    <>
      <PageHead title="Usage" text="Calls and charges by UTC day of the call. Amounts in USDC.">
        {shown && <PeriodForm key={`${shown.from} ${shown.to}`} shown={period ?? shown} onChange={setPeriod} />}
      </PageHead>
      <div class="stack">
        {shown && (
          <Panel title={`${shown.from} to ${shown.to}`}>
            <Facts
              facts={[
                ['Calls', grouped(shown.total.calls)],
                ['Charged', shown.total.gross],
                ['Refunded', shown.total.refunded],
                ['Net', shown.total.net],
              ]}
            />
          </Panel>
        )}
        <Panel title={`By ${by}`} flush aside={<GroupingField value={by} onChange={setBy} />}>
          <Stale problem={value && problem} />
          {value ? <Sums usage={value} by={by} /> : <Waiting problem={problem} />}
        </Panel>
      </div>
    </>
  );
}

function GroupingField({ value, onChange }: { value: Grouping; onChange(by: Grouping): void }) {
  return (
    <label class="row">
      Group by
      <select value={value} onChange={(event) => onChange(event.currentTarget.value as Grouping)}>
        {Object.entries(groupings).map(([name, title]) => (
          <option key={name} value={name}>
            {title.toLowerCase()}
          </option>
        ))}
      </select>
    </label>
  );
}

/** More rows than anyone reads; the command line and its CSV have them all. */
const rowsMax = 200;

function Sums({ usage, by }: { usage: Usage; by: Grouping }) {
  // For the length of the bars only: what is written is the API's own text.
  const weight = ({ net }: UsageSum) => Number(net);
  const sorted = by === 'day' ? usage.items.toReversed() : usage.items.toSorted((a, b) => weight(b) - weight(a));
  const most = sorted.reduce((highest, sum) => Math.max(highest, weight(sum)), 0);
  return (
    <>
      {sorted.length > rowsMax && (
        <p class="note">
          The first {rowsMax} of {grouped(sorted.length)}. All: callora usage summary.
        </p>
      )}
      <DataTable<UsageSum>
        label={`Usage by ${by}`}
        rows={sorted.slice(0, rowsMax)}
        keyOf={(sum) => `${sum.api ?? ''} ${nameOf(sum)}`}
        empty="No call in this period."
        columns={[
          {
            title: groupings[by],
            cell: (sum) =>
              by === 'account' ? <AccountLink address={nameOf(sum)} /> : <code class="break">{nameOf(sum)}</code>,
          },
          { title: 'Calls', number: true, cell: ({ calls }) => grouped(calls) },
          { title: 'Charged', number: true, minor: true, cell: ({ gross }) => gross },
          { title: 'Refunded', number: true, minor: true, cell: ({ refunded }) => refunded },
          { title: 'Net', number: true, cell: ({ net }) => <strong>{net}</strong> },
          {
            title: 'Beside the most',
            minor: true,
            cell: ({ net }) => <Bar share={most > 0 ? Number(net) / most : 0} />,
          },
        ]}
      />
    </>
  );
}

function nameOf({ day, account, method, route }: UsageSum): string {
  return day ?? account ?? `${method} ${route}`;
}

function Bar({ share }: { share: number }) {
  return <span class="bar" aria-hidden="true" style={{ width: `${Math.max(0.5, share * 100)}%` }} />;
}
