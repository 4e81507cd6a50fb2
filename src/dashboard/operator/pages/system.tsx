import { DataTable } from '../../shared/data-table.tsx';
import { grouped } from '../../shared/format.ts';
import { Panel, Stale, Waiting } from '../../shared/panel.tsx';
import { Time } from '../../shared/time.tsx';
import { useGet } from '../api.ts';
import { Facts } from '../parts/facts.tsx';
import { PageHead } from '../parts/page-head.tsx';
import type { System } from '../types.ts';

type Loop = System['loops'][number];

/** What runs inside the process. */
export function SystemPage() {
  const { value, problem } = useGet<System>('health', 5_000);
  return (
    <>
      <PageHead title="System" text="The loops and the journal of this process." />
      <Stale problem={value && problem} />
      {value ? <Shown system={value} /> : <Waiting problem={problem} />}
    </>
  );
}

function Shown({ system }: { system: System }) {
  const { journal, loops } = system;
  return (
    <div class="stack">
      <Panel
        title="Readiness"
        aside={<span class={system.ready ? 'badge good' : 'badge bad'}>{standing(system)}</span>}
      >
        {system.ready ? (
          <p>Balancers may send calls here.</p>
        ) : (
          <ul>
            {system.reasons.map((reason) => (
              <li key={reason}>{reason}</li>
            ))}
          </ul>
        )}
      </Panel>
      <Panel
        title="Journal"
        aside={<span class={journal.ok ? 'badge good' : 'badge bad'}>{journal.ok ? 'writes' : 'cannot write'}</span>}
      >
        <Facts
          facts={[
            ['Waiting rows', grouped(journal.pending)],
            ['Log of the database', `${grouped(Math.round(journal.wal_bytes / 1024))} KB`],
            ['Last error', journal.last_error ?? 'none'],
          ]}
        />
      </Panel>
      <Panel title="Loops" flush>
        <DataTable<Loop>
          label="Loops"
          rows={loops}
          keyOf={({ name }) => name}
          empty="No loop runs."
          columns={[
            { title: 'Loop', cell: ({ name }) => name },
            { title: 'State', cell: (loop) => <span class={`badge ${loopBadge(loop)}`}>{loopWord(loop)}</span> },
            { title: 'Turns', number: true, cell: ({ turns }) => grouped(turns) },
            { title: 'Last good turn', cell: ({ last_progress_at }) => <Time at={last_progress_at} /> },
            { title: 'Last error', cell: ({ last_error }) => last_error ?? '–' },
          ]}
        />
      </Panel>
    </div>
  );
}

function standing({ ready }: System): string {
  return ready ? 'ready' : 'not ready';
}

function loopBadge({ running, failures_in_row }: Loop): string {
  return !running ? 'bad' : failures_in_row > 0 ? 'warn' : 'good';
}

function loopWord({ running, failures_in_row }: Loop): string {
  return !running ? 'not running' : failures_in_row > 0 ? `failed ${failures_in_row} times` : 'running';
}
