import { useAnswer } from '../shared/use-answer.ts';
import { Copy } from './copy.tsx';
import type { Gateway } from './gateway.ts';

export function DepositWays({ gateway, account }: { gateway: Gateway; account: string }) {
  const { value, problem } = useAnswer('deposit', gateway.deposit);
  if (!value) return <p class="soft">{problem ?? 'Loading…'}</p>;
  return (
    <section class="panel pad stack" aria-labelledby="deposit">
      <h2 id="deposit">Deposit</h2>
      <p class="soft">
        Money goes from your wallet into the vault, in favour of your address. It can be spent as soon as the gateway
        sees it on chain, a few seconds later. {value.min !== null && `The least is ${value.min} USDC.`}
      </p>
      <div class="field">
        <span>From the command line</span>
        <Copy label="Command" text={value.command} lines={2} />
      </div>
      <details>
        <summary>From code: call the vault</summary>
        <p>
          Call <code>deposit(from, account, amount)</code>; the amount counts in 0.0000001 USDC. Anyone may pay for any
          account.
        </p>
        <dl class="terms">
          <dt>Vault</dt>
          <dd class="code">{value.vault}</dd>
          <dt>USDC contract</dt>
          <dd class="code">{value.asset ?? 'not read yet'}</dd>
          <dt>Account</dt>
          <dd class="code">{account}</dd>
          <dt>Network</dt>
          <dd class="code">{value.network_passphrase}</dd>
        </dl>
      </details>
    </section>
  );
}
