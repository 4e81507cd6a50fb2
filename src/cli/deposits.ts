import { Command } from 'commander';
import type { UnattributedView } from '../admin/book-views.ts';
import type { ClassicDepositView } from '../admin/deposit-desk.ts';
import { createAccountTransactions, readTokenAsset } from '../stellar/account-transactions.ts';
import { createVault } from '../stellar/vault-client.ts';
import { connect, requireLanded } from './chain.ts';
import type { Cli } from './cli.ts';
import { type OperatorOptions, readConfig, withOperatorOptions } from './config-option.ts';
import { CliError } from './exit-codes.ts';
import { type Column, printJson, printTable, short } from './output.ts';
import { notePage, type PageOptions, readLimit, withPageOptions } from './page-options.ts';
import { withBooks } from './with-books.ts';

type ListOptions = OperatorOptions & PageOptions & { state?: string; unattributed?: boolean };

export function depositsCommand(cli: Cli): Command {
  const deposits = new Command('deposits').description(
    'payments from wallets and exchanges, and money without an owner',
  );
  withPageOptions(withOperatorOptions(deposits.command('list')))
    .description('payments to the deposit account, newest first')
    .option('--state <state>', 'unattributed, below_min, due, sent, forwarded or closed')
    .option('--unattributed', 'all money without an owner, bare transfers to the vault and unreadable records included')
    .action((options: ListOptions) => (options.unattributed ? listUnattributed(cli, options) : list(cli, options)));

  withOperatorOptions(deposits.command('assign <operation> <account>'))
    .description('give a payment without an owner to an account; it is then moved into the vault')
    .option('--force', 'also one below deposits.classic.min')
    .action(async (operation: string, account: string, options: OperatorOptions & { force?: boolean }) => {
      const assigned = await withBooks(cli, options.config, (books) =>
        books.assignDeposit({ operation, account, force: options.force ?? false }),
      );
      if (options.json) return printJson(cli, assigned);
      cli.out(`${assigned.amount} USDC are assigned to ${account}.`);
      cli.note('A running gateway moves them into the vault now: `callora deposits list` shows when.');
    });
  withOperatorOptions(deposits.command('close <operation>'))
    .description('take a payment without an owner off the list: it was sent back, or will not be credited')
    .requiredOption('--note <text>', 'what became of it; stands in the audit too')
    .action(async (operation: string, options: OperatorOptions & { note: string }) => {
      const closed = await withBooks(cli, options.config, (books) =>
        books.closeDeposit({ operation, note: options.note }),
      );
      if (options.json) return printJson(cli, closed);
      cli.out(`The payment of ${closed.amount} USDC is closed. It can no longer be assigned.`);
    });
  withOperatorOptions(deposits.command('trust'))
    .description('let the deposit account of the config file hold USDC: adds its trustline')
    .action((options: OperatorOptions) => trust(cli, options));
  return deposits;
}

async function trust(cli: Cli, options: OperatorOptions): Promise<void> {
  const { deposits, stellar } = readConfig(cli, options.config);
  if (!deposits.classic) throw new CliError('config', 'the config file has no deposits.classic');
  const { rpc, submitter } = connect(cli, stellar);
  const { token } = await createVault({ rpc, vault: stellar.vault }).info();
  const asset = await readTokenAsset(rpc, token);
  if (!asset) throw new CliError('chain', `the vault's token ${token} is no classic asset`);
  const account = createAccountTransactions({ submitter, vault: stellar.vault, secret: deposits.classic.secret });
  const landed = requireLanded('trustline', await account.trust(asset));
  const result = { account: account.address, asset_code: asset.code, asset_issuer: asset.issuer, tx_hash: landed.hash };
  if (options.json) return printJson(cli, result);
  cli.out(`${account.address} can hold ${asset.code} of ${asset.issuer} (transaction ${landed.hash}).`);
}

async function list(cli: Cli, options: ListOptions): Promise<void> {
  const query = { cursor: options.cursor, limit: readLimit(options.limit), state: options.state };
  const page = await withBooks(cli, options.config, (books) => books.classicDeposits(query));
  if (options.json) return printJson(cli, page);
  printTable(cli, page.items, columns, 'No payments to the deposit account yet.');
  notePage(cli, page);
}

async function listUnattributed(cli: Cli, options: ListOptions): Promise<void> {
  const found = await withBooks(cli, options.config, (books) => books.unattributed());
  if (options.json) return printJson(cli, found);
  printTable(cli, found.items, unattributedColumns, 'All money has an owner.');
  if (found.items.some(({ kind }) => kind === 'classic')) {
    cli.note('callora deposits assign ID ACCOUNT gives a classic payment to an account.');
  }
  if (found.items.some(({ kind, left }) => kind === 'transfer' && left !== '0')) {
    cli.note(
      'A bare transfer to the vault can only be sent back by its admin: callora vault sweep AMOUNT --to ADDRESS',
    );
  }
}

const columns: Column<ClassicDepositView>[] = [
  { title: 'operation', value: (row) => row.operation },
  { title: 'time', value: (row) => row.closed_at },
  { title: 'USDC', value: (row) => row.amount, align: 'right' },
  { title: 'state', value: (row) => row.state },
  { title: 'from', value: (row) => short(row.from) },
  { title: 'memo', value: (row) => (row.memo === null ? row.memo_type : `${row.memo_type} ${short(row.memo)}`) },
  { title: 'account', value: (row) => (row.account === null ? '-' : short(row.account)) },
  { title: 'note', value: (row) => row.note ?? '-' },
];

const unattributedColumns: Column<UnattributedView>[] = [
  { title: 'id', value: (row) => row.id },
  { title: 'kind', value: (row) => row.kind },
  { title: 'time', value: (row) => row.closed_at },
  { title: 'USDC', value: (row) => row.amount ?? '-', align: 'right' },
  { title: 'left', value: (row) => row.left ?? '-', align: 'right' },
  { title: 'transaction', value: (row) => row.tx_hash ?? '-' },
  { title: 'note', value: (row) => row.note ?? '-' },
];
