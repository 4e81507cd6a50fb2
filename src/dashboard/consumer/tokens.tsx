import { useRef, useState } from 'preact/hooks';
import { Time } from '../shared/time.tsx';
import { useAnswer } from '../shared/use-answer.ts';
import { focusOnce } from './focus.ts';
import type { Gateway, Token } from './gateway.ts';
import { NewToken } from './new-token.tsx';
import { Problem } from './problem.tsx';

export function Tokens({ gateway, mayAct }: { gateway: Gateway; mayAct: boolean }) {
  const first = useAnswer('tokens', (signal) => gateway.tokens(null, signal));
  const [older, setOlder] = useState<{ items: Token[]; next: string | null }>();
  const [ended, setEnded] = useState(false);
  const [problem, setProblem] = useState('');
  const heading = useRef<HTMLHeadingElement>(null);
  const tokens = [...(first.value?.items ?? []), ...(older?.items ?? [])];
  const shown = ended ? tokens : tokens.filter((token) => token.state === 'live');
  const next = older ? older.next : (first.value?.next ?? null);

  async function more(cursor: string) {
    const answer = await gateway.tokens(cursor);
    if (!answer.ok) return setProblem(answer.detail);
    setOlder({ items: [...(older?.items ?? []), ...answer.value.items], next: answer.value.next });
  }

  /** From the newest on: a page that has moved by one would no longer join the next. */
  function readAgain() {
    setOlder(undefined);
    first.refresh();
  }

  async function revoke(jti: string) {
    const answer = await gateway.revokeToken(jti);
    setProblem(answer.ok ? '' : answer.detail);
    readAgain();
    // The button that had the focus goes with its row.
    heading.current?.focus();
  }

  return (
    <>
      {mayAct ? (
        <NewToken gateway={gateway} onIssued={readAgain} />
      ) : (
        <p class="note">
          You are looking with a token. To issue or revoke tokens, log out and log in with your wallet.
        </p>
      )}
      <section aria-labelledby="tokens">
        <div class="row spread">
          <h2 id="tokens" ref={heading} tabIndex={-1}>
            Tokens
          </h2>
          <label class="check">
            <input type="checkbox" checked={ended} onChange={(event) => setEnded(event.currentTarget.checked)} />
            Show ended ones
          </label>
        </div>
        <Problem text={first.problem ?? problem} />
        {shown.length > 0 && (
          <ul class="panel tokens" aria-label="Tokens, newest first">
            {shown.map((token) => (
              <TokenItem key={token.jti} token={token} revoke={mayAct ? revoke : undefined} />
            ))}
          </ul>
        )}
        {first.value && shown.length === 0 && <p class="empty">No live tokens.</p>}
        {next !== null && (
          <div>
            <button type="button" onClick={() => void more(next)}>
              Older tokens
            </button>
          </div>
        )}
      </section>
    </>
  );
}

function TokenItem({ token, revoke }: { token: Token; revoke: ((jti: string) => Promise<void>) | undefined }) {
  const [asked, setAsked] = useState(false);
  const name = token.label || token.jti.slice(0, 8);
  const scope = token.scope === '*' ? 'all APIs' : token.scope.split(' ').join(', ');
  return (
    <li>
      <div>
        <strong>{name}</strong>
        <div class="soft small">{scope}</div>
      </div>
      <div>
        {token.cap === null ? (
          <>
            {token.spent} USDC spent, <span class="soft">no cap</span>
          </>
        ) : (
          <>
            {token.spent} <span class="soft">of {token.cap} USDC</span>
            <progress max={Number(token.cap)} value={Number(token.spent)} aria-hidden="true" />
          </>
        )}
      </div>
      <div class="soft small">
        {token.state === 'live' ? 'until ' : `${token.state}, was good until `}
        <Time at={token.expires_at} />
      </div>
      {token.state === 'live' && revoke && (
        <div class="row act">
          {asked ? (
            <>
              <button
                type="button"
                class="danger"
                ref={focusOnce}
                onClick={() => void revoke(token.jti)}
                aria-label={`Revoke ${name} for good`}
              >
                Revoke for good
              </button>
              <button type="button" class="quiet" onClick={() => setAsked(false)}>
                Keep
              </button>
            </>
          ) : (
            <button type="button" onClick={() => setAsked(true)} aria-label={`Revoke ${name}`}>
              Revoke
            </button>
          )}
        </div>
      )}
    </li>
  );
}
