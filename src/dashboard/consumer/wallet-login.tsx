import { useState } from 'preact/hooks';
import { systemClock } from '../../clock.ts';
import { ask } from '../shared/http.ts';
import { challengeFault } from './challenge.ts';
import { Copy } from './copy.tsx';
import { focusOnce } from './focus.ts';
import { type Credential, callOrigin, readService } from './gateway.ts';
import { Problem } from './problem.tsx';

type Challenge = { account: string; transaction: string; passphrase: string; gateway: URL };

/** Two steps: ask for a challenge for an address, then bring it back signed by whatever holds the key. */
export function WalletLogin({ onIn }: { onIn: (credential: Credential) => void }) {
  const [challenge, setChallenge] = useState<Challenge>();
  return challenge ? (
    <SignStep challenge={challenge} onIn={onIn} onBack={() => setChallenge(undefined)} />
  ) : (
    <AddressStep onChallenge={setChallenge} />
  );
}

function AddressStep({ onChallenge }: { onChallenge: (challenge: Challenge) => void }) {
  const [account, setAccount] = useState('');
  const [problem, setProblem] = useState('');
  const [busy, setBusy] = useState(false);
  async function submit(event: SubmitEvent) {
    event.preventDefault();
    setBusy(true);
    const found = await checkedChallenge(account.trim());
    setBusy(false);
    if (typeof found === 'string') setProblem(found);
    else onChallenge(found);
  }
  return (
    <form onSubmit={(event) => void submit(event)} class="stack">
      <label class="field">
        <span>Your Stellar address</span>
        <input
          class="code"
          value={account}
          onInput={(event) => setAccount(event.currentTarget.value)}
          placeholder="G…"
          autocomplete="off"
          spellcheck={false}
          required
        />
      </label>
      <p class="soft">
        You get a short transaction to sign with any wallet or tool that holds the key. The key itself never comes near
        this page.
      </p>
      <Problem text={problem} />
      <div>
        <button type="submit" class="primary" disabled={busy}>
          Get a login transaction
        </button>
      </div>
    </form>
  );
}

function SignStep({
  challenge,
  onIn,
  onBack,
}: {
  challenge: Challenge;
  onIn: (credential: Credential) => void;
  onBack: () => void;
}) {
  const [signed, setSigned] = useState('');
  const [problem, setProblem] = useState('');
  const [busy, setBusy] = useState(false);
  async function submit(event: SubmitEvent) {
    event.preventDefault();
    setBusy(true);
    const sentMs = systemClock.monotonicMs();
    const answer = await ask<{ session: string; expires_in: number; account: string }>('../session', {
      method: 'POST',
      body: { transaction: signed.replace(/\s/g, '') },
    });
    setBusy(false);
    if (!answer.ok) return setProblem(answer.detail);
    const { session, expires_in, account } = answer.value;
    onIn({ bearer: session, account, sessionEndsMs: sentMs + expires_in * 1_000 });
  }
  return (
    <form onSubmit={(event) => void submit(event)} class="stack">
      <ToSign challenge={challenge} />
      <label class="field">
        <span>2. Paste it back, signed</span>
        <textarea
          class="code"
          rows={4}
          value={signed}
          onInput={(event) => setSigned(event.currentTarget.value)}
          autocomplete="off"
          spellcheck={false}
          required
        />
      </label>
      <Problem text={problem} />
      <div class="row">
        <button type="submit" class="primary" disabled={busy}>
          Log in
        </button>
        <button type="button" class="quiet" onClick={onBack}>
          Another address
        </button>
      </div>
    </form>
  );
}

function ToSign({ challenge }: { challenge: Challenge }) {
  return (
    <>
      <div class="note good" ref={focusOnce} tabIndex={-1}>
        <p>
          <strong>This transaction can only log you in here.</strong> Read in this browser: its sequence number is 0, so
          it can never run or move money; it is made by the gateway’s key, for {challenge.gateway.host} and for your
          address. Your wallet should show the same.
        </p>
      </div>
      <div class="field">
        <span>1. Sign this transaction</span>
        <Copy label="Login transaction" text={challenge.transaction} lines={4} />
      </div>
      <div class="field">
        <span>for the network</span>
        <Copy label="Network passphrase" text={challenge.passphrase} />
      </div>
      <details>
        <summary>With the command line</summary>
        <Copy
          label="Command"
          text={`callora sign-login ${challenge.transaction} --gateway ${challenge.gateway.origin} --key FILE`}
          lines={3}
        />
      </details>
    </>
  );
}

/** A challenge that is good to sign, or why there is none. */
async function checkedChallenge(account: string): Promise<Challenge | string> {
  if (!/^G[A-Z2-7]{55}$/.test(account)) return 'An address begins with G and has 56 letters and digits.';
  const answer = await ask<{ transaction: string; network_passphrase: string }>(`../login?account=${account}`);
  if (!answer.ok) return answer.detail;
  const serverKey = await readSigningKey();
  if (serverKey === undefined) return 'The gateway does not publish the key it signs logins with.';
  const { transaction, network_passphrase: passphrase } = answer.value;
  const service = await readService();
  const gateway = new URL(callOrigin(service.ok ? service.value : undefined, location.origin));
  const fault = challengeFault(transaction, {
    account,
    serverKey,
    hosts: [gateway.host, gateway.hostname],
    nowS: Math.floor(systemClock.nowMs() / 1_000),
  });
  return fault === undefined ? { account, transaction, passphrase, gateway } : `Do not sign this login: ${fault}.`;
}

async function readSigningKey(): Promise<string | undefined> {
  try {
    const text = await (await fetch('../../.well-known/stellar.toml')).text();
    return /^SIGNING_KEY="(G[A-Z2-7]{55})"$/m.exec(text)?.[1];
  } catch {
    return undefined;
  }
}
