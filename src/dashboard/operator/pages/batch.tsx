import { DataTable } from '../../shared/data-table.tsx';
import { grouped } from '../../shared/format.ts';
import { Panel, Stale, Waiting } from '../../shared/panel.tsx';
import { Time } from '../../shared/time.tsx';
import { useGet } from '../api.ts';
import { AccountLink, PayeeLink, Transaction } from '../links.tsx';
import { Facts } from '../parts/facts.tsx';
import { PageHead } from '../parts/page-head.tsx';
import type { BatchDetail } from '../types.ts';

/** One batch: what each account owed each payee in it, and what the chain took. */
export function BatchPage({ lane, batch }: { lane: string; batch: string }) {
  const { value, problem } = useGet<BatchDetail>(
    `settlement/batches/${encodeURIComponent(lane)}/${encodeURIComponent(batch)}`,
    5_000,
  );
  return (
    <>
      <PageHead title={`Batch ${batch}`} text={<a href="#/settlement">All batches</a>} />
      <Stale problem={value && problem} />
      {value ? <Detail batch={value} /> : <Waiting problem={problem} />}
    </>
  );
}

function Detail({ batch }: { batch: BatchDetail }) {
  return (
    <div class="stack">
      <Panel title="Facts" aside={<span class={`badge ${batch.state}`}>{batch.state}</span>}>
        <Facts
          facts={[
            ['Total', `${batch.total} USDC`],
            ['Calls', grouped(batch.leaves)],
            ['Lane', batch.lane],
            ['Sealed', <Time key="sealed" at={batch.sealed_at} />],
            ['Confirmed', <Time key="confirmed" at={batch.confirmed_at} />],
            ['Ledger', batch.ledger ?? '–'],
            ['Transaction', <Transaction key="hash" hash={batch.tx_hash} />],
            [
              'Root of its calls',
              <code key="root" class="break">
                {batch.root}
              </code>,
              'wide',
            ],
          ]}
        />
      </Panel>
      <Panel title="Lines" flush>
        <DataTable<BatchDetail['lines'][number]>
          label={`Lines of batch ${batch.batch}`}
          rows={batch.lines}
          keyOf={({ position }) => String(position)}
          empty="This batch has no lines."
          columns={[
            { title: 'Account', cell: ({ account }) => <AccountLink address={account} /> },
            { title: 'Payee', cell: ({ payee }) => <PayeeLink payee={payee} /> },
            { title: 'Owed, USDC', number: true, cell: ({ amount }) => amount },
            { title: 'Taken, USDC', number: true, cell: ({ taken }) => taken ?? '–' },
          ]}
        />
      </Panel>
    </div>
  );
}
