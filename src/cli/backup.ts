import path from 'node:path';
import { Command } from 'commander';
import type { Cli } from './cli.ts';
import { type OperatorOptions, withOperatorOptions } from './config-option.ts';
import { printFields, printJson } from './output.ts';
import { withBooks } from './with-books.ts';

export function backupCommand(cli: Cli): Command {
  return withOperatorOptions(new Command('backup'))
    .argument('<file>', 'where to; must not exist yet')
    .description('copy the database while the gateway runs, and compare the copy with it')
    .action(async (file: string, options: OperatorOptions) => {
      const copy = await withBooks(cli, options.config, (books) => books.backup(path.resolve(file)));
      if (options.json) return printJson(cli, copy);
      const { charges, accounts, batches, audit } = copy.sums;
      printFields(cli, { file: copy.file, bytes: copy.bytes, accounts, charges, batches, 'audit rows': audit });
      cli.note('Secrets are not in it: keep copies of the key files apart. `callora restore` puts a copy back.');
    });
}
