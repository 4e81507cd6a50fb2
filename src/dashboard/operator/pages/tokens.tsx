import { useState } from 'preact/hooks';
import { Panel } from '../../shared/panel.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { usePages } from '../parts/paged-table.tsx';
import { SearchField } from '../parts/search-field.tsx';
import { TokenTable } from '../parts/token-table.tsx';
import type { Token } from '../types.ts';

export function TokensPage() {
  const [search, setSearch] = useState('');
  const pages = usePages<Token>(search === '' ? 'tokens' : `tokens?search=${encodeURIComponent(search)}`);
  return (
    <>
      <PageHead title="Tokens" text="Access tokens, newest first. Amounts in USDC." />
      <Panel
        title="Issued"
        flush
        aside={
          <SearchField
            label="Search tokens by label, id or address"
            placeholder="Label, id or address"
            value={search}
            onSearch={setSearch}
          />
        }
      >
        <TokenTable pages={pages} empty={search === '' ? undefined : `No token holds “${search}”.`} />
      </Panel>
    </>
  );
}
