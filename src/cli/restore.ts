import path from 'node:path';
import { Command } from 'commander';
import { restoreDatabase } from '../app/restore.ts';
import type { Cli } from './cli.ts';
import { type OperatorOptions, readConfig, withOperatorOptions } from './config-option.ts';
import { CliError } from './exit-codes.ts';
import { printFields, printJson } from './output.ts';

type RestoreOptions = OperatorOptions & { keepTokens?: boolean };

export function restoreCommand(cli: Cli): Command {
  return withOperatorOptions(new Command('restore'))
    .argument('<file>', 'a copy made by `callora backup`')
    .option('--keep-tokens', 'let access tokens from before the restore stay good, even those revoked after the copy')
    .description('put a copy in the database’s place; the gateway must be stopped, here and wherever else it ran')
    .action((file: string, options: RestoreOptions) => restore(cli, path.resolve(file), options));
}

function restore(cli: Cli, file: string, options: RestoreOptions): void {
  const config = readConfig(cli, options.config);
  const request = { file, keepTokens: options.keepTokens === true };
  const restored = refusing(() => restoreDatabase(config, request, cli.clock));
  const { copy, aside, newestChargeAtMs } = restored;
  const newestCharge = newestChargeAtMs === undefined ? null : new Date(newestChargeAtMs).toISOString();
  if (options.json) {
    printJson(cli, { file: restored.file, copy, aside: aside ?? null, newest_charge: newestCharge });
    return;
  }
  printFields(cli, {
    database: restored.file,
    'restored from': copy,
    'newest charge in it': newestCharge,
    'kept aside': aside,
  });
  cli.note(
    'The gateway sells nothing until the chain has passed its next start by ten minutes: then its books are the vault’s.',
  );
  cli.note(
    request.keepTokens
      ? 'Tokens that were revoked after the copy are good again: revoke them once more.'
      : 'Every access token from before now is refused: consumers log in again, and tokens are issued anew.',
  );
}

function refusing<Result>(act: () => Result): Result {
  try {
    return act();
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    if (error.name === 'RestoreRefused') {
      throw new CliError('refused', error.message, 'Nothing was changed.', { cause: error });
    }
    if (error.name === 'StoreLockedError') {
      throw new CliError('refused', error.message, 'Stop the gateway first; a restore never runs beside one.', {
        cause: error,
      });
    }
    throw error;
  }
}
