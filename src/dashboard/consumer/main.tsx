import { render } from 'preact';
import { useEffect, useMemo, useState } from 'preact/hooks';
import { systemClock } from '../../clock.ts';
import { shortId } from '../shared/format.ts';
import { ThemeButton } from '../shared/theme.tsx';
import { useAnswer } from '../shared/use-answer.ts';
import { DepositWays } from './deposit.tsx';
import { focusOnce } from './focus.ts';
import { type Credential, createGateway, refreshMs } from './gateway.ts';
import { Login } from './login.tsx';
import { Overview } from './overview.tsx';
import { Prices } from './prices.tsx';
import { Receipts } from './receipts.tsx';
import { Tokens } from './tokens.tsx';
import { Withdraw } from './withdraw.tsx';
import { minutes } from './words.ts';

const tabs = [
  ['overview', 'Overview'],
  ['tokens', 'Tokens'],
  ['deposit', 'Deposit'],
  ['withdraw', 'Withdraw'],
  ['receipts', 'Receipts'],
  ['prices', 'Prices'],
] as const;

type Tab = (typeof tabs)[number][0];

function App() {
  const [credential, setCredential] = useState<Credential>();
  useEffect(() => {
    // A browser keeps a page that was left as it was, and Back would show it to whoever sits there next.
    const forget = () => setCredential(undefined);
    addEventListener('pagehide', forget);
    return () => removeEventListener('pagehide', forget);
  }, []);
  return (
    <div class="page">
      {credential ? (
        <Inside key={credential.bearer} credential={credential} onOut={() => setCredential(undefined)} />
      ) : (
        <>
          <header class="top">
            <strong>Callora</strong>
            <ThemeButton />
          </header>
          <main class="stack">
            <Login onIn={setCredential} />
          </main>
        </>
      )}
    </div>
  );
}

/** When the credential ends, what is shown stays: a token that was just issued must not vanish before it is copied. */
function Inside({ credential, onOut }: { credential: Credential; onOut: () => void }) {
  const [ended, setEnded] = useState('');
  const gateway = useMemo(() => createGateway(credential, setEnded), [credential]);
  const account = useAnswer('account', gateway.account, ended ? undefined : refreshMs);
  const tab = useTab();
  const { sessionEndsMs } = credential;
  return (
    <>
      <header class="top">
        <strong>Callora</strong>
        <span class="code soft wide-only" title={credential.account}>
          {shortId(credential.account)}
        </span>
        {sessionEndsMs === undefined && <span class="badge">looking only</span>}
        {sessionEndsMs !== undefined && !ended && (
          <Countdown endsMs={sessionEndsMs} onEnd={() => gateway.end('this session has ended')} />
        )}
        <ThemeButton />
        <button type="button" class="quiet" onClick={onOut}>
          Log out
        </button>
      </header>
      <h1 class="hidden" ref={focusOnce} tabIndex={-1}>
        Your account at {location.host}
      </h1>
      <nav class="tabs" aria-label="Account">
        {tabs.map(([id, name]) => (
          <a key={id} href={`#${id}`} aria-current={id === tab ? 'page' : undefined}>
            {name}
          </a>
        ))}
      </nav>
      <main class="stack">
        <div role="alert">
          {ended && (
            <div class="note warn row spread">
              <span>Logged out: {ended}. What you see is what was last read.</span>
              <button type="button" onClick={onOut}>
                Log in again
              </button>
            </div>
          )}
        </div>
        {tab === 'overview' && <Overview gateway={gateway} account={account} />}
        {tab === 'tokens' && <Tokens gateway={gateway} mayAct={sessionEndsMs !== undefined} />}
        {tab === 'deposit' && <DepositWays gateway={gateway} account={credential.account} />}
        {tab === 'withdraw' && (
          <Withdraw gateway={gateway} account={credential.account} mayAct={sessionEndsMs !== undefined} />
        )}
        {tab === 'receipts' && <Receipts gateway={gateway} />}
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
