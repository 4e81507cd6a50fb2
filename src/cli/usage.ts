import { Command } from 'commander';
import type { Books } from '../admin/books.ts';
import type { Cli } from './cli.ts';
import { type OperatorOptions, withOperatorOptions } from './config-option.ts';
import { CliError } from './exit-codes.ts';
import { type Column, printJson, printTable } from './output.ts';
import { notePage, type PageOptions, readLimit, withPageOptions } from './page-options.ts';
import { usageSummaryCommand } from './usage-summary.ts';
import { withBooks } from './with-books.ts';

export function usageCommand(cli: Cli): Command {
  const usage = new Command('usage').description('the calls that were charged');

  withPageOptions(withOperatorOptions(usage.command('list')))
    .description('calls of one account, newest first; or the doubtful ones of all')
    .option('--account <address>', 'whose calls')
    .option('--doubtful', 'calls that broke off with the gateway: charged, and nobody knows whether they were answered')
    .action(async (options: OperatorOptions & PageOptions & { account?: string; doubtful?: boolean }) => {
      const { account, doubtful, cursor } = options;
      if ((account === undefined) === !doubtful) throw new CliError('usage', 'give --account ADDRESS or --doubtful');
      const query = { account, doubtful, cursor, limit: readLimit(options.limit) };
      const page = await withBooks(cli, options.config, (books) => books.usage(query));
      if (options.json) return printJson(cli, page);
      printTable(cli, page.items, callColumns, doubtful ? 'No doubtful calls.' : 'No calls yet.');
      notePage(cli, page);
    });

  usageSummaryCommand(cli, usage);

  withOperatorOptions(usage.command('refund <call>'))
    .description('take back the charge of a call that is in no batch yet')
    .action(async (call: string, options: OperatorOptions) => {
      const result = await withBooks(cli, options.config, (books) => books.refund(call));
      if (options.json) printJson(cli, result);
      else cli.out(`Call ${result.call}: ${result.amount} USDC given back to ${result.account}.`);
    });

  return usage;
}

type CallView = Awaited<ReturnType<Books['usage']>>['items'][number];

const callColumns: Column<CallView>[] = [
  { title: 'call', value: (row) => row.call },
  { title: 'time', value: (row) => row.time },
  { title: 'method', value: (row) => row.method },
  { title: 'route', value: (row) => row.route },
  { title: 'status', value: (row) => String(row.status) },
  { title: 'price', value: (row) => row.price, align: 'right' },
  { title: 'refunded', value: (row) => row.refunded, align: 'right' },
  { title: 'outcome', value: (row) => row.outcome ?? 'unknown' },
  { title: 'batch', value: (row) => (row.batch ? `${row.batch.lane}/${row.batch.batch} ${row.batch.state}` : '-') },
];
