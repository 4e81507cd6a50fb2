import type { Command } from 'commander';
import { CliError } from './exit-codes.ts';

/** `--from`, `--to` and the three forms of a result, the same on every report. */
export type PeriodOptions = { from?: string; to?: string; csv?: boolean; json?: boolean };

export function withPeriodOptions(command: Command): Command {
  return command
    .option('--from <date>', 'first UTC day, such as 2026-11-01; 30 days up to the last one without it')
    .option('--to <date>', 'last UTC day, inclusive; today without it')
    .option('--csv', 'print CSV for spreadsheets');
}

export function requireOneForm({ csv, json }: Pick<PeriodOptions, 'csv' | 'json'>): void {
  if (csv && json) throw new CliError('usage', 'give --csv or --json, not both');
}
