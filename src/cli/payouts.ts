import type { Command } from 'commander';
import type { Books } from '../admin/books.ts';
import type { Cli } from './cli.ts';
import { type OperatorOptions, withOperatorOptions } from './config-option.ts';
import { CliError } from './exit-codes.ts';
import { type Column, printJson, printTable } from './output.ts';
import { notePage, type PageOptions, readLimit, withPageOptions } from './page-options.ts';
import { withBooks } from './with-books.ts';

/** What payees were sent, and a claim made now: under `settle`, where their money comes from. */
export function payoutCommands(cli: Cli, settle: Command): void {
  withPageOptions(withOperatorOptions(settle.command('payouts')))
    .description('claims made for payees, newest first')
    .action(async (options: OperatorOptions & PageOptions) => {
      const query = { cursor: options.cursor, limit: readLimit(options.limit) };
      const page = await withBooks(cli, options.config, (books) => books.payouts(query));
      if (options.json) return printJson(cli, page);
      printTable(cli, page.items, payoutColumns, 'No claims yet.');
      notePage(cli, page);
    });

  withOperatorOptions(settle.command('claim [payee]'))
    .description('have the vault pay a payee, or all, what it owes them, however little; and the treasury its fee')
    .action(async (payee: string | undefined, options: OperatorOptions) => {
      const { results } = await withBooks(cli, options.config, (books) => books.claimPayouts(payee));
      if (options.json) printJson(cli, { results });
      else printTable(cli, results, claimColumns, 'The vault owes nothing.');
      const unpaid = results.filter(({ outcome }) => outcome !== 'paid').length;
      if (unpaid === 0) return;
      const remedy =
        'What was not paid stays owed. A payee needs a trustline for USDC; a settlement on its way goes first.';
      throw new CliError('chain', `${unpaid} of ${results.length} claims were not paid`, remedy);
    });
}

type Payout = Awaited<ReturnType<Books['payouts']>>['items'][number];
type Claim = Awaited<ReturnType<Books['claimPayouts']>>['results'][number];

const payoutColumns: Column<Payout>[] = [
  { title: 'time', value: (row) => row.time },
  { title: 'payee', value: (row) => row.payee },
  { title: 'lane', value: (row) => String(row.lane), align: 'right' },
  { title: 'USDC', value: (row) => row.amount, align: 'right' },
  { title: 'state', value: (row) => row.state },
  { title: 'transaction', value: (row) => row.tx_hash ?? '-' },
];

const claimColumns: Column<Claim>[] = [
  { title: 'payee', value: (row) => row.payee },
  { title: 'lane', value: (row) => String(row.lane), align: 'right' },
  { title: 'what', value: (row) => (row.kind === 'claim' ? 'claim' : 'fee to the platform') },
  { title: 'USDC', value: (row) => row.amount, align: 'right' },
  { title: 'outcome', value: (row) => row.outcome },
  { title: 'transaction, or why not', value: (row) => row.detail },
];
