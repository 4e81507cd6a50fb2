import { DataTable } from '../../shared/data-table.tsx';
import { grouped, shortId } from '../../shared/format.ts';
import { Panel, Stale, Waiting } from '../../shared/panel.tsx';
import { Time } from '../../shared/time.tsx';
import { useGet } from '../api.ts';
import { AccountLink, Transaction } from '../links.tsx';
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
        <dl class="facts">
          <div>
            <dt>Total</dt>
            <dd>{batch.total} USDC</dd>
          </div>
          <div>
            <dt>Calls</dt>
            <dd>{grouped(batch.leaves)}</dd>
          </div>
          <div>
            <dt>Lane</dt>
            <dd>{batch.lane}</dd>
          </div>
          <div>
            <dt>Sealed</dt>
            <dd>
              <Time at={batch.sealed_at} />
            </dd>
          </div>
          <div>
            <dt>Confirmed</dt>
            <dd>
              <Time at={batch.confirmed_at} />
            </dd>
          </div>
          <div>
            <dt>Ledger</dt>
            <dd>{batch.ledger ?? '–'}</dd>
          </div>
          <div>
            <dt>Transaction</dt>
            <dd>
              <Transaction hash={batch.tx_hash} />
            </dd>
          </div>
          <div class="wide">
            <dt>Root of its calls</dt>
            <dd>
              <code class="break">{batch.root}</code>
            </dd>
          </div>
        </dl>
      </Panel>
      <Panel title="Lines" flush>
        <DataTable<BatchDetail['lines'][number]>
          label={`Lines of batch ${batch.batch}`}
          rows={batch.lines}
          keyOf={({ position }) => String(position)}
          empty="This batch has no lines."
          columns={[
            { title: 'Account', cell: ({ account }) => <AccountLink address={account} /> },
            { title: 'Payee', cell: ({ payee }) => <code title={payee}>{shortId(payee)}</code> },
            { title: 'Owed, USDC', number: true, cell: ({ amount }) => amount },
            { title: 'Taken, USDC', number: true, cell: ({ taken }) => taken ?? '–' },
          ]}
        />
      </Panel>
    </div>
  );
}
