import { Panel } from '../../shared/panel.tsx';
import { Time } from '../../shared/time.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { PagedTable, usePages } from '../parts/paged-table.tsx';
import type { AuditRow } from '../types.ts';

export function AuditPage() {
  const pages = usePages<AuditRow>('audit');
  return (
    <>
      <PageHead title="Audit" text="What operators did and tried, newest first. Rows are never changed.">
        <button type="button" onClick={pages.refresh}>
          Refresh
        </button>
      </PageHead>
      <Panel title="Acts" flush>
        <PagedTable<AuditRow>
          pages={pages}
          label="Audit"
          keyOf={({ id }) => id}
          empty="No operator has acted yet."
          columns={[
            { title: 'Time', cell: ({ time }) => <Time at={time} /> },
            { title: 'Who', cell: ({ actor }) => actor },
            { title: 'Act', cell: ({ action }) => action },
            { title: 'On', cell: ({ subject }) => <code class="break">{subject}</code> },
            { title: 'Detail', cell: ({ detail }) => <span class="break">{detail || '–'}</span> },
          ]}
        />
      </Panel>
    </>
  );
}
