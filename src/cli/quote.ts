import { Command } from 'commander';
import { formatProblem, loadConfig } from '../catalog/load.ts';
import { type QuoteRow, quoteUsage } from '../catalog/quote.ts';
import { counted } from '../counted.ts';
import { parseUsdc, units } from '../money.ts';
import type { Cli } from './cli.ts';
import { type OperatorOptions, readConfig, withOperatorOptions } from './config-option.ts';
import { CliError } from './exit-codes.ts';
import { type Column, printCsv, printFields, printJson, printTable } from './output.ts';
import { type PeriodOptions, requireOneForm, withPeriodOptions } from './period-options.ts';
import { withBooks } from './with-books.ts';

type QuoteOptions = OperatorOptions & PeriodOptions & { catalog: string };

export function quoteCommand(cli: Cli): Command {
  return withPeriodOptions(withOperatorOptions(new Command('quote')))
    .description('what recorded traffic would have earned under a changed catalog, route by route')
    .requiredOption('--catalog <file>', 'the changed config file; nothing in it is put into force')
    .action((options: QuoteOptions) => quote(cli, options));
}

async function quote(cli: Cli, options: QuoteOptions): Promise<void> {
  requireOneForm(options);
  const { from, to, catalog: file } = options;
  const current = readConfig(cli, options.config);
  const changed = loadConfig({ file, env: cli.env });
  if (!changed.ok) {
    throw new CliError('config', changed.problems.map(formatProblem).join('\n'), `Mend ${file}, then ask again.`);
  }
  const summary = await withBooks(cli, options.config, (books) => books.usageSummary({ from, to, by: 'route' }));
  const recorded = summary.items.map(({ api = '', method = '', route = '', calls, refunded_calls, net }) => {
    const earned = parseUsdc(net) ?? units(0);
    return { api, method, template: route, calls: calls - refunded_calls, earned };
  });
  const result = { from: summary.from, to: summary.to, ...quoteUsage(current, changed.config, recorded) };
  if (options.json) {
    printJson(cli, result);
    return;
  }
  if (options.csv) {
    printCsv(cli, result.rows, [...columns, { title: 'why not', value: (row) => row.reason ?? '' }]);
    return;
  }
  const { rows, total, not_priced: left } = result;
  const priced = rows.filter((row) => row.reason === null);
  printTable(cli, priced, columns, `No calls from ${result.from} to ${result.to} that can be priced.`);
  cli.out('');
  printFields(cli, {
    earned: total.earned,
    'would have earned': total.would_earn,
    difference: total.difference,
  });
  if (left.calls === 0) return;
  cli.out(`\nNot priced: ${counted(left.calls, 'call')} that earned ${left.earned}`);
  printTable(
    cli,
    rows.filter((row) => row.reason !== null),
    [...columns.slice(0, 5), { title: 'why not', value: (row) => row.reason ?? '' }],
    '',
  );
}

const columns: Column<QuoteRow>[] = [
  { title: 'api', value: (row) => row.api },
  { title: 'method', value: (row) => row.method },
  { title: 'route', value: (row) => row.route },
  { title: 'calls', value: (row) => String(row.calls), align: 'right' },
  { title: 'earned', value: (row) => row.earned, align: 'right' },
  { title: 'new price', value: (row) => row.price ?? '', align: 'right' },
  { title: 'would earn', value: (row) => row.would_earn ?? '', align: 'right' },
  { title: 'difference', value: (row) => row.difference ?? '', align: 'right' },
];
