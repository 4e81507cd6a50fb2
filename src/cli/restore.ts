import path from 'node:path';
import { Command } from 'commander';
import { restoreDatabase } from '../app/restore.ts';
import type { Cli } from './cli.ts';
import { type OperatorOptions, readConfig, withOperatorOptions } from './config-option.ts';
import { CliError } from './exit-codes.ts';
import { printFields, printJson } from './output.ts';

type RestoreOptions = OperatorOptions & { keepTokens?: boolean; beforeDamage?: boolean };

export function restoreCommand(cli: Cli): Command {
  return withOperatorOptions(new Command('restore'))
    .argument('[file]', 'a copy made by `callora backup`')
    .option('--before-damage', 'no copy, but the database up to the damage in its log: what lies behind is given up')
    .option('--keep-tokens', 'let access tokens from before the restore stay good, even those revoked after the copy')
    .description('put a copy in the database’s place; the gateway must be stopped, here and wherever else it ran')
    .action((file: string | undefined, options: RestoreOptions) => restore(cli, file, options));
}

function restore(cli: Cli, file: string | undefined, options: RestoreOptions): void {
  if ((file === undefined) !== (options.beforeDamage === true)) {
    throw new CliError('usage', 'name a copy, or say --before-damage', 'See docs/operators.md, “Backup and restore”.');
  }
  const config = readConfig(cli, options.config);
  const copyFile = file === undefined ? undefined : path.resolve(file);
  const request = { file: copyFile, keepTokens: options.keepTokens === true };
  const restored = refusing(() => restoreDatabase(config, request, cli.clock));
  const { copy, aside, newestChargeAtMs, commitsBehind } = restored;
  const newestCharge = newestChargeAtMs === undefined ? null : new Date(newestChargeAtMs).toISOString();
  if (options.json) {
    const places = { file: restored.file, copy, aside: aside ?? null };
    printJson(cli, { ...places, newest_charge: newestCharge, commits_behind_damage: commitsBehind });
    return;
  }
  printFields(cli, {
    database: restored.file,
    'restored from': copy,
    'newest charge in it': newestCharge,
    'commits behind the damage': commitsBehind || undefined,
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
