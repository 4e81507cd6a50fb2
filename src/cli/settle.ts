import { Command } from 'commander';
import type { BatchView } from '../admin/book-views.ts';
import type { LaneView, PayeeEarnings, SettlementCostsView } from '../admin/books.ts';
import { counted } from '../counted.ts';
import type { Cli } from './cli.ts';
import { type OperatorOptions, withOperatorOptions } from './config-option.ts';
import { CliError } from './exit-codes.ts';
import { type Column, printFields, printJson, printTable } from './output.ts';
import { notePage, type PageOptions, readLimit, withPageOptions } from './page-options.ts';
import { payoutCommands } from './payouts.ts';
import { withBooks } from './with-books.ts';

export function settleCommand(cli: Cli): Command {
  const settle = new Command('settle').description('how charges become payments on chain');
  settleNow(cli, settle);
  settleStatus(cli, settle);
  settleList(cli, settle);
  settleShow(cli, settle);
  payoutCommands(cli, settle);
  return settle;
}

function settleNow(cli: Cli, settle: Command): void {
  withOperatorOptions(settle.command('now'))
    .description('settle everything there is and wait for the chain')
    .action(async (options: OperatorOptions) => {
      const result = await withBooks(cli, options.config, (books) => books.settleNow());
      if (options.json) printJson(cli, result);
      else {
        printTable(cli, result.batches, batchColumns, result.complete ? 'Nothing to settle.' : 'No batch was settled.');
        printEarnings(cli, result.earnings);
      }
      if (result.complete) return;
      throw new CliError(
        'chain',
        `not everything is settled yet: waiting for ${result.waiting_for ?? 'the chain'}`,
        'A running gateway goes on by itself: `callora settle status`. Does the RPC server answer? `callora check` asks it.',
      );
    });
}

function settleStatus(cli: Cli, settle: Command): void {
  withOperatorOptions(settle.command('status'))
    .description('what waits for settlement, and what payees have earned')
    .action(async (options: OperatorOptions) => {
      const status = await withBooks(cli, options.config, (books) => books.settlement());
      if (options.json) return printJson(cli, status);
      printFields(cli, {
        'not yet in a batch': `${counted(status.unsealed.calls, 'call')}, ${status.unsealed.amount} USDC`,
        unsettled: `${status.unsettled} USDC`,
        'oldest unsettled': status.oldest_unsettled_at,
        receivable: `${status.receivable} USDC`,
        'on hold': `${status.held} USDC`,
        'network fees': feesText(status.costs),
        'last batch': status.last ? `${status.last.lane}/${status.last.batch} ${status.last.state}` : 'none yet',
      });
      printTable(cli, status.open, batchColumns, 'No batch is on its way.');
      if (status.lanes.length > 0) printTable(cli, status.lanes, laneColumns, '');
      printEarnings(cli, status.earnings);
    });
}

const laneColumns: Column<LaneView>[] = [
  { title: 'lane', value: (row) => String(row.lane) },
  { title: 'batch', value: (row) => String(row.batch ?? '-') },
  { title: 'state', value: (row) => row.state },
  { title: 'waits for', value: (row) => row.waiting_for ?? '-' },
  { title: 'the network objected', value: ({ last_objection: last }) => objectionText(last) },
];

function objectionText(last: LaneView['last_objection']): string {
  if (!last) return '-';
  return `${last.reason}, ${last.tries === 1 ? 'once' : `${last.tries} times`}, last at ${last.at}`;
}

function feesText(costs: SettlementCostsView | null): string {
  if (!costs) return 'not known yet';
  const { batches, accounts, fee_xlm: all, fee_per_account_xlm: each } = costs;
  const last = batches === 1 ? 'batch' : `${batches} batches`;
  const settled = accounts === 1 ? 'settled account' : `of ${accounts} settled accounts`;
  return `${all} XLM for the last ${last}, ${each} XLM for each ${settled}`;
}

function settleList(cli: Cli, settle: Command): void {
  withPageOptions(withOperatorOptions(settle.command('list')))
    .description('batches, newest first')
    .action(async (options: OperatorOptions & PageOptions) => {
      const query = { cursor: options.cursor, limit: readLimit(options.limit) };
      const page = await withBooks(cli, options.config, (books) => books.batches(query));
      if (options.json) return printJson(cli, page);
      printTable(cli, page.items, batchColumns, 'No batches yet.');
      notePage(cli, page);
    });
}

function settleShow(cli: Cli, settle: Command): void {
  withOperatorOptions(settle.command('show <lane> <batch>'))
    .description('one batch with its lines; --json has every leaf too, enough to build the root again')
    .action(async (lane: string, batch: string, options: OperatorOptions) => {
      const [laneNumber, batchNumber] = [readWhole(lane, 'lane'), readWhole(batch, 'batch')];
      const shown = await withBooks(cli, options.config, (books) => books.batch(laneNumber, batchNumber));
      if (options.json) return printJson(cli, shown);
      const { lines, rows, ...fields } = shown;
      printFields(cli, fields);
      printTable(
        cli,
        lines,
        [
          { title: 'payee', value: (line) => line.payee },
          { title: 'account', value: (line) => line.account },
          { title: 'amount', value: (line) => line.amount, align: 'right' },
          { title: 'taken', value: (line) => line.taken ?? '-', align: 'right' },
        ],
        'No lines.',
      );
      cli.note(`${counted(rows.length, 'leaf', 'leaves')}: --json shows every field`);
    });
}

const batchColumns: Column<BatchView>[] = [
  { title: 'batch', value: (row) => `${row.lane}/${row.batch}` },
  { title: 'state', value: (row) => row.state },
  { title: 'calls', value: (row) => String(row.leaves), align: 'right' },
  { title: 'USDC', value: (row) => row.total, align: 'right' },
  { title: 'sealed', value: (row) => row.sealed_at },
  { title: 'ledger', value: (row) => String(row.ledger ?? '-'), align: 'right' },
  { title: 'transaction', value: (row) => row.tx_hash ?? '-' },
];

function printEarnings(cli: Cli, earnings: PayeeEarnings[]): void {
  if (earnings.length === 0) return;
  cli.out('');
  printTable(
    cli,
    earnings,
    [
      { title: 'payee', value: (row) => row.payee },
      { title: 'lane', value: (row) => String(row.lane), align: 'right' },
      { title: 'earned in all', value: (row) => row.gross, align: 'right' },
    ],
    '',
  );
}

function readWhole(text: string, name: string): number {
  if (/^[0-9]{1,15}$/.test(text)) return Number(text);
  throw new CliError('usage', `${name} must be a whole number, not ${text}`);
}
