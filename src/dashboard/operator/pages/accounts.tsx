import { useState } from 'preact/hooks';
import { Panel } from '../../shared/panel.tsx';
import { AccountLink } from '../links.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { PagedTable, usePages } from '../parts/paged-table.tsx';
import { SearchField } from '../parts/search-field.tsx';
import type { Account } from '../types.ts';

export function AccountsPage() {
  const [search, setSearch] = useState('');
  const pages = usePages<Account>(search === '' ? 'accounts' : `accounts?search=${encodeURIComponent(search)}`);
  return (
    <>
      <PageHead title="Accounts" text="Who has deposited or holds a token. Amounts in USDC." />
      <Panel
        title="Balances"
        flush
        aside={
          <SearchField
            label="Search accounts by address"
            placeholder="Part of an address"
            value={search}
            onSearch={setSearch}
          />
        }
      >
        <PagedTable<Account>
          pages={pages}
          label="Accounts"
          keyOf={({ address }) => address}
          empty={search === '' ? 'Nobody has deposited yet.' : `No address holds “${search}”.`}
          columns={[
            { title: 'Account', cell: ({ address }) => <AccountLink address={address} /> },
            { title: 'Spendable', number: true, cell: ({ spendable }) => <strong>{spendable}</strong> },
            { title: 'Deposited', number: true, cell: ({ deposited }) => deposited },
            { title: 'Charged', number: true, cell: ({ charged }) => charged },
            { title: 'Unsettled', number: true, cell: ({ unsettled }) => unsettled },
            { title: 'Receivable', number: true, cell: ({ receivable }) => receivable },
            { title: 'Withdrawn', number: true, cell: ({ withdrawn }) => withdrawn },
          ]}
        />
      </Panel>
    </>
  );
}
