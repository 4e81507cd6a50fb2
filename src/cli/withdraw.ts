import { Command } from 'commander';
import { addressKind } from '../catalog/address.ts';
import type { Units } from '../money.ts';
import { formatUsdc } from '../money.ts';
import { type AccountTransactions, createAccountTransactions } from '../stellar/account-transactions.ts';
import type { SubmitOutcome } from '../stellar/submitter.ts';
import { createVault } from '../stellar/vault-client.ts';
import { connect, requireLanded } from './chain.ts';
import type { Cli } from './cli.ts';
import { readAmount } from './deposit.ts';
import { CliError } from './exit-codes.ts';
import { printFields, printJson } from './output.ts';
import { findTarget, type KeyOptions, keyOf, type TargetOptions, withKeyOption, withTargetOptions } from './target.ts';

type WithdrawOptions = TargetOptions & KeyOptions & { json?: boolean };

/** Money leaves by the account's own word alone: no gateway can refuse or delay it beyond the vault's terms. */
export function withdrawCommand(cli: Cli): Command {
  const withdraw = new Command('withdraw').description('take money out of the vault, whatever the gateway does');
  const step = (signature: string, description: string) =>
    withKeyOption(withTargetOptions(withdraw.command(signature)))
      .description(description)
      .option('--json', 'print JSON for programs');

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
    .action((options: WithdrawOptions & { to?: string }) => {
      const { to } = options;
      if (to !== undefined && !['account', 'contract'].includes(addressKind(to) ?? '')) {
        throw new CliError('usage', `--to ${to} is no G… or C… address`);
      }
      return act(cli, options, 'withdrawal', (transactions) => transactions.withdraw(to ?? transactions.address));
    });
  return withdraw;
}

async function act(
  cli: Cli,
  options: WithdrawOptions,
  what: string,
  send: (transactions: AccountTransactions) => Promise<SubmitOutcome>,
): Promise<void> {
  const target = await findTarget(cli, options);
  const key = keyOf(cli, options, target.state);
  const { rpc, submitter } = connect(cli, target);
  const transactions = createAccountTransactions({ submitter, vault: target.vault, secret: key.secret });
  const landed = requireLanded(what, await send(transactions));
  const account = await createVault({ rpc, vault: target.vault }).account(key.address);
  const result = {
    account: key.address,
    balance: formatUsdc(account.balance),
    requested: formatUsdc(account.requested),
    withdrawn: formatUsdc(account.withdrawn),
    can_be_taken_from: unlockText(account.requested, account.unlockAtS),
    tx_hash: landed.hash,
  };
  if (options.json) printJson(cli, result);
  else printFields(cli, result);
}

function unlockText(requested: Units, unlockAtS: number): string | null {
  return requested === 0n ? null : new Date(unlockAtS * 1000).toISOString();
}
