import { formatUsdc, storedUnitsMax } from '../../money.ts';
import { Stale } from '../shared/panel.tsx';
import type { Loaded } from '../shared/use-answer.ts';
import { Calls } from './calls.tsx';
import type { Account, Gateway } from './gateway.ts';
import { UsageOverTime } from './usage.tsx';

export function Overview({ gateway, account }: { gateway: Gateway; account: Loaded<Account> }) {
  return (
    <>
      <section class="panel pad balance" aria-labelledby="balance">
        <h2 id="balance">Balance</h2>
        {account.value && <Stale problem={account.problem} />}
        {account.value ? <Balance account={account.value} /> : <p class="soft">{account.problem ?? 'Loading…'}</p>}
      </section>
      <UsageOverTime gateway={gateway} />
      <Calls gateway={gateway} />
    </>
  );
}

function Balance({ account }: { account: Account }) {
  const { token } = account;
  const parts: [name: string, amount: string, meaning: string][] = [
    ['Deposited', account.deposited, 'into the vault, ever'],
    ['Settled', account.settled, 'paid out of it for calls'],
    ['Withdrawn', account.withdrawn, 'back to you'],
    ['Unsettled', account.unsettled, 'calls that the chain has not seen yet'],
    ['On hold', account.held, 'calls that run now'],
    ['Asked back', account.requested, 'withdrawals under way'],
  ];
  if (account.exits !== '0') parts.push(['Leaving', account.exits, 'signed exits that may still land']);
  if (account.receivable !== '0') parts.push(['Open', account.receivable, 'charges that the vault could not cover']);
  return (
    <>
      <p class="code soft address">{account.address}</p>
      <p class="amount">
        <strong>{account.spendable}</strong> USDC <span class="soft">can be spent</span>
      </p>
      <dl class="parts">
        {parts.map(([name, amount, meaning]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{amount}</dd>
            <dd class="soft small">{meaning}</dd>
          </div>
        ))}
      </dl>
      {account.deposited === '0' ? (
        <p class="note">
          Nothing has been paid in yet: <a href="#deposit">pay in to begin</a>.
        </p>
      ) : (
        <p class="soft small">
          The gateway may take {limitText(account.limit)}. You set that limit in the vault:{' '}
          <code>callora limit AMOUNT</code>.
        </p>
      )}
      {token?.cap && (
        <p class="note">
          This token has spent {token.spent} of its cap of {token.cap} USDC.
        </p>
      )}
    </>
  );
}

/** The most that the books can hold stands for no limit. */
function limitText(limit: string): string {
  if (limit === formatUsdc(storedUnitsMax)) return 'any part of it for calls';
  return limit === '0' ? 'nothing' : `at most ${limit} USDC per period for calls`;
}
