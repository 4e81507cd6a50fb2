import { useState } from 'preact/hooks';
import { shortId } from '../../shared/format.ts';
import { Panel } from '../../shared/panel.tsx';
import { Time } from '../../shared/time.tsx';
import { AccountLink, Transaction } from '../links.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { PagedTable, usePages } from '../parts/paged-table.tsx';
import type { Exit } from '../types.ts';

export function ExitsPage() {
  const [open, setOpen] = useState(false);
  const pages = usePages<Exit>(open ? 'exits?open=true' : 'exits');
  return (
    <>
      <PageHead title="Exits" text="Withdrawals this gateway signed together with the account. They end by themselves.">
        <label class="check">
          <input type="checkbox" checked={open} onChange={(event) => setOpen(event.currentTarget.checked)} />
          Open ones only
        </label>
      </PageHead>
      <Panel title="Co-signed" flush>
        <PagedTable<Exit>
          pages={pages}
          label="Exits"
          keyOf={({ id }) => id}
          empty={open ? 'No exit is open.' : 'Nobody has left with a co-signature yet.'}
          columns={[
            { title: 'Signed', cell: ({ created_at }) => <Time at={created_at} /> },
            { title: 'Account', cell: ({ account }) => <AccountLink address={account} /> },
            { title: 'To', cell: ({ to }) => <code title={to}>{shortId(to)}</code> },
            { title: 'Amount, USDC', number: true, cell: ({ amount }) => amount },
            { title: 'State', cell: ({ state }) => <span class={`badge ${badgeOf(state)}`}>{state}</span> },
            { title: 'Counts to ledger', number: true, minor: true, cell: ({ expires_ledger }) => expires_ledger },
            { title: 'Ended', cell: ({ ended_at }) => <Time at={ended_at} /> },
            { title: 'Transaction', cell: ({ tx_hash }) => <Transaction hash={tx_hash} /> },
          ]}
        />
      </Panel>
    </>
  );
}

function badgeOf(state: string): string {
  return state === 'landed' ? 'good' : state === 'open' ? 'warn' : '';
}
