import type { FunctionComponent } from 'preact';
import { useCallback, useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { ThemeButton } from '../shared/theme.tsx';
import { ApiContext, createApi, forgetProof, logout, savedProof } from './api.ts';
import { ExplorerContext } from './links.tsx';
import { LoginForm } from './login-form.tsx';
import { AccountPage } from './pages/account.tsx';
import { AccountsPage } from './pages/accounts.tsx';
import { ApisPage } from './pages/apis.tsx';
import { AuditPage } from './pages/audit.tsx';
import { BatchPage } from './pages/batch.tsx';
import { DepositsPage } from './pages/deposits.tsx';
import { ExitsPage } from './pages/exits.tsx';
import { OverviewPage } from './pages/overview.tsx';
import { PayeePage } from './pages/payee.tsx';
import { PayeesPage } from './pages/payees.tsx';
import { SettlementPage } from './pages/settlement.tsx';
import { SystemPage } from './pages/system.tsx';
import { TokensPage } from './pages/tokens.tsx';
import { UsagePage } from './pages/usage.tsx';
import { WebhooksPage } from './pages/webhooks.tsx';
import { useRoute } from './route.ts';

type Section = { path: string; title: string; Page: FunctionComponent };

const sections: Section[] = [
  { path: '', title: 'Overview', Page: OverviewPage },
  { path: 'usage', title: 'Usage', Page: UsagePage },
  { path: 'settlement', title: 'Settlement', Page: SettlementPage },
  { path: 'accounts', title: 'Accounts', Page: AccountsPage },
  { path: 'tokens', title: 'Tokens', Page: TokensPage },
  { path: 'payees', title: 'Payees', Page: PayeesPage },
  { path: 'apis', title: 'APIs', Page: ApisPage },
  { path: 'deposits', title: 'Deposits', Page: DepositsPage },
  { path: 'exits', title: 'Exits', Page: ExitsPage },
  { path: 'webhooks', title: 'Webhooks', Page: WebhooksPage },
  { path: 'audit', title: 'Audit', Page: AuditPage },
  { path: 'system', title: 'System', Page: SystemPage },
];

/** A login, then a frame around the page that the address names. */
export function App() {
  const [proof, setProof] = useState(savedProof);
  const [reason, setReason] = useState<string>();
  const end = useCallback((text: string | undefined) => {
    forgetProof();
    setReason(text);
    setProof(undefined);
  }, []);
  const api = useMemo(() => proof && createApi(proof, () => end('The session is over: log in again.')), [proof, end]);

  if (!proof || !api) return <LoginForm reason={reason} onLogin={setProof} />;
  return (
    <ApiContext.Provider value={api}>
      <ExplorerContext>
        <Frame onLogout={() => void logout(proof).then(() => end(undefined))} />
      </ExplorerContext>
    </ApiContext.Provider>
  );
}

function Frame({ onLogout }: { onLogout(): void }) {
  const [first = '', ...rest] = useRoute();
  const section = sections.find(({ path }) => path === first) ?? sections[0];
  const title = section?.title ?? '';
  const shown = rest.join('/');
  const isFirst = useRef(true);
  // Another page begins at its start, for the keyboard as for the eye; the first one begins at the top of the frame.
  useEffect(() => {
    document.title = `${title} · Callora`;
    // On a narrow screen the sections stand in a row that scrolls.
    document.querySelector('.side [aria-current]')?.scrollIntoView({ block: 'nearest', inline: 'center' });
    if (!isFirst.current) document.getElementById('main')?.focus();
    isFirst.current = false;
  }, [title, shown]);

  return (
    <>
      <button type="button" class="skip" onClick={() => document.getElementById('main')?.focus()}>
        Skip to content
      </button>
      <header class="top">
        <a class="brand" href="#/">
          <span class="mark" aria-hidden="true" /> Callora
        </a>
        <div class="top-actions">
          <ThemeButton />
          <button type="button" class="quiet" onClick={onLogout}>
            Log out
          </button>
        </div>
      </header>
      <div class="body">
        <nav class="side" aria-label="Sections">
          <ul>
            {sections.map(({ path, title: name }) => (
              <li key={path}>
                <a href={`#/${path}`} aria-current={path === section?.path ? 'page' : undefined}>
                  {name}
                </a>
              </li>
            ))}
          </ul>
        </nav>
        <main id="main" class="main" tabIndex={-1}>
          <Content section={section} rest={rest} />
        </main>
      </div>
    </>
  );
}

function Content({ section, rest }: { section: Section | undefined; rest: string[] }) {
  const [one, two] = rest;
  if (section?.path === 'accounts' && one) return <AccountPage key={one} address={one} />;
  if (section?.path === 'payees' && one) return <PayeePage key={one} payee={one} />;
  if (section?.path === 'settlement' && one && two) return <BatchPage lane={one} batch={two} />;
  return section ? <section.Page /> : null;
}
