import { useState } from 'preact/hooks';
import { Panel } from '../../shared/panel.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { usePages } from '../parts/paged-table.tsx';
import { SearchField } from '../parts/search-field.tsx';
import { TokenTable } from '../parts/token-table.tsx';
import type { Token } from '../types.ts';

export function TokensPage() {
  const [account, setAccount] = useState('');
  const pages = usePages<Token>(account === '' ? 'tokens' : `tokens?account=${encodeURIComponent(account)}`);
  return (
    <>
      <PageHead title="Tokens" text="Access tokens, newest first. Amounts in USDC." />
      <Panel
        title="Issued"
        flush
        aside={
          <SearchField
            label="Tokens of one account"
            placeholder="Address of an account"
            value={account}
            onSearch={setAccount}
          />
        }
      >
        <TokenTable pages={pages} />
      </Panel>
    </>
  );
}
