import { Panel } from '../../shared/panel.tsx';
import { Time } from '../../shared/time.tsx';
import { Transaction } from '../links.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { PagedTable, usePages } from '../parts/paged-table.tsx';
import type { Unattributed } from '../types.ts';

export function UnattributedPage() {
  const pages = usePages<Unattributed>('unattributed');
  return (
    <>
      <PageHead
        title="Unattributed"
        text="Money and records of the chain that belong to no account: for a person to look at."
      />
      <Panel title="Records" flush>
        <PagedTable<Unattributed>
          pages={pages}
          label="Unattributed records"
          keyOf={({ id }) => id}
          empty="Nothing: every deposit found its account."
          columns={[
            { title: 'Closed', cell: ({ closed_at }) => <Time at={closed_at} /> },
            { title: 'Kind', cell: ({ kind }) => kind },
            { title: 'Amount, USDC', number: true, cell: ({ amount }) => amount ?? '–' },
            { title: 'Note', cell: ({ note }) => note ?? '–' },
            { title: 'Ledger', number: true, cell: ({ ledger }) => ledger ?? '–' },
            { title: 'Transaction', cell: ({ tx_hash }) => <Transaction hash={tx_hash} /> },
          ]}
        />
      </Panel>
    </>
  );
}
