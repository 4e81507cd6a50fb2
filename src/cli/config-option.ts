import type { Command } from 'commander';
import { formatProblem, loadConfig } from '../catalog/load.ts';
import type { Config } from '../catalog/model.ts';
import type { Cli } from './cli.ts';
import { CliError } from './exit-codes.ts';

/** `--config` and `--json`, the same on every operator's command. */
export type OperatorOptions = { config: string; json?: boolean };

export function withOperatorOptions(command: Command): Command {
  return withConfigOption(command).option('--json', 'print JSON for programs');
}

export function withConfigOption(command: Command): Command {
  return command.option('-c, --config <file>', 'the gateway’s config file', './config.yaml');
}

export function readConfig(cli: Pick<Cli, 'env' | 'note'>, file: string): Config {
  const loaded = loadConfig({ file, env: cli.env });
  if (loaded.ok) {
    for (const warning of loaded.warnings) cli.note(`warning: ${formatProblem(warning)}`);
    return loaded.config;
  }
  throw new CliError(
    'config',
    loaded.problems.map(formatProblem).join('\n'),
    'Mend it, name another file with --config, or make a new set-up with `callora init`.',
  );
}
