import { Command } from 'commander';
import { addressKind } from '../catalog/address.ts';
import { formatUsdc, parseUsdc, type Units } from '../money.ts';
import { createAccountTransactions, readHolding } from '../stellar/account-transactions.ts';
import { createVault } from '../stellar/vault-client.ts';
import { connect, requireLanded } from './chain.ts';
import type { Cli } from './cli.ts';
import { CliError } from './exit-codes.ts';
import { printJson } from './output.ts';
import { findTarget, type KeyOptions, keyOf, type TargetOptions, withKeyOption, withTargetOptions } from './target.ts';

type DepositOptions = TargetOptions & KeyOptions & { to?: string; json?: boolean };

export function depositCommand(cli: Cli): Command {
  return withKeyOption(withTargetOptions(new Command('deposit')))
    .argument('<amount>', 'USDC, such as 10 or 0.5')
    .description('pay USDC into the vault, for the own account or any other')
    .option('--to <account>', 'whose balance it raises; the payer’s own without it')
    .option('--json', 'print JSON for programs')
    .action(async (text: string, options: DepositOptions) => {
      const amount = readAmount(text);
      const target = await findTarget(cli, options);
      const key = keyOf(cli, options, target.state);
      const account = options.to ?? key.address;
      const kind = addressKind(account);
      if (kind !== 'account' && kind !== 'contract')
        throw new CliError('usage', `--to ${account} is no G… or C… address`);

      const { rpc, submitter } = connect(cli, target);
      const vault = createVault({ rpc, vault: target.vault });
      const { token, config } = await vault.info();
      if (amount < config.minDeposit) {
        throw new CliError('refused', `the vault takes deposits from ${formatUsdc(config.minDeposit)} USDC up`);
      }
      requireFunds(key.address, amount, await readHolding(rpc, token, key.address));
      const transactions = createAccountTransactions({ submitter, vault: target.vault, secret: key.secret });
      const landed = requireLanded('deposit', await transactions.deposit(account, amount));
      const { balance } = await vault.account(account);
      const result = {
        account,
        amount: formatUsdc(amount),
        vault: target.vault,
        ledger: landed.ledger,
        tx_hash: landed.hash,
        vault_balance: formatUsdc(balance),
      };
      if (options.json) return printJson(cli, result);
      cli.out(`${result.amount} USDC paid in for ${account}; the vault now holds ${result.vault_balance} USDC of it.`);
      cli.out(`transaction ${landed.hash}, ledger ${landed.ledger}`);
      cli.note('The gateway counts it as soon as it has seen the ledger: within seconds.');
    });
}

export function readAmount(text: string): Units {
  const amount = parseUsdc(text);
  if (amount !== undefined && amount > 0n) return amount;
  throw new CliError('usage', `${text} is no amount of USDC; write it like 10 or 0.5, with at most 7 decimals`);
}

/** The network would refuse as well, but in words nobody understands. */
function requireFunds(address: string, amount: Units, holding: Awaited<ReturnType<typeof readHolding>>): void {
  if (holding.ok && holding.balance >= amount) return;
  if (holding.ok) {
    throw new CliError(
      'refused',
      `${address} holds ${formatUsdc(holding.balance)} USDC, less than ${formatUsdc(amount)}`,
    );
  }
  const texts = {
    no_account: ['does not exist on this network', 'Fund it with XLM first; on testnet, friendbot does that.'],
    no_trustline: ['has no trustline for USDC', 'Add one in your wallet, then get USDC.'],
    not_authorized: ['may not move its USDC: the issuer has not authorised it', 'Ask the issuer.'],
  } as const;
  const [text, remedy] = texts[holding.reason];
  throw new CliError('refused', `${address} ${text}`, remedy);
}
