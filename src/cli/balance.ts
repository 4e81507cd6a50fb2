import { Command } from 'commander';
import { addressKind } from '../catalog/address.ts';
import { formatUsdc } from '../money.ts';
import { createVault } from '../stellar/vault-client.ts';
import { connect } from './chain.ts';
import type { Cli } from './cli.ts';
import { CliError } from './exit-codes.ts';
import { askAsHolder } from './holder-request.ts';
import { bookedLimitText, limitText } from './limit.ts';
import { printFields, printJson } from './output.ts';
import { findTarget, type KeyOptions, keyOf, type TargetOptions, withKeyOption, withTargetOptions } from './target.ts';

type BalanceOptions = TargetOptions & KeyOptions & { account?: string; json?: boolean; chain?: boolean };

export function balanceCommand(cli: Cli): Command {
  return withKeyOption(withTargetOptions(new Command('balance')))
    .description('what is deposited, charged and left: as the gateway counts, or with --chain as the vault holds it')
    .option('--account <address>', 'with --chain: any account')
    .option('--chain', 'ask the vault only; always so with --vault')
    .option('--json', 'print JSON for programs')
    .action(async (options: BalanceOptions) => {
      const figures =
        options.chain || options.vault !== undefined ? await onChain(cli, options) : await atGateway(cli, options);
      if (options.json) printJson(cli, figures);
      else printFields(cli, figures);
    });
}

async function onChain(cli: Cli, options: BalanceOptions): Promise<Record<string, string | null>> {
  const target = await findTarget(cli, options);
  const account = options.account ?? keyOf(cli, options, target.state).address;
  const kind = addressKind(account);
  if (kind !== 'account' && kind !== 'contract') throw new CliError('usage', `${account} is no G… or C… address`);
  const { rpc } = connect(cli, target);
  await rpc.verifyNetwork();
  const held = await createVault({ rpc, vault: target.vault }).account(account);
  return {
    address: account,
    vault: target.vault,
    balance: formatUsdc(held.balance),
    deposited: formatUsdc(held.deposited),
    settled: formatUsdc(held.settled),
    withdrawn: formatUsdc(held.withdrawn),
    requested: formatUsdc(held.requested),
    unlock_at: held.unlockAtS === 0 ? null : new Date(held.unlockAtS * 1000).toISOString(),
    limit: limitText(held.limit),
  };
}

async function atGateway(cli: Cli, options: BalanceOptions): Promise<Record<string, string>> {
  const answer = await askAsHolder(cli, options, '/_callora/account');
  const figures = Object.entries(answer)
    .filter((pair): pair is [string, string] => typeof pair[1] === 'string')
    .map(([name, text]) => [name, name === 'limit' ? bookedLimitText(text) : text]);
  return Object.fromEntries(figures);
}
