import { Command } from 'commander';
import type { ApiView } from '../admin/api-desk.ts';
import type { Cli } from './cli.ts';
import { type OperatorOptions, withOperatorOptions } from './config-option.ts';
import { type Column, printJson, printTable } from './output.ts';
import { withBooks } from './with-books.ts';

export function apiCommand(cli: Cli): Command {
  const api = new Command('api').description('the APIs on sale: list them, pause one, sell it again');

  withOperatorOptions(api.command('list'))
    .description('the APIs of the catalog, and which of them are paused')
    .action(async (options: OperatorOptions) => {
      const list = await withBooks(cli, options.config, (books) => books.apis());
      if (options.json) return printJson(cli, list);
      printTable(cli, list.items, columns, 'The catalog has no APIs.');
    });

  withOperatorOptions(api.command('pause <name>'))
    .description('refuse every call of an API from now on, free routes too; running calls finish')
    .option('--reason <text>', 'a note for `api list` and the audit; callers do not see it')
    .action(async (name: string, options: OperatorOptions & { reason?: string }) => {
      const result = await withBooks(cli, options.config, (books) => books.pauseApi(name, options.reason));
      if (options.json) printJson(cli, result);
      else cli.out(result.outcome === 'paused' ? `API ${name} is paused.` : `API ${name} was paused before.`);
    });

  withOperatorOptions(api.command('resume <name>'))
    .description('sell a paused API again')
    .action(async (name: string, options: OperatorOptions) => {
      const result = await withBooks(cli, options.config, (books) => books.resumeApi(name));
      if (options.json) printJson(cli, result);
      else cli.out(result.outcome === 'resumed' ? `API ${name} is sold again.` : `API ${name} was not paused.`);
    });

  return api;
}

const columns: Column<ApiView>[] = [
  { title: 'api', value: (row) => row.name },
  { title: 'mount', value: (row) => row.mount ?? 'not in the catalog' },
  { title: 'upstream', value: (row) => row.upstream ?? '-' },
  {
    title: 'gets no calls',
    value: (row) => row.upstreams_down.map(({ url, reason }) => `${url} ${reason}`).join('; ') || '-',
  },
  { title: 'routes', value: (row) => String(row.routes), align: 'right' },
  { title: 'paused since', value: (row) => row.paused_at ?? '-' },
  { title: 'reason', value: (row) => row.pause_reason || '-' },
];
