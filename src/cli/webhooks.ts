import { Command } from 'commander';
import type { DeliveryView } from '../admin/webhook-desk.ts';
import { counted } from '../counted.ts';
import type { Cli } from './cli.ts';
import { type OperatorOptions, withOperatorOptions } from './config-option.ts';
import { CliError } from './exit-codes.ts';
import { type Column, printJson, printTable } from './output.ts';
import { notePage, type PageOptions, readLimit, withPageOptions } from './page-options.ts';
import { withBooks } from './with-books.ts';

export function webhooksCommand(cli: Cli): Command {
  const webhooks = new Command('webhooks').description('what webhooks were sent, and sending it again');

  withPageOptions(withOperatorOptions(webhooks.command('list')))
    .description('deliveries, newest first')
    .option('--dead', 'only those that were given up')
    .action(async (options: OperatorOptions & PageOptions & { dead?: boolean }) => {
      const query = { dead: options.dead, cursor: options.cursor, limit: readLimit(options.limit) };
      const page = await withBooks(cli, options.config, (books) => books.webhooks(query));
      if (options.json) return printJson(cli, page);
      printTable(cli, page.items, columns, options.dead ? 'No dead deliveries.' : 'Nothing was sent yet.');
      notePage(cli, page);
    });

  withOperatorOptions(webhooks.command('replay <id>'))
    .description('send a delivery (dlv_…), or an event to all its endpoints (evt_…), again')
    .action(async (id: string, options: OperatorOptions) => {
      const result = await withBooks(cli, options.config, (books) => books.replayWebhook(id));
      if (options.json) printJson(cli, result);
      else cli.out(`${result.id}: ${counted(result.queued, 'delivery', 'deliveries')} queued.`);
    });

  withOperatorOptions(webhooks.command('test <name>'))
    .description('send a signed test event to one endpoint of the config file and wait for its answer')
    .action(async (name: string, options: OperatorOptions) => {
      const result = await withBooks(cli, options.config, (books) => books.testWebhook(name));
      if (options.json) printJson(cli, result);
      else if (result.delivered) cli.out(`${name} answered ${result.status} to ${result.delivery}.`);
      if (result.delivered) return;
      throw new CliError(
        'refused',
        `${name} did not take ${result.delivery}: ${result.error}`,
        'Look at the url of the webhook, at its log, and at docs/webhooks.md for what an endpoint must do.',
      );
    });

  return webhooks;
}

const columns: Column<DeliveryView>[] = [
  { title: 'delivery', value: (row) => row.delivery },
  { title: 'event', value: (row) => row.event },
  { title: 'kind', value: (row) => row.kind },
  { title: 'time', value: (row) => row.time },
  { title: 'endpoint', value: (row) => row.endpoint },
  { title: 'state', value: (row) => row.state },
  { title: 'tries', value: (row) => String(row.attempts), align: 'right' },
  { title: 'next', value: (row) => row.next_at ?? '-' },
  {
    title: 'last answer',
    value: (row) => row.last_error ?? (row.last_status === null ? '-' : String(row.last_status)),
  },
];
