import { Action } from '../../shared/action-dialog.tsx';
import { grouped } from '../../shared/format.ts';
import { Panel, Waiting } from '../../shared/panel.tsx';
import { Time } from '../../shared/time.tsx';
import { useApi, useGet } from '../api.ts';
import { BatchLink, Transaction } from '../links.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { PagedTable, usePages } from '../parts/paged-table.tsx';
import { Pipeline } from '../parts/pipeline.tsx';
import type { Batch, Live, Reconcile, SettleNow } from '../types.ts';

export function SettlementPage() {
  const api = useApi();
  const live = useGet<Live>('live', 2_000);
  const pages = usePages<Batch>('settlement/batches', 4_000);
  return (
    <>
      <PageHead title="Settlement" text="From charges to the vault: batches, newest first.">
        <Action<Reconcile>
          label="Compare with the chain"
          question="Compare the books with the vault?"
          run={() => api.post('reconcile')}
          result={(report) => <Report report={report} />}
        >
          <p>Every account, batch and payee is compared with what the vault says. Nothing is changed.</p>
        </Action>
        <Action<SettleNow>
          label="Settle now"
          primary
          question="Settle everything now?"
          run={() => api.post('settlement/now')}
          result={(settled) => <Settled settled={settled} />}
          onDone={() => {
            live.refresh();
            pages.refresh();
          }}
        >
          <p>All finished calls are put into a batch, whatever their total, and sent to the vault.</p>
        </Action>
      </PageHead>
      <div class="stack">
        <Panel title="Pipeline">
          {live.value ? <Pipeline pipeline={live.value.pipeline} /> : <Waiting problem={live.problem} />}
        </Panel>
        <Panel title="Batches" flush>
          <PagedTable<Batch>
            pages={pages}
            label="Batches"
            keyOf={({ lane, batch }) => `${lane} ${batch}`}
            empty="No batch was sealed yet. Charges are settled when they reach settlement.min_total or an age."
            columns={[
              { title: 'Batch', cell: (batch) => <BatchLink {...batch} /> },
              { title: 'State', cell: ({ state }) => <span class={`badge ${state}`}>{state}</span> },
              { title: 'Calls', number: true, cell: ({ leaves }) => grouped(leaves) },
              { title: 'Total, USDC', number: true, cell: ({ total }) => total },
              { title: 'Sealed', minor: true, cell: ({ sealed_at }) => <Time at={sealed_at} /> },
              { title: 'Confirmed', cell: ({ confirmed_at }) => <Time at={confirmed_at} /> },
              { title: 'Transaction', cell: ({ tx_hash }) => <Transaction hash={tx_hash} /> },
            ]}
          />
        </Panel>
      </div>
    </>
  );
}

function Settled({ settled }: { settled: SettleNow }) {
  const { batches, complete, waiting_for } = settled;
  return (
    <>
      <p>
        {complete ? 'All is settled.' : `Not all is settled yet${waiting_for ? `: ${waiting_for}` : ''}. It goes on.`}
      </p>
      {batches.length === 0 && <p class="soft">There was nothing to settle.</p>}
      <ul>
        {batches.map((batch) => (
          <li key={`${batch.lane} ${batch.batch}`}>
            Batch {batch.batch}: {batch.total} USDC, {batch.state}
          </li>
        ))}
      </ul>
    </>
  );
}

function Report({ report }: { report: Reconcile }) {
  const off = report.checks.filter(({ ok }) => !ok);
  if (report.ok) return <p>All {grouped(report.checks.length)} comparisons agree to the unit.</p>;
  return (
    <>
      <p class="problem">{grouped(off.length)} comparisons differ. Look at them before anything else.</p>
      <ul>
        {off.slice(0, 20).map(({ name, subject, books, chain }) => (
          <li key={`${name} ${subject}`}>
            {name} ({subject}): {books} in the books, {chain} on chain
          </li>
        ))}
      </ul>
    </>
  );
}
