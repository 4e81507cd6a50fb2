import { Action } from '../../shared/action-dialog.tsx';
import { shortId } from '../../shared/format.ts';
import { Time } from '../../shared/time.tsx';
import { useApi } from '../api.ts';
import { AccountLink } from '../links.tsx';
import type { Token } from '../types.ts';
import { type Paged, PagedTable } from './paged-table.tsx';

/** Tokens with their spend and their end. The text of a token is never here: nobody but its holder has it. */
export function TokenTable({ pages, empty }: { pages: Paged<Token>; empty?: string | undefined }) {
  return (
    <PagedTable<Token>
      pages={pages}
      label="Tokens"
      keyOf={({ jti }) => jti}
      empty={empty ?? 'No token was issued.'}
      columns={[
        {
          title: 'Token',
          cell: ({ jti, label }) => (
            <span title={jti}>
              {label !== '' && <strong>{label} </strong>}
              <code class="soft">{shortId(jti)}</code>
            </span>
          ),
        },
        { title: 'Account', cell: ({ account }) => <AccountLink address={account} /> },
        { title: 'Scope', cell: ({ scope }) => (scope === '*' ? 'all APIs' : scope) },
        { title: 'From', cell: ({ source }) => source },
        {
          title: 'Spent of cap',
          number: true,
          cell: ({ spent, cap }) => (cap === null ? <span class="soft">no cap</span> : `${spent} of ${cap}`),
        },
        { title: 'Expires', cell: ({ expires_at }) => <Time at={expires_at} /> },
        { title: 'Act', actions: true, cell: (token) => <Revoke token={token} onDone={pages.refresh} /> },
      ]}
    />
  );
}

function Revoke({ token, onDone }: { token: Token; onDone(): void }) {
  const api = useApi();
  if (token.revoked_at !== null) {
    return (
      <span class="badge bad" title={token.revoked_at}>
        revoked
      </span>
    );
  }
  return (
    <Action<{ outcome: string }>
      label="Revoke"
      about={`token ${token.label || shortId(token.jti)}`}
      danger
      question="Revoke this token?"
      run={() => api.post(`tokens/${encodeURIComponent(token.jti)}/revoke`)}
      result={({ outcome }) => (
        <p>{outcome === 'already' ? 'It was revoked before.' : 'Refused from the next call on.'}</p>
      )}
      onDone={onDone}
    >
      <p>
        Calls with token <code class="break">{token.jti}</code> are refused from the next one on. This cannot be undone.
      </p>
    </Action>
  );
}
