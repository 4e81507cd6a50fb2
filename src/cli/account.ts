import { Command } from 'commander';
import type { Cli } from './cli.ts';
import { type OperatorOptions, withOperatorOptions } from './config-option.ts';
import { bookedLimitText } from './limit.ts';
import { printFields, printJson, printTable, short } from './output.ts';
import { notePage, type PageOptions, readLimit, withPageOptions } from './page-options.ts';
import { withBooks } from './with-books.ts';

export function accountCommand(cli: Cli): Command {
  const account = new Command('account').description('what consumers have deposited, spent and left');

  withOperatorOptions(account.command('show <address>'))
    .description('every figure of one account, in USDC')
    .action(async (address: string, options: OperatorOptions) => {
      const figures = await withBooks(cli, options.config, (books) => books.account(address));
      if (options.json) printJson(cli, figures);
      else printFields(cli, { ...figures, limit: bookedLimitText(figures.limit) });
    });

  withPageOptions(withOperatorOptions(account.command('list')))
    .description('all accounts, oldest first')
    .action(async (options: OperatorOptions & PageOptions) => {
      const query = { cursor: options.cursor, limit: readLimit(options.limit) };
      const page = await withBooks(cli, options.config, (books) => books.accounts(query));
      if (options.json) return printJson(cli, page);
      const amount = (name: 'deposited' | 'charged' | 'settled' | 'unsettled' | 'receivable' | 'spendable') => ({
        title: name,
        value: (row: (typeof page.items)[number]) => row[name],
        align: 'right' as const,
      });
      printTable(
        cli,
        page.items,
        [
          { title: 'address', value: (row) => row.address },
          amount('deposited'),
          amount('charged'),
          amount('settled'),
          amount('unsettled'),
          amount('receivable'),
          amount('spendable'),
        ],
        'No accounts yet: an account appears with its first deposit, token or login.',
      );
      notePage(cli, page);
    });

  withPageOptions(withOperatorOptions(account.command('exits')))
    .description('co-signed exits, newest first: money that leaves at once')
    .option('--account <address>', 'only those of this account')
    .option('--open', 'only those that can still land')
    .action(async (options: OperatorOptions & PageOptions & { account?: string; open?: boolean }) => {
      const query = { cursor: options.cursor, limit: readLimit(options.limit), account: options.account };
      const page = await withBooks(cli, options.config, (books) => books.exits({ ...query, open: options.open }));
      if (options.json) return printJson(cli, page);
      printTable(
        cli,
        page.items,
        [
          { title: 'asked at', value: (row) => row.created_at },
          { title: 'account', value: (row) => row.account },
          { title: 'to', value: (row) => short(row.to) },
          { title: 'amount', value: (row) => row.amount, align: 'right' },
          { title: 'state', value: (row) => row.state },
          { title: 'last ledger', value: (row) => String(row.expires_ledger), align: 'right' },
        ],
        'No exits.',
      );
      notePage(cli, page);
    });

  return account;
}
