import { useState } from 'preact/hooks';
import { Time } from '../shared/time.tsx';
import { useAnswer } from '../shared/use-answer.ts';
import { Copy } from './copy.tsx';
import { type ClassicWay, type Deposit, type Gateway, refreshMs, type SeenPayment } from './gateway.ts';

export function DepositWays({ gateway, account }: { gateway: Gateway; account: string }) {
  const [amount, setAmount] = useState('');
  const { value, problem } = useAnswer(`deposit ${amount}`, (signal) => gateway.deposit(amount, signal), refreshMs);
  return (
    <>
      {problem && <p class="note bad">{problem}</p>}
      {value?.classic && <FromWallet way={value.classic} amount={amount} onAmount={setAmount} />}
      {value ? <IntoVault terms={value} account={account} /> : !problem && <p class="soft">Loading…</p>}
      {problem && amount && (
        <div>
          <button type="button" onClick={() => setAmount('')}>
            Without an amount
          </button>
        </div>
      )}
    </>
  );
}

function FromWallet({
  way,
  amount,
  onAmount,
}: {
  way: ClassicWay;
  amount: string;
  onAmount: (amount: string) => void;
}) {
  return (
    <section class="panel pad" aria-labelledby="classic">
      <h2 id="classic">From a wallet or an exchange</h2>
      <div class="pay">
        <img
          src={`data:image/svg+xml,${encodeURIComponent(way.qr)}`}
          alt="QR code of the payment, for a wallet to read"
        />
        <div class="stack">
          <label class="field amount-field">
            <span>Amount, USDC</span>
            <input
              defaultValue={amount}
              inputMode="decimal"
              placeholder={`${way.min} or more`}
              onChange={(event) => onAmount(event.currentTarget.value.trim())}
            />
          </label>
          {way.sep7.startsWith('web+stellar:pay?') && (
            <div>
              <a class="button" href={way.sep7}>
                Open in a wallet
              </a>
            </div>
          )}
          <p class="note warn">
            <strong>The memo is required.</strong> It says whose balance the payment is for.
          </p>
        </div>
      </div>
      <div class="fields">
        <div class="field">
          <span>Pay to</span>
          <Copy label="Deposit address" text={way.address} lines={2} />
        </div>
        <div class="field">
          <span>Memo (ID)</span>
          <Copy label="Memo" text={way.memo} lines={2} />
        </div>
      </div>
      {way.payments.length > 0 && <Payments payments={way.payments} />}
      <details>
        <summary>Which asset, and what happens to it</summary>
        <dl class="terms">
          <dt>Asset</dt>
          <dd>{way.asset_code}</dd>
          <dt>Issuer</dt>
          <dd class="code">{way.asset_issuer}</dd>
        </dl>
        <p class="soft">{way.how}</p>
      </details>
    </section>
  );
}

const standing: Record<string, string> = {
  due: 'seen, on its way into the vault',
  sent: 'seen, on its way into the vault',
  forwarded: 'in the vault',
  below_min: 'too small to be moved',
  closed: 'closed by the operator',
};

function Payments({ payments }: { payments: SeenPayment[] }) {
  return (
    <div>
      <h3>Your last payments</h3>
      <ul>
        {payments.map(({ operation, time, amount, state }) => (
          <li key={operation}>
            {amount} USDC, <Time at={time} />: {standing[state] ?? state}
          </li>
        ))}
      </ul>
    </div>
  );
}

function IntoVault({ terms, account }: { terms: Deposit; account: string }) {
  return (
    <section class="panel pad" aria-labelledby="vault">
      <h2 id="vault">Into the vault yourself</h2>
      <p class="soft">
        Money goes from your own account into the vault, in favour of your address, and passes through nobody’s hands.
        It can be spent a few seconds later. {terms.min !== null && `The least is ${terms.min} USDC.`}
      </p>
      <div class="field">
        <span>From the command line</span>
        <Copy label="Deposit command" text={terms.command} lines={2} />
      </div>
      <details>
        <summary>From code: call the vault</summary>
        <p>
          Call <code>deposit(from, account, amount)</code>; the amount counts in 0.0000001 USDC. Anyone may pay for any
          account.
        </p>
        <dl class="terms">
          <dt>Vault</dt>
          <dd class="code">{terms.vault}</dd>
          <dt>USDC contract</dt>
          <dd class="code">{terms.asset ?? 'not read yet'}</dd>
          <dt>Account</dt>
          <dd class="code">{account}</dd>
          <dt>Network</dt>
          <dd class="code">{terms.network_passphrase}</dd>
        </dl>
      </details>
    </section>
  );
}
