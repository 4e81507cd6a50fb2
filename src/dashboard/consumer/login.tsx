import { useState } from 'preact/hooks';
import { type Credential, lookWith } from './gateway.ts';
import { Prices } from './prices.tsx';
import { Problem } from './problem.tsx';
import { Receipts } from './receipts.tsx';
import { WalletLogin } from './wallet-login.tsx';

/** The two ways in, and what needs none: the price list, the check of a receipt. */
export function Login({ onIn }: { onIn: (credential: Credential) => void }) {
  return (
    <>
      <div class="intro">
        <h1>Your account at {location.host}</h1>
        <p class="soft">
          Pay APIs by the call from your own balance in USDC. The balance lies in a vault on Stellar under your address;
          the gateway takes what you used, within your limit, and nothing else.
        </p>
      </div>
      <div class="columns">
        <section class="panel pad" aria-labelledby="with-wallet">
          <h2 id="with-wallet">Log in with a wallet</h2>
          <p class="soft">Sees everything, issues and revokes tokens, takes money out. Ends after 10 minutes.</p>
          <WalletLogin onIn={onIn} />
        </section>
        <section class="panel pad" aria-labelledby="with-token">
          <h2 id="with-token">Look with an access token</h2>
          <p class="soft">Sees what the token covers. Cannot change anything.</p>
          <TokenLogin onIn={onIn} />
        </section>
      </div>
      <p class="soft small">
        Session and token stay in the memory of this page: a reload, leaving it or “Log out” forgets them, and nothing
        is left in the browser.
      </p>
      <Prices />
      <Receipts />
    </>
  );
}

function TokenLogin({ onIn }: { onIn: (credential: Credential) => void }) {
  const [token, setToken] = useState('');
  const [problem, setProblem] = useState('');
  async function submit(event: SubmitEvent) {
    event.preventDefault();
    const answer = await lookWith(token.trim());
    if (answer.ok) onIn(answer.value);
    else setProblem(answer.detail);
  }
  return (
    <form onSubmit={(event) => void submit(event)} class="stack">
      <label class="field">
        <span>Access token</span>
        <input
          class="code"
          type="password"
          value={token}
          onInput={(event) => setToken(event.currentTarget.value)}
          autocomplete="off"
          required
        />
      </label>
      <Problem text={problem} />
      <div>
        <button type="submit">Look</button>
      </div>
    </form>
  );
}
