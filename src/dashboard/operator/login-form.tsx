import { useState } from 'preact/hooks';
import { ThemeButton } from '../shared/theme.tsx';
import { login, savedProof } from './api.ts';

export type LoginProps = { reason: string | undefined; onLogin(proof: string): void };

/** The admin token once, for a session of this browser. The token itself is not kept. */
export function LoginForm({ reason, onLogin }: LoginProps) {
  const [token, setToken] = useState('');
  const [problem, setProblem] = useState(reason);
  const [busy, setBusy] = useState(false);

  async function submit(event: Event): Promise<void> {
    event.preventDefault();
    setBusy(true);
    const answer = await login(token.trim());
    setBusy(false);
    const proof = savedProof();
    if (answer.ok && proof !== undefined) onLogin(proof);
    else setProblem(answer.ok ? 'This browser keeps nothing for this page: allow site data for it.' : answer.detail);
  }

  return (
    <main class="login">
      <form class="panel login-card" onSubmit={(event) => void submit(event)}>
        <div class="spread">
          <h1>
            <span class="mark" aria-hidden="true" /> Callora
          </h1>
          <ThemeButton />
        </div>
        <p class="soft">
          Log in with the admin token: the content of the file at <code>admin.token_file</code>.
        </p>
        <label>
          Admin token
          <input
            type="password"
            autocomplete="current-password"
            required
            value={token}
            onInput={(event) => setToken(event.currentTarget.value)}
          />
        </label>
        <p class="problem" role="alert">
          {problem}
        </p>
        <button type="submit" class="primary" disabled={busy}>
          {busy ? 'Asking…' : 'Log in'}
        </button>
      </form>
    </main>
  );
}
