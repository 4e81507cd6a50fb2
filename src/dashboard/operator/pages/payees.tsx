import { Action } from '../../shared/action-dialog.tsx';
import { DataTable } from '../../shared/data-table.tsx';
import { shortId } from '../../shared/format.ts';
import { Panel, Waiting } from '../../shared/panel.tsx';
import { Time } from '../../shared/time.tsx';
import { useApi, useGet } from '../api.ts';
import { PayeeLink, Transaction } from '../links.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { PagedTable, usePages } from '../parts/paged-table.tsx';
import type { Claims, Payout, Settlement, SoldApi } from '../types.ts';

type Payee = { payee: string; lane: number; gross: string; apis: string };

export function PayeesPage() {
  const settlement = useGet<Settlement>('settlement');
  const apis = useGet<{ items: SoldApi[] }>('apis');
  const payouts = usePages<Payout>('payouts');
  const refresh = () => {
    settlement.refresh();
    payouts.refresh();
  };
  const rows = payeesOf(settlement.value?.earnings ?? [], apis.value?.items ?? []);
  return (
    <>
      <PageHead title="Payees" text="What settled batches earned each payee, and what was sent. Amounts in USDC.">
        <Claim payee={undefined} onDone={refresh} />
      </PageHead>
      <div class="stack">
        <Panel title="Earnings" flush>
          {settlement.value && apis.value ? (
            <DataTable<Payee>
              label="Payees"
              rows={rows}
              keyOf={({ payee, lane }) => `${payee} ${lane}`}
              empty="The catalog has no payee."
              columns={[
                { title: 'Payee', cell: ({ payee }) => <PayeeLink payee={payee} /> },
                { title: 'APIs', cell: (row) => row.apis || <span class="soft">none in the catalog</span> },
                { title: 'Earned, before fee', number: true, cell: ({ gross }) => <strong>{gross}</strong> },
                {
                  title: 'Act',
                  actions: true,
                  cell: ({ payee, gross }) => gross !== '0' && <Claim payee={payee} onDone={refresh} />,
                },
              ]}
            />
          ) : (
            <Waiting problem={settlement.problem ?? apis.problem} />
          )}
        </Panel>
        <Panel title="Payouts" flush>
          <PagedTable<Payout>
            pages={payouts}
            label="Payouts"
            keyOf={({ id }) => id}
            empty="Nothing was sent yet. Payouts go out by themselves above settlement.payout_min."
            columns={[
              { title: 'Sent', cell: ({ time }) => <Time at={time} /> },
              { title: 'Payee', cell: ({ payee }) => <PayeeLink payee={payee} /> },
              { title: 'Amount', number: true, cell: ({ amount }) => amount },
              { title: 'State', cell: ({ state }) => <span class={`badge ${payoutBadge[state]}`}>{state}</span> },
              { title: 'Transaction', cell: ({ tx_hash }) => <Transaction hash={tx_hash} /> },
            ]}
          />
        </Panel>
      </div>
    </>
  );
}

const payoutBadge: Record<Payout['state'], string> = { sent: 'warn', paid: 'good', failed: 'bad' };

/** Payees of the catalog that earned nothing yet stand there too. */
function payeesOf(earnings: Settlement['earnings'], apis: SoldApi[]): Payee[] {
  const namesOf = (payee: string) =>
    apis
      .filter((api) => api.payee === payee)
      .map(({ name }) => name)
      .join(', ');
  const earned = earnings.map((row) => ({ ...row, apis: namesOf(row.payee) }));
  const idle = [...new Set(apis.map(({ payee }) => payee))].filter(
    (payee): payee is string => payee !== null && !earned.some((row) => row.payee === payee),
  );
  return [...earned, ...idle.map((payee) => ({ payee, lane: 0, gross: '0', apis: namesOf(payee) }))];
}

function Claim({ payee, onDone }: { payee: string | undefined; onDone(): void }) {
  const api = useApi();
  return (
    <Action<Claims>
      label={payee === undefined ? 'Pay everyone now' : 'Pay now'}
      about={payee && `to ${shortId(payee)}`}
      primary={payee === undefined}
      question={payee === undefined ? 'Pay out all earnings now?' : `Pay out to ${shortId(payee)} now?`}
      run={() => api.post('payouts/claim', payee === undefined ? {} : { payee })}
      result={({ results }) => <Paid results={results} />}
      onDone={onDone}
    >
      <p>
        The vault pays what it owes, however little, to the address the payee has set. The fee goes to the treasury.
      </p>
    </Action>
  );
}

function Paid({ results }: Claims) {
  if (results.length === 0) return <p>The vault owes nothing now.</p>;
  return (
    <ul>
      {results.map(({ payee, lane, kind, amount, outcome, detail }) => (
        <li key={`${payee} ${lane} ${kind}`}>
          {kind === 'fee' ? 'Fee' : shortId(payee)}: {amount} USDC, {outcome}
          {outcome === 'paid' ? '' : `: ${detail}`}
        </li>
      ))}
    </ul>
  );
}
