import { Action } from '../../shared/action-dialog.tsx';
import { shortId } from '../../shared/format.ts';
import { Panel } from '../../shared/panel.tsx';
import { Time } from '../../shared/time.tsx';
import { useApi } from '../api.ts';
import { AccountLink, Transaction } from '../links.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { type Paged, PagedTable, usePages } from '../parts/paged-table.tsx';
import type { ClassicDeposit, Unattributed } from '../types.ts';

/** Money that did not come through the vault's own deposit: what needs a person first. */
export function DepositsPage() {
  const ownerless = usePages<Unattributed>('unattributed');
  const payments = usePages<ClassicDeposit>('deposits');
  const refresh = () => {
    ownerless.refresh();
    payments.refresh();
  };
  return (
    <>
      <PageHead title="Deposits" text="Money that came in beside the vault's own deposits. Amounts in USDC." />
      <div class="stack">
        <Panel title="Unattributed: for a person to look at" flush>
          <PagedTable<Unattributed>
            pages={ownerless}
            label="Unattributed records"
            keyOf={({ kind, id }) => `${kind} ${id}`}
            empty="Nothing: every deposit found its account."
            columns={[
              { title: 'Time', cell: ({ closed_at }) => <Time at={closed_at} /> },
              { title: 'Kind', cell: ({ kind }) => kinds[kind] ?? kind },
              { title: 'Amount', number: true, cell: ({ amount }) => amount ?? '–' },
              { title: 'Left', number: true, cell: ({ left }) => left ?? '–' },
              { title: 'Note', cell: ({ note }) => note ?? '–' },
              { title: 'Transaction', cell: ({ tx_hash }) => <Transaction hash={tx_hash} /> },
              {
                title: 'Act',
                actions: true,
                cell: ({ kind, id, amount }) =>
                  kind === 'classic' && <Assign operation={id} amount={amount} account={null} onDone={refresh} />,
              },
            ]}
          />
        </Panel>
        <Payments pages={payments} onAssign={refresh} />
      </div>
    </>
  );
}

function Payments({ pages, onAssign }: { pages: Paged<ClassicDeposit>; onAssign(): void }) {
  return (
    <Panel title="Payments to the deposit account" flush>
      <PagedTable<ClassicDeposit>
        pages={pages}
        label="Payments to the deposit account"
        keyOf={({ operation }) => operation}
        empty="No payment yet. Wallets and exchanges can pay in when the config file has deposits.classic."
        columns={[
          { title: 'Time', cell: ({ closed_at }) => <Time at={closed_at} /> },
          { title: 'Amount', number: true, cell: ({ amount }) => amount },
          { title: 'From', minor: true, cell: ({ from }) => <code title={from}>{shortId(from)}</code> },
          {
            title: 'For',
            cell: ({ account }) => (account === null ? <span class="soft">–</span> : <AccountLink address={account} />),
          },
          {
            title: 'State',
            cell: ({ state }) => <span class={`badge ${badges[state] ?? 'warn'}`}>{state.replace('_', ' ')}</span>,
          },
          { title: 'Note', minor: true, cell: ({ note }) => note ?? '–' },
          { title: 'Paid in', minor: true, cell: ({ tx_hash }) => <Transaction hash={tx_hash} /> },
          { title: 'Into the vault', cell: ({ forward_tx_hash }) => <Transaction hash={forward_tx_hash} /> },
          {
            title: 'Act',
            actions: true,
            cell: ({ state, operation, amount, account }) =>
              state === 'below_min' && (
                <Assign operation={operation} amount={amount} account={account} force onDone={onAssign} />
              ),
          },
        ]}
      />
    </Panel>
  );
}

const kinds: Record<string, string> = {
  classic: 'payment without an owner',
  transfer: 'bare transfer to the vault',
  unreadable: 'unreadable record',
};

const badges: Record<string, string> = { forwarded: 'good', unattributed: 'bad' };

type AssignProps = {
  operation: string;
  amount: string | null;
  /** Whom the memo names, if it does. */
  account: string | null;
  /** Also below the operator's bound. */
  force?: boolean;
  onDone(): void;
};

function Assign({ operation, amount, account, force, onDone }: AssignProps) {
  const { post } = useApi();
  const path = `deposits/${encodeURIComponent(operation)}/assign`;
  return (
    <Action<ClassicDeposit>
      label={account === null ? 'Assign' : 'Forward'}
      about={`payment ${operation}`}
      question={account === null ? `Give ${amount} USDC to an account?` : `Forward ${amount} USDC?`}
      {...(account === null ? { field: { label: 'Address of the account, G… or C…', required: true } } : {})}
      run={(text) => post(path, { account: account ?? text, ...(force ? { force: true } : {}) })}
      result={(deposit) => <p>It is {deposit.account && shortId(deposit.account)}’s now and goes into the vault.</p>}
      onDone={onDone}
    >
      <p>
        The payment is moved into the vault in favour of {account === null ? 'that account' : <code>{account}</code>}.
        {force ? ' It is below deposits.classic.min.' : ''} This cannot be undone.
      </p>
    </Action>
  );
}
