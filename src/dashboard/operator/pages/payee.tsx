import { useState } from 'preact/hooks';
import { DataTable } from '../../shared/data-table.tsx';
import { grouped } from '../../shared/format.ts';
import { Panel, Stale, Waiting } from '../../shared/panel.tsx';
import { Time } from '../../shared/time.tsx';
import { useGet } from '../api.ts';
import { Transaction } from '../links.tsx';
import { Facts } from '../parts/facts.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { type Period, PeriodForm } from '../parts/period-form.tsx';
import type { Statement, UsageSum } from '../types.ts';

/** A payee's statement: what a period earned, what was paid, and what is still open. */
export function PayeePage({ payee }: { payee: string }) {
  const [period, setPeriod] = useState<Period>();
  const query = period ? `?from=${period.from}&to=${period.to}` : '';
  const { value, problem } = useGet<Statement>(`statements/${encodeURIComponent(payee)}${query}`);
  return (
    <>
      <PageHead title="Payee" text={<code class="break">{payee}</code>}>
        {value && <PeriodForm key={`${value.from} ${value.to}`} shown={value} onChange={setPeriod} />}
      </PageHead>
      {!value && period && (
        <p>
          <button type="button" onClick={() => setPeriod(undefined)}>
            The last 30 days
          </button>
        </p>
      )}
      <Stale problem={value && problem} />
      {value ? <Shown statement={value} /> : <Waiting problem={problem} />}
    </>
  );
}

function Shown({ statement }: { statement: Statement }) {
  const { balance, open, notes } = statement;
  return (
    <div class="stack">
      {notes.map((note) => (
        <p key={note} class="note">
          {`${note.charAt(0).toUpperCase()}${note.slice(1)}.`}
        </p>
      ))}
      <Panel title={`${statement.from} to ${statement.to}, USDC`}>
        <Facts
          facts={[
            ['Owed at the start', balance.opening],
            ['Settled', balance.settled],
            [`Fee of ${statement.fee_bps / 100} %`, balance.fee],
            ['Earned, less fee', statement.net],
            ['Claimed', balance.claimed],
            ['Owed at the end', balance.closing],
          ]}
        />
      </Panel>
      <Panel title="Open now, USDC">
        <Facts
          facts={[
            ['Owed by the vault', open.owed_by_vault],
            ['In no batch yet', open.unsealed],
            ['In batches', open.in_batches],
            ['Receivable', open.receivable],
            ['Held: payee not listed', open.held],
            ['Written off', open.written_off],
          ]}
        />
      </Panel>
      <Panel title="Calls by route" flush>
        <DataTable<UsageSum>
          label="Calls by route"
          rows={statement.by_route}
          keyOf={({ api, method, route }) => `${api} ${method} ${route}`}
          empty="No call in this period."
          columns={[
            {
              title: 'Route',
              cell: ({ method, route }) => (
                <code class="break">
                  {method} {route}
                </code>
              ),
            },
            { title: 'Calls', number: true, cell: ({ calls }) => grouped(calls) },
            { title: 'Charged', number: true, cell: ({ gross }) => gross },
            { title: 'Refunded', number: true, cell: ({ refunded }) => refunded },
            { title: 'Net', number: true, cell: ({ net }) => <strong>{net}</strong> },
          ]}
        />
      </Panel>
      <Payments payments={statement.payments} />
    </div>
  );
}

function Payments({ payments }: Pick<Statement, 'payments'>) {
  return (
    <Panel title="Payments by the vault" flush>
      <DataTable<Statement['payments'][number]>
        label="Payments by the vault"
        rows={payments}
        keyOf={({ tx_hash, kind, lane }) => `${tx_hash} ${kind} ${lane}`}
        empty="No payment in this period."
        columns={[
          { title: 'Time', cell: ({ time }) => <Time at={time} /> },
          { title: 'Kind', cell: ({ kind }) => (kind === 'claimed' ? 'claim of the payee' : 'fee') },
          { title: 'Amount', number: true, cell: ({ amount }) => amount },
          { title: 'Transaction', cell: ({ tx_hash }) => <Transaction hash={tx_hash || null} /> },
        ]}
      />
    </Panel>
  );
}
