import { Command } from 'commander';
import type { Books } from '../admin/books.ts';
import { counted } from '../counted.ts';
import type { Cli } from './cli.ts';
import { type OperatorOptions, withOperatorOptions } from './config-option.ts';
import { type Column, printCsv, printFields, printJson, printTable } from './output.ts';
import { type PeriodOptions, requireOneForm, withPeriodOptions } from './period-options.ts';
import { statementCsv } from './statement-csv.ts';
import { groupColumns, usageFigures } from './usage-summary.ts';
import { withBooks } from './with-books.ts';

export type Statement = Awaited<ReturnType<Books['statement']>>;

/** A month of settlements is no reading matter: the table shows this many, CSV and JSON all. */
const shownMax = 50;

export function statementCommand(cli: Cli): Command {
  return withPeriodOptions(withOperatorOptions(new Command('statement')))
    .description('what a payee earned in a period, what the vault owes it and what it has paid')
    .argument('<payee>', 'G… or C… address that APIs name as their payee')
    .action(async (payee: string, options: OperatorOptions & PeriodOptions) => {
      requireOneForm(options);
      const { from, to } = options;
      const statement = await withBooks(cli, options.config, (books) => books.statement(payee, { from, to }));
      if (options.json) printJson(cli, statement);
      else if (options.csv) {
        const { rows, columns } = statementCsv(statement);
        printCsv(cli, rows, columns);
      } else printStatement(cli, statement);
      for (const note of statement.notes) cli.note(`note: ${note}`);
    });
}

function printStatement(cli: Cli, statement: Statement): void {
  const { usage, balance, open } = statement;
  const percent = `${Math.floor(statement.fee_bps / 100)}.${String(statement.fee_bps % 100).padStart(2, '0')} %`;
  printFields(cli, {
    payee: statement.payee,
    period: `${statement.from} to ${statement.to} (UTC)`,
    calls: usage.calls,
    gross: usage.gross,
    refunded: usage.refunded,
    charged: usage.net,
  });
  section(cli, 'Balance at the vault, USDC');
  printFields(cli, {
    opening: balance.opening,
    settled: `+ ${balance.settled}`,
    [`fee ${percent}`]: `- ${balance.fee}`,
    claimed: `- ${balance.claimed}`,
    closing: balance.closing,
  });
  section(cli, 'Open now');
  printFields(cli, {
    'owed by the vault': open.owed_by_vault,
    'in no batch yet': open.unsealed,
    'on its way': open.in_batches,
    'owed by accounts': open.receivable,
    'held until listed': open.held,
    'written off': open.written_off,
  });
  section(cli, 'By route');
  printTable(cli, statement.by_route, [...groupColumns('route'), ...usageFigures], 'No calls.');
  section(cli, 'By day');
  printTable(cli, statement.by_day, [...groupColumns('day'), ...usageFigures], 'No calls.');
  section(cli, 'Settled');
  printTable(cli, statement.settlements.slice(0, shownMax), settlementColumns, 'Nothing was settled.');
  section(cli, 'Paid');
  printTable(cli, statement.payments.slice(0, shownMax), paymentColumns, 'Nothing was paid.');
  if (Math.max(statement.settlements.length, statement.payments.length) > shownMax) {
    cli.note(
      `${counted(statement.settlements.length, 'settlement')}, ${counted(statement.payments.length, 'payment')}: --csv shows all`,
    );
  }
}

function section(cli: Cli, title: string): void {
  cli.out(`\n${title}`);
}

const settlementColumns: Column<Statement['settlements'][number]>[] = [
  { title: 'batch', value: (row) => `${row.lane}/${row.batch}` },
  { title: 'confirmed', value: (row) => row.confirmed_at },
  { title: 'USDC', value: (row) => row.amount, align: 'right' },
  { title: 'transaction', value: (row) => row.link ?? row.tx_hash ?? '-' },
];

const paymentColumns: Column<Statement['payments'][number]>[] = [
  { title: 'what', value: (row) => (row.kind === 'claimed' ? 'claimed' : 'fee to the platform') },
  { title: 'time', value: (row) => row.time },
  { title: 'lane', value: (row) => String(row.lane), align: 'right' },
  { title: 'USDC', value: (row) => row.amount, align: 'right' },
  { title: 'to', value: (row) => row.to },
  { title: 'transaction', value: (row) => row.link ?? row.tx_hash },
];
