import { Command } from 'commander';
import { formatUsdc, parseUsdc, type Units, unitsMax } from '../money.ts';
import { createAccountTransactions } from '../stellar/account-transactions.ts';
import { createVault } from '../stellar/vault-client.ts';
import { connect, requireLanded } from './chain.ts';
import type { Cli } from './cli.ts';
import { CliError } from './exit-codes.ts';
import { printFields, printJson } from './output.ts';
import { findTarget, type KeyOptions, keyOf, type TargetOptions, withKeyOption, withTargetOptions } from './target.ts';

export function limitCommand(cli: Cli): Command {
  return withKeyOption(withTargetOptions(new Command('limit')))
    .argument('<amount>', 'USDC per period, or none')
    .description('what the gateway may take per period; a raise binds at once, a cut after the withdrawal delay')
    .option('--json', 'print JSON for programs')
    .action(async (text: string, options: TargetOptions & KeyOptions & { json?: boolean }) => {
      const perPeriod = readLimitAmount(text);
      const target = await findTarget(cli, options);
      const key = keyOf(cli, options, target.state);
      const { rpc, submitter } = connect(cli, target);
      const transactions = createAccountTransactions({ submitter, vault: target.vault, secret: key.secret });
      const landed = requireLanded('change of the limit', await transactions.setLimit(perPeriod));
      const account = await createVault({ rpc, vault: target.vault }).account(key.address);
      const result = {
        account: key.address,
        limit: limitText(account.limit),
        pending_limit: account.pendingLimit === undefined ? null : limitText(account.pendingLimit),
        pending_from:
          account.pendingLimit === undefined ? null : new Date(account.pendingLimitAtS * 1000).toISOString(),
        tx_hash: landed.hash,
      };
      if (options.json) printJson(cli, result);
      else printFields(cli, result);
    });
}

export function limitText(limit: Units): string {
  return limit === unitsMax ? 'none' : formatUsdc(limit);
}

function readLimitAmount(text: string): Units {
  if (text === 'none') return unitsMax;
  const amount = parseUsdc(text);
  if (amount !== undefined) return amount;
  throw new CliError('usage', `${text} is no amount of USDC; write it like 10 or 0.5, or none`);
}
