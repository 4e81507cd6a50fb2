import type { Command } from 'commander';
import type { Books } from '../admin/books.ts';
import { counted } from '../counted.ts';
import type { Cli } from './cli.ts';
import { type OperatorOptions, withOperatorOptions } from './config-option.ts';
import { type Column, printCsv, printJson, printTable } from './output.ts';
import { type PeriodOptions, requireOneForm, withPeriodOptions } from './period-options.ts';
import { withBooks } from './with-books.ts';

type UsageSummary = Awaited<ReturnType<Books['usageSummary']>>;
export type UsageSumView = UsageSummary['items'][number];

type Options = OperatorOptions & PeriodOptions & { by: string; api?: string; account?: string };

export function usageSummaryCommand(cli: Cli, usage: Command): void {
  withPeriodOptions(withOperatorOptions(usage.command('summary', { isDefault: true })))
    .description('calls and money over UTC days, by route, day or account')
    .option('--by <group>', 'route, day or account', 'day')
    .option('--api <name>', 'of one API')
    .option('--account <address>', 'of one account')
    .action(async (options: Options) => {
      requireOneForm(options);
      const { from, to, by, api, account } = options;
      const summary = await withBooks(cli, options.config, (books) =>
        books.usageSummary({ from, to, by, api, account }),
      );
      if (options.json) return printJson(cli, summary);
      const columns = [...groupColumns(summary.by), ...usageFigures];
      if (options.csv) return printCsv(cli, summary.items, columns);
      printTable(cli, summary.items, columns, `No calls from ${summary.from} to ${summary.to}.`);
      const { calls, gross, refunded, net } = summary.total;
      cli.note(
        `${summary.from} to ${summary.to}: ${counted(calls, 'call')}, ${gross} USDC, ${refunded} refunded, ${net} net`,
      );
    });
}

export function groupColumns(by: UsageSummary['by']): Column<UsageSumView>[] {
  if (by === 'day') return [{ title: 'day', value: (row) => row.day ?? '' }];
  if (by === 'account') return [{ title: 'account', value: (row) => row.account ?? '' }];
  return [
    { title: 'api', value: (row) => row.api ?? '' },
    { title: 'method', value: (row) => row.method ?? '' },
    { title: 'route', value: (row) => row.route ?? '' },
  ];
}

export const usageFigures: Column<UsageSumView>[] = [
  { title: 'calls', value: (row) => String(row.calls), align: 'right' },
  { title: 'gross', value: (row) => row.gross, align: 'right' },
  { title: 'refunded', value: (row) => row.refunded, align: 'right' },
  { title: 'net', value: (row) => row.net, align: 'right' },
];
