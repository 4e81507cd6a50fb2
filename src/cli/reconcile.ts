import { Command } from 'commander';
import type { ReconcileView } from '../admin/books.ts';
import { counted } from '../counted.ts';
import type { Cli } from './cli.ts';
import { type OperatorOptions, withOperatorOptions } from './config-option.ts';
import { CliError } from './exit-codes.ts';
import { printCsv, printJson, printTable } from './output.ts';
import { requireOneForm } from './period-options.ts';
import { reconcileCsv } from './reconcile-csv.ts';
import { withBooks } from './with-books.ts';

export function reconcileCommand(cli: Cli): Command {
  return withOperatorOptions(new Command('reconcile'))
    .description('compare the books with the chain; exit code 1 when they differ')
    .option('--csv', 'print CSV for spreadsheets: the sums of the books, and every identity')
    .action(async (options: OperatorOptions & { csv?: boolean }) => {
      requireOneForm(options);
      const report = await withBooks(cli, options.config, (books) => books.reconcile());
      if (options.json) printJson(cli, report);
      else if (options.csv) {
        const { rows, columns } = reconcileCsv(report);
        printCsv(cli, rows, columns);
      } else printReport(cli, report);
      if (report.ok) return;
      throw new CliError(
        'off',
        'the books and the chain differ',
        'Delete nothing: the table says where they differ, and a running gateway that sees the same stops paid calls by itself.',
      );
    });
}

/** Money without an owner is no difference, but somebody's all the same: it is told wherever there is some. */
const ownerless = ['unattributed', 'unattributed in the vault', 'unexplained in the vault'];

function printReport(cli: Cli, { checks, totals, units_off }: ReconcileView): void {
  const off = checks.filter((check) => !check.ok);
  if (off.length > 0) {
    printTable(
      cli,
      off,
      [
        { title: 'identity', value: (row) => row.name },
        { title: 'of', value: (row) => row.subject },
        { title: 'books', value: (row) => row.books, align: 'right' },
        { title: 'chain', value: (row) => row.chain, align: 'right' },
        { title: 'note', value: (row) => row.detail },
      ],
      '',
    );
  }
  if (totals.length > 0) {
    printTable(
      cli,
      totals,
      [
        { title: 'sum of the books', value: (row) => row.name },
        { title: 'USDC', value: (row) => row.amount, align: 'right' },
      ],
      '',
    );
  }
  for (const { name, amount } of totals) {
    if (ownerless.includes(name) && amount !== '0') cli.out(`${name}: ${amount} USDC`);
  }
  for (const { name, detail } of checks.filter((each) => each.ok && each.subject === 'vault' && each.detail)) {
    cli.note(`note: ${name}: ${detail}`);
  }
  cli.out(
    `${counted(checks.length, 'identity', 'identities')} compared, ${units_off} ${units_off === '1' ? 'unit' : 'units'} off (1 unit = 0.0000001 USDC)`,
  );
}
