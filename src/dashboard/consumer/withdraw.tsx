import { useState } from 'preact/hooks';
import { type Column, DataTable } from '../shared/data-table.tsx';
import { shortId } from '../shared/format.ts';
import { Time } from '../shared/time.tsx';
import { useAnswer } from '../shared/use-answer.ts';
import { Copy } from './copy.tsx';
import { focusOnce } from './focus.ts';
import { type Deposit, type Exit, type Gateway, refreshMs, type SignedExit } from './gateway.ts';
import { Problem } from './problem.tsx';
import { duration, shellWord } from './words.ts';

/** The two ways out: at once with the gateway's signature, and alone, which no gateway can refuse. */
export function Withdraw({ gateway, account, mayAct }: { gateway: Gateway; account: string; mayAct: boolean }) {
  const exits = useAnswer('exits', gateway.exits, refreshMs);
  const terms = useAnswer('deposit', (signal) => gateway.deposit('', signal));
  const [signed, setSigned] = useState<SignedExit>();
  return (
    <>
      <section class="panel pad" aria-labelledby="exit">
        <h2 id="exit">At once, with the gateway’s signature</h2>
        <p class="soft">
          {exits.value ? (
            <>
              <strong>{exits.value.available} USDC</strong> can leave now.
            </>
          ) : (
            (exits.problem ?? 'Loading…')
          )}{' '}
          What calls have cost and the chain has not seen yet stays until it is settled.
        </p>
        {!mayAct && <p class="note">You are looking with a token. To take money out, log in with your wallet.</p>}
        {mayAct && !signed && (
          <ExitForm
            gateway={gateway}
            account={account}
            available={exits.value?.available ?? ''}
            onSigned={(exit) => {
              setSigned(exit);
              exits.refresh();
            }}
          />
        )}
        {signed && <SignedStep exit={signed} onDone={() => setSigned(undefined)} />}
      </section>
      {(exits.value?.items.length ?? 0) > 0 && <Exits exits={exits.value?.items ?? []} />}
      <Alone terms={terms.value} />
    </>
  );
}

function ExitForm({
  gateway,
  account,
  available,
  onSigned,
}: {
  gateway: Gateway;
  account: string;
  available: string;
  onSigned: (exit: SignedExit) => void;
}) {
  const [amount, setAmount] = useState('');
  const [to, setTo] = useState('');
  const [problem, setProblem] = useState('');
  const [busy, setBusy] = useState(false);
  async function submit(event: SubmitEvent) {
    event.preventDefault();
    setBusy(true);
    const answer = await gateway.requestExit({ amount: amount.trim(), ...(to.trim() ? { to: to.trim() } : {}) });
    setBusy(false);
    setProblem(answer.ok ? '' : answer.detail);
    if (answer.ok) onSigned(answer.value);
  }
  return (
    <form onSubmit={(event) => void submit(event)} class="stack">
      <div class="fields">
        <label class="field">
          <span>Amount, USDC</span>
          <input
            value={amount}
            inputMode="decimal"
            placeholder={available}
            onInput={(event) => setAmount(event.currentTarget.value)}
            required
          />
        </label>
        <label class="field">
          <span>To</span>
          <input
            class="code"
            value={to}
            placeholder={account}
            spellcheck={false}
            autocomplete="off"
            onInput={(event) => setTo(event.currentTarget.value)}
          />
        </label>
      </div>
      <p class="soft small">
        Without a receiver the money goes to your own address. One exit can be under way at a time.
      </p>
      <Problem text={problem} />
      <div>
        <button type="submit" class="primary" disabled={busy}>
          Get the signed exit
        </button>
      </div>
    </form>
  );
}

function SignedStep({ exit, onDone }: { exit: SignedExit; onDone: () => void }) {
  return (
    <div class="stack" ref={focusOnce} tabIndex={-1}>
      <p class="note good" role="status">
        The gateway has signed: <strong>{exit.amount} USDC</strong> to <span class="code address">{exit.to}</span>. It
        moves only when you sign it too and send it, before ledger {exit.expires_ledger} closes. Until then calls cannot
        spend it.
      </p>
      <div class="field">
        <span>Sign this transaction with your wallet and submit it</span>
        <Copy label="Exit transaction" text={exit.envelope} lines={5} />
      </div>
      <div class="field">
        <span>for the network</span>
        <Copy label="Network passphrase" text={exit.network_passphrase} />
      </div>
      <p class="soft small">
        Your wallet should show one call, <code>withdraw_now</code> on the vault{' '}
        <span class="code address">{exit.vault}</span>, with this amount and this receiver.
      </p>
      <div>
        <button type="button" onClick={onDone}>
          Done
        </button>
      </div>
    </div>
  );
}

const exitColumns: Column<Exit>[] = [
  { title: 'USDC', number: true, cell: (exit) => exit.amount },
  { title: 'State', cell: stateText },
  {
    title: 'To',
    cell: (exit) => (
      <span class="code" title={exit.to}>
        {shortId(exit.to)}
      </span>
    ),
  },
  { title: 'Asked for', cell: (exit) => <Time at={exit.created_at} /> },
];

function Exits({ exits }: { exits: Exit[] }) {
  return (
    <section aria-labelledby="exits">
      <h2 id="exits">Exits</h2>
      <div class="panel table">
        <DataTable label="Exits, newest first" columns={exitColumns} rows={exits} keyOf={(exit) => exit.id} empty="" />
      </div>
    </section>
  );
}

function stateText({ state, expires_ledger }: Exit): string {
  return state === 'open' ? `signed, until ledger ${expires_ledger}` : state;
}

/** Works with the command line alone, also when no gateway answers any more. */
function Alone({ terms }: { terms: Deposit | undefined }) {
  const delay = terms?.withdraw_delay_s ? duration(terms.withdraw_delay_s) : 'the vault’s delay';
  return (
    <section class="panel pad" aria-labelledby="alone">
      <h2 id="alone">Alone, without any gateway</h2>
      <p class="soft">
        This gives notice on chain; run again after {delay}, it pays out. No gateway can refuse it, and none has to be
        there. Keep the line: with it you get your money when this page is gone.
      </p>
      {terms && <Copy label="Command to leave alone" text={aloneLine(terms)} lines={3} />}
    </section>
  );
}

function aloneLine({ rpc_url, network_passphrase, vault }: Deposit): string {
  const target = `--rpc ${rpc_url === null ? 'URL' : shellWord(rpc_url)} --network ${shellWord(network_passphrase)}`;
  return `callora withdraw AMOUNT --alone ${target} --vault ${shellWord(vault)} --key FILE`;
}
