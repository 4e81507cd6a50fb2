import { formatUsdc, storedUnitsMax } from '../../../money.ts';
import { Action } from '../../shared/action-dialog.tsx';
import { Panel, Stale, Waiting } from '../../shared/panel.tsx';
import { Time } from '../../shared/time.tsx';
import { useApi, useGet } from '../api.ts';
import { BatchLink } from '../links.tsx';
import { type Fact, Facts } from '../parts/facts.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { type Paged, PagedTable, usePages } from '../parts/paged-table.tsx';
import { TokenTable } from '../parts/token-table.tsx';
import type { Account, Call, Token } from '../types.ts';

export function AccountPage({ address }: { address: string }) {
  const account = useGet<Account>(`accounts/${encodeURIComponent(address)}`, 5_000);
  const calls = usePages<Call>(`usage?account=${encodeURIComponent(address)}`);
  const tokens = usePages<Token>(`tokens?account=${encodeURIComponent(address)}`);
  const refresh = () => {
    account.refresh();
    calls.refresh();
  };
  return (
    <>
      <PageHead title="Account" text={<code class="break">{address}</code>}>
        <a class="button" href="#/accounts">
          All accounts
        </a>
      </PageHead>
      <div class="stack">
        <Panel title="Figures, USDC">
          <Stale problem={account.value && account.problem} />
          {account.value ? <Figures account={account.value} /> : <Waiting problem={account.problem} />}
        </Panel>
        <Panel title="Calls" flush aside={<RefreshButton onClick={refresh} />}>
          <Calls pages={calls} onRefund={refresh} />
        </Panel>
        <Panel title="Tokens" flush>
          <TokenTable pages={tokens} />
        </Panel>
      </div>
    </>
  );
}

function RefreshButton({ onClick }: { onClick(): void }) {
  return (
    <button type="button" class="quiet" onClick={onClick}>
      Refresh
    </button>
  );
}

function Figures({ account }: { account: Account }) {
  const shown: Fact[] = [
    ['Spendable', account.spendable],
    ['Deposited', account.deposited],
    ['Charged', account.charged],
    ['Refunded', account.refunded],
    ['Settled', account.settled],
    ['Unsettled', account.unsettled],
    ['On hold', account.held],
    ['Receivable', account.receivable],
    ['Withdrawn', account.withdrawn],
    ['Withdrawal asked for', account.requested],
    ['Held for payee', account.held_for_payee],
    ['Written off', account.written_off],
    // The most that the books can hold stands for no limit.
    ['Limit per period', account.limit === formatUsdc(storedUnitsMax) ? 'none' : account.limit],
  ];
  return <Facts facts={shown} />;
}

function Calls({ pages, onRefund }: { pages: Paged<Call>; onRefund(): void }) {
  return (
    <PagedTable<Call>
      pages={pages}
      label="Calls"
      keyOf={({ call }) => call}
      empty="This account has made no call."
      columns={[
        { title: 'Time', cell: ({ time }) => <Time at={time} /> },
        {
          title: 'Call',
          cell: ({ method, route, call }) => (
            <code class="break" title={`call ${call}`}>
              {method} {route}
            </code>
          ),
        },
        { title: 'Status', number: true, minor: true, cell: ({ status }) => status },
        { title: 'Price', number: true, cell: ({ price }) => price },
        { title: 'Refunded', number: true, minor: true, cell: ({ refunded }) => refunded },
        { title: 'Ended', minor: true, cell: ({ outcome }) => outcome?.replace('_', ' ') ?? 'running or doubtful' },
        {
          title: 'Batch',
          cell: ({ batch }) => (batch ? <BatchLink {...batch} /> : <span class="soft">none yet</span>),
        },
        { title: 'Act', actions: true, cell: (call) => <Refund call={call} onDone={onRefund} /> },
      ]}
    />
  );
}

/** What is in a batch is the chain's: only what is not can be taken back here. */
function Refund({ call, onDone }: { call: Call; onDone(): void }) {
  const api = useApi();
  if (call.batch !== null || call.price === '0' || call.refunded !== '0') return null;
  return (
    <Action<{ amount: string }>
      label="Refund"
      about={`call ${call.call}`}
      question={`Refund ${call.price} USDC?`}
      run={() => api.post(`usage/${call.call}/refund`)}
      result={({ amount }) => <p>{amount} USDC are back in the account.</p>}
      onDone={onDone}
    >
      <p>
        The charge of call <code>{call.call}</code> is taken back. It cannot be charged again.
      </p>
    </Action>
  );
}
