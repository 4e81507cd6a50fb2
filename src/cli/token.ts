import { Command } from 'commander';
import { parseDurationMs } from '../catalog/quantity.ts';
import type { Cli } from './cli.ts';
import { type OperatorOptions, withConfigOption, withOperatorOptions } from './config-option.ts';
import { CliError } from './exit-codes.ts';
import { printJson, printTable, short } from './output.ts';
import { notePage, type PageOptions, readLimit, withPageOptions } from './page-options.ts';
import { withBooks } from './with-books.ts';

type IssueOptions = { config: string; account?: string; cap?: string; scope?: string[]; ttl?: string; label?: string };

export function tokenCommand(cli: Cli): Command {
  const token = new Command('token').description('access tokens for consumers');

  withConfigOption(token.command('issue'))
    .description('make a token; prints the token and nothing else')
    .option('--account <address>', 'who pays; without it, the only account in the books')
    .option('--cap <usdc>', 'the most the token may ever spend, such as 2.5')
    .option('--scope <api...>', 'the APIs it opens; all without it')
    .option('--ttl <duration>', 'how long it lives, such as 30m, 24h or 7d')
    .option('--label <text>', 'a note for `token list`')
    .action(async ({ config, account, cap, scope, ttl, label }: IssueOptions) => {
      const ttl_s = ttl === undefined ? undefined : readTtlS(ttl);
      const request = { account, cap, scope, ttl_s, label };
      const issued = await withBooks(cli, config, (books) => books.issueToken(request));
      cli.out(issued.token);
    });

  withOperatorOptions(token.command('revoke <jti>'))
    .description('end a token for good, from the next call on')
    .action(async (jti: string, options: OperatorOptions) => {
      const result = await withBooks(cli, options.config, (books) => books.revokeToken(jti));
      if (options.json) printJson(cli, result);
      else cli.out(result.outcome === 'revoked' ? `Token ${jti} is revoked.` : `Token ${jti} was revoked before.`);
    });

  withPageOptions(withOperatorOptions(token.command('list')))
    .description('tokens and what they have spent, newest first')
    .option('--account <address>', 'of this account only')
    .action(async (options: OperatorOptions & PageOptions & { account?: string }) => {
      const query = { account: options.account, cursor: options.cursor, limit: readLimit(options.limit) };
      const page = await withBooks(cli, options.config, (books) => books.tokens(query));
      if (options.json) return printJson(cli, page);
      printTable(
        cli,
        page.items,
        [
          { title: 'jti', value: (row) => row.jti },
          { title: 'account', value: (row) => short(row.account) },
          { title: 'scope', value: (row) => row.scope },
          { title: 'by', value: (row) => row.source },
          { title: 'expires', value: (row) => row.expires_at },
          { title: 'cap', value: (row) => row.cap ?? '-', align: 'right' },
          { title: 'spent', value: (row) => row.spent, align: 'right' },
          { title: 'revoked', value: (row) => row.revoked_at ?? '-' },
          { title: 'label', value: (row) => row.label },
        ],
        'No tokens yet: `callora token issue`, or a consumer logs in.',
      );
      notePage(cli, page);
    });

  return token;
}

function readTtlS(text: string): number {
  const ms = parseDurationMs(text);
  if (ms === undefined || ms < 1000)
    throw new CliError('usage', `--ttl ${text} is no duration; write it like 30m, 24h or 7d`);
  return Math.floor(ms / 1000);
}
