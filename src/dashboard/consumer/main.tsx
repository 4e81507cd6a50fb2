import { render } from 'preact';
import { useEffect, useMemo, useState } from 'preact/hooks';
import { systemClock } from '../../clock.ts';
import { ThemeButton } from '../shared/theme.tsx';
import { useAnswer } from '../shared/use-answer.ts';
import { DepositWays } from './deposit.tsx';
import { type Credential, createGateway, refreshMs } from './gateway.ts';
import { Login } from './login.tsx';
import { Overview } from './overview.tsx';
import { Prices } from './prices.tsx';
import { Tokens } from './tokens.tsx';
import { minutes, shortAddress } from './words.ts';

const tabs = [
  ['overview', 'Overview'],
  ['tokens', 'Tokens'],
  ['deposit', 'Deposit'],
  ['prices', 'Prices'],
] as const;

type Tab = (typeof tabs)[number][0];

function App() {
  const [credential, setCredential] = useState<Credential>();
  const [notice, setNotice] = useState('');
  const out = (why: string) => {
    setCredential(undefined);
    setNotice(why);
  };
  return (
    <div class="page">
      {credential ? (
        <Inside key={credential.bearer} credential={credential} onOut={out} />
      ) : (
        <>
          <header class="top">
            <strong>Callora</strong>
            <ThemeButton />
          </header>
          <main class="stack">
            <Login
              notice={notice}
              onIn={(next) => {
                setNotice('');
                setCredential(next);
              }}
            />
          </main>
        </>
      )}
    </div>
  );
}

function Inside({ credential, onOut }: { credential: Credential; onOut: (why: string) => void }) {
  const gateway = useMemo(() => createGateway(credential, (detail) => onOut(`Logged out: ${detail}.`)), [credential]);
  const account = useAnswer('account', gateway.account, refreshMs);
  const tab = useTab();
  const mayAct = credential.sessionEndsMs !== undefined;
  return (
    <>
      <header class="top">
        <strong>Callora</strong>
        <span class="code soft wide-only" title={credential.account}>
          {shortAddress(credential.account)}
        </span>
        {credential.sessionEndsMs === undefined ? (
          <span class="badge">looking only</span>
        ) : (
          <Countdown endsMs={credential.sessionEndsMs} onEnd={() => onOut('Your wallet session has ended.')} />
        )}
        <ThemeButton />
        <button type="button" class="quiet" onClick={() => onOut('')}>
          Log out
        </button>
      </header>
      <nav class="tabs" aria-label="Account">
        {tabs.map(([id, name]) => (
          <a key={id} href={`#${id}`} aria-current={id === tab ? 'page' : undefined}>
            {name}
          </a>
        ))}
      </nav>
      <main class="stack">
        {tab === 'overview' && <Overview gateway={gateway} account={account} />}
        {tab === 'tokens' && <Tokens gateway={gateway} mayAct={mayAct} />}
        {tab === 'deposit' && <DepositWays gateway={gateway} account={credential.account} />}
        {tab === 'prices' && <Prices />}
      </main>
    </>
  );
}

function Countdown({ endsMs, onEnd }: { endsMs: number; onEnd: () => void }) {
  const [leftMs, setLeftMs] = useState(endsMs - systemClock.monotonicMs());
  useEffect(() => {
    const timer = setInterval(() => {
      const left = endsMs - systemClock.monotonicMs();
      setLeftMs(left);
      if (left <= 0) onEnd();
    }, 1_000);
    return () => clearInterval(timer);
  }, [endsMs]);
  return (
    <span class="badge good" title="Then this page forgets the session; log in again to go on.">
      wallet session {minutes(leftMs)}
    </span>
  );
}

/** The tab stands in the address, so that Back works. */
function useTab(): Tab {
  const read = () => tabs.find(([id]) => location.hash === `#${id}`)?.[0] ?? 'overview';
  const [tab, setTab] = useState<Tab>(read);
  useEffect(() => {
    const changed = () => setTab(read());
    addEventListener('hashchange', changed);
    return () => removeEventListener('hashchange', changed);
  }, []);
  return tab;
}

const page = document.getElementById('page');
if (page) render(<App />, page);
