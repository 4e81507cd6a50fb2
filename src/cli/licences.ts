import { Command } from 'commander';
import { findOwnFile } from '../own-files.ts';
import type { Cli } from './cli.ts';
import { CliError } from './exit-codes.ts';

export function licencesCommand(cli: Cli): Command {
  return new Command('licences').description('print the licences of everything inside that others wrote').action(() => {
    const text = findOwnFile('dist/THIRD-PARTY.txt');
    if (!text) throw new CliError('refused', 'a checkout has no such list', '`npm run build` writes it.');
    cli.out(text.toString().trimEnd());
  });
}
