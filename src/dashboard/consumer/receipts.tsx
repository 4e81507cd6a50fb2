import { useState } from 'preact/hooks';
import { readReceipt } from '../receipt-form.ts';
import { type Check, checkTitles, verifyReceipt } from '../verify-receipt.ts';
import type { Gateway } from './gateway.ts';
import { Problem } from './problem.tsx';
import { gatherEvidence } from './receipt-evidence.ts';

/** Checks a receipt in this browser, layer by layer. Whoever is logged in can fetch one by the id of the call. */
export function Receipts({ gateway }: { gateway?: Gateway }) {
  const [text, setText] = useState('');
  const [chain, setChain] = useState('');
  const [problem, setProblem] = useState('');
  const [checks, setChecks] = useState<Check[]>();

  function take(next: string) {
    setText(next);
    setChecks(undefined);
    setProblem('');
  }

  async function check(event: SubmitEvent) {
    event.preventDefault();
    setChecks(undefined);
    const outcome = await checkText(text, chain.trim().toLowerCase());
    if (typeof outcome === 'string') return setProblem(outcome);
    setProblem('');
    setChecks(outcome);
  }

  async function takeFile(file: File | undefined) {
    if (file) take(await file.text());
  }

  return (
    <section class="panel pad stack" aria-labelledby="receipts">
      <h2 id="receipts">Check a receipt</h2>
      <p class="soft">
        A receipt leads from one call to the root of its batch, and the roots lead to the value that the vault on
        Stellar keeps. The arithmetic runs in this browser.
      </p>
      {gateway && <FetchReceipt gateway={gateway} onReceipt={take} onProblem={setProblem} />}
      <form class="stack" onSubmit={(event) => void check(event)}>
        <label class="field">
          <span>Receipt</span>
          <textarea
            class="code"
            rows={6}
            value={text}
            placeholder="Paste the JSON, or drop the file here"
            onInput={(event) => take(event.currentTarget.value)}
            onDragOver={(event) => event.preventDefault()}
            onDrop={(event) => {
              event.preventDefault();
              void takeFile(event.dataTransfer?.files[0]);
            }}
            required
          />
        </label>
        <label class="field">
          <span>Or a file</span>
          <input
            type="file"
            accept="application/json,.json"
            onChange={(event) => void takeFile(event.currentTarget.files?.[0])}
          />
        </label>
        <label class="field">
          <span>Chain value of the vault, if you have it: last_batch(lane).chain in an explorer</span>
          <input
            class="code"
            value={chain}
            onInput={(event) => setChain(event.currentTarget.value)}
            autocomplete="off"
          />
        </label>
        <Problem text={problem} />
        <div>
          <button type="submit">Check</button>
        </div>
      </form>
      <div role="status">{checks && <p class={`note ${verdict(checks).tone}`}>{verdict(checks).words}</p>}</div>
      {checks && <CheckList checks={checks} />}
      <p class="soft small">
        This page comes from the gateway whose word is checked. Who does not trust it takes <code>callora verify</code>,
        or the stand-alone script of the documentation, and asks the vault over a server of their own.
      </p>
    </section>
  );
}

function FetchReceipt(props: { gateway: Gateway; onReceipt(text: string): void; onProblem(text: string): void }) {
  const [call, setCall] = useState('');
  async function fetchIt(event: SubmitEvent) {
    event.preventDefault();
    const answer = await props.gateway.receipt(call.trim());
    if (answer.ok) props.onReceipt(JSON.stringify(answer.value, null, 2));
    else props.onProblem(answer.detail);
  }
  return (
    <form class="row" onSubmit={(event) => void fetchIt(event)}>
      <label class="field">
        <span>Id of a call: the header callora-call</span>
        <input
          class="code"
          inputMode="numeric"
          pattern="[0-9]{1,16}"
          value={call}
          onInput={(event) => setCall(event.currentTarget.value)}
          autocomplete="off"
          required
        />
      </label>
      <button type="submit">Fetch its receipt</button>
    </form>
  );
}

const words = { ok: 'ok', failed: 'failed', not_checked: 'not checked' };

function CheckList({ checks }: { checks: Check[] }) {
  return (
    <ol class="checks" aria-label="Checks">
      {checks.map(({ name, state, detail }) => (
        <li key={name} class={state}>
          <strong>{checkTitles[name]}</strong> <span class="result">{words[state]}</span>
          <div class="code soft small">{detail}</div>
        </li>
      ))}
    </ol>
  );
}

/** A text says why nothing could be checked. */
async function checkText(text: string, chain: string): Promise<Check[] | string> {
  let receipt: unknown;
  try {
    receipt = JSON.parse(text);
  } catch {
    return 'this is no JSON: paste the whole receipt';
  }
  if (chain !== '' && !/^[0-9a-f]{64}$/.test(chain)) return 'the chain value has 64 hex digits';
  let place: ReturnType<typeof readReceipt>['place'];
  try {
    place = readReceipt(receipt).place;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  const evidence = await gatherEvidence(place, chain === '' ? undefined : chain);
  if (!evidence.ok) return evidence.detail;
  return verifyReceipt(receipt, evidence.value);
}

function verdict(checks: Check[]): { tone: 'good' | 'warn' | 'bad'; words: string } {
  const states = new Map(checks.map(({ name, state }) => [name, state]));
  if (checks.some(({ state }) => state === 'failed')) return { tone: 'bad', words: 'This receipt does not hold.' };
  if (states.get('path') === 'not_checked') {
    return { tone: 'warn', words: 'The gateway has signed this, and nothing on chain proves it yet.' };
  }
  if (states.get('chain') !== 'ok') {
    return { tone: 'warn', words: 'All holds up to the published roots. The vault’s chain value makes it a proof.' };
  }
  return { tone: 'good', words: 'Proven: the vault has settled this call as it stands here.' };
}
