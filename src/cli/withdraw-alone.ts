import type { Command } from 'commander';
import { formatUsdc, type Units, zero } from '../money.ts';
import { type AccountTransactions, createAccountTransactions } from '../stellar/account-transactions.ts';
import type { Rpc } from '../stellar/rpc.ts';
import type { SubmitOutcome } from '../stellar/submitter.ts';
import { createVault } from '../stellar/vault-client.ts';
import type { VaultAccount } from '../stellar/vault-views.ts';
import { connect, requireLanded } from './chain.ts';
import type { Cli } from './cli.ts';
import { readAmount } from './deposit.ts';
import { CliError } from './exit-codes.ts';
import { printFields, printJson } from './output.ts';
import { findTarget, type KeyOptions, keyOf, type TargetOptions, withKeyOption, withTargetOptions } from './target.ts';

export type WithdrawOptions = TargetOptions & KeyOptions & { to?: string; alone?: boolean; json?: boolean };

/** The steps of the way without a gateway, each by itself. */
export function addAloneSteps(cli: Cli, withdraw: Command, requireReceiver: (to: string | undefined) => void): void {
  const step = (signature: string, description: string) =>
    withKeyOption(withTargetOptions(withdraw.command(signature)))
      .description(description)
      .option('--json', 'print JSON for programs');

  step('status', 'what the vault holds, what is requested, and from when it can be taken').action(
    async (options: WithdrawOptions) => {
      const { vault, key } = await open(cli, options);
      show(cli, options, key.address, await vault.account(key.address));
    },
  );
  step('request <amount>', 'give notice; calls may still be settled from the money until it is taken').action(
    async (text: string, options: WithdrawOptions) => {
      const amount = readAmount(text);
      await act(cli, options, 'request', (transactions) => transactions.requestWithdraw(amount));
    },
  );
  step('cancel', 'take the notice back').action((options: WithdrawOptions) =>
    act(cli, options, 'cancellation', (transactions) => transactions.cancelWithdraw()),
  );
  step('take', 'after the delay: pay out what was requested and is left')
    .option('--to <address>', 'who receives it; the account itself without it')
    .action((options: WithdrawOptions) => {
      requireReceiver(options.to);
      return act(cli, options, 'withdrawal', (own) => own.withdraw(options.to ?? own.address));
    });
}

/**
 * `withdraw AMOUNT --alone`: the next step there is. Run again after the delay it pays out; before that it changes
 * nothing, since a second request would start the delay anew.
 */
export async function leaveAlone(cli: Cli, options: WithdrawOptions, amount: Units): Promise<void> {
  const { rpc, vault, key } = await open(cli, options);
  const account = await vault.account(key.address);
  if (account.requested === zero) {
    await act(cli, options, 'request', (own) => own.requestWithdraw(amount));
    return cli.note('Notice is given. Run the same command again after the delay: it pays out then.');
  }
  if (account.requested !== amount) {
    throw new CliError(
      'refused',
      `${formatUsdc(account.requested)} USDC is requested already, not ${formatUsdc(amount)}`,
      'Take it with `callora withdraw take`, or replace it with `callora withdraw request`, which starts the delay anew.',
    );
  }
  if (await isDue(rpc, account)) {
    await act(cli, options, 'withdrawal', (own) => own.withdraw(options.to ?? own.address));
    return;
  }
  show(cli, options, key.address, account);
  cli.note('Notice is given already; the delay is not over yet.');
}

async function open(cli: Cli, options: WithdrawOptions) {
  const target = await findTarget(cli, options);
  const key = keyOf(cli, options, target.state);
  const { rpc, submitter } = connect(cli, target);
  await rpc.verifyNetwork();
  const transactions = createAccountTransactions({ submitter, vault: target.vault, secret: key.secret });
  return { rpc, transactions, vault: createVault({ rpc, vault: target.vault }), key };
}

async function act(
  cli: Cli,
  options: WithdrawOptions,
  what: string,
  send: (transactions: AccountTransactions) => Promise<SubmitOutcome>,
): Promise<void> {
  const { transactions, vault, key } = await open(cli, options);
  const landed = requireLanded(what, await send(transactions));
  show(cli, options, key.address, await vault.account(key.address), landed.hash);
}

function show(cli: Cli, options: WithdrawOptions, address: string, account: VaultAccount, hash?: string): void {
  const result = {
    account: address,
    balance: formatUsdc(account.balance),
    requested: formatUsdc(account.requested),
    withdrawn: formatUsdc(account.withdrawn),
    can_be_taken_from: account.requested === zero ? null : new Date(account.unlockAtS * 1000).toISOString(),
    ...(hash === undefined ? {} : { tx_hash: hash }),
  };
  if (options.json) printJson(cli, result);
  else printFields(cli, result);
}

/** By the chain's clock, which is the vault's. */
async function isDue(rpc: Rpc, account: VaultAccount): Promise<boolean> {
  return (await rpc.latestLedger()).closedAtS >= account.unlockAtS;
}
