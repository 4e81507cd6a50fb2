import type { Command } from 'commander';
import type { Cli } from './cli.ts';
import { CliError } from './exit-codes.ts';

/** `--limit` and `--cursor`, the same on every list. */
export type PageOptions = { limit: string; cursor?: string };

export function withPageOptions(command: Command): Command {
  return command
    .option('--limit <number>', 'rows at most', '50')
    .option('--cursor <cursor>', 'where the page before ended');
}

export function readLimit(text: string): number {
  const limit = /^[0-9]{1,3}$/.test(text) ? Number(text) : 0;
  if (limit >= 1 && limit <= 500) return limit;
  throw new CliError('usage', `--limit ${text} is no number from 1 to 500`);
}

export function notePage(cli: Pick<Cli, 'note'>, page: { next: string | null }): void {
  if (page.next !== null) cli.note(`more: --cursor ${page.next}`);
}
