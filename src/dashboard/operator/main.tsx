import { render } from 'preact';
import { ask } from '../shared/http.ts';
import { ThemeButton } from '../shared/theme.tsx';
import { useAnswer } from '../shared/use-answer.ts';

type Readiness = { ready: boolean; reasons: string[] };

/** Whether this gateway sells, and if not, why: what the listener tells without the admin token. */
function Readiness() {
  const { value, problem } = useAnswer<Readiness>('ready', (signal) => readiness(signal), 5_000);
  return (
    <main class="page">
      <ThemeButton />
      <h1>Callora</h1>
      <p aria-live="polite">{problem ?? (value?.ready ? 'Ready.' : (value?.reasons.join('; ') ?? 'Asking…'))}</p>
    </main>
  );
}

async function readiness(signal: AbortSignal) {
  const answer = await ask<Readiness>('../readyz', { signal });
  return answer.ok ? answer : { ...answer, detail: 'Not ready. The command `callora check` names the reasons.' };
}

const page = document.getElementById('page');
if (page) render(<Readiness />, page);
