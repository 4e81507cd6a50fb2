import { Command } from 'commander';
import type { Cli } from './cli.ts';
import { CliError } from './exit-codes.ts';
import { askAsHolder } from './holder-request.ts';
import { writeJsonFile } from './json-file.ts';
import { printFields, printJson } from './output.ts';
import { type KeyOptions, type TargetOptions, withKeyOption, withTargetOptions } from './target.ts';

type ReceiptOptions = TargetOptions & KeyOptions & { out?: string; json?: boolean };

export function receiptCommand(cli: Cli): Command {
  return withKeyOption(withTargetOptions(new Command('receipt')))
    .argument('<call>', 'id of the call: the header callora-call of its answer')
    .description('fetch the receipt of one of your calls; `callora verify` checks it')
    .option('--out <file>', 'write it to this file')
    .option('--json', 'print it as JSON')
    .action(async (call: string, options: ReceiptOptions) => {
      if (!/^[0-9]{1,16}$/.test(call)) throw new CliError('usage', `${call} is no id of a call: it has digits only`);
      const receipt = await askAsHolder(cli, options, `/_callora/receipts/${call}`);
      if (options.out !== undefined) {
        writeJsonFile(options.out, receipt);
        cli.note(`written to ${options.out}`);
      }
      if (options.json) return printJson(cli, receipt);
      const { leaf, path: _, signature: __, ...rest } = receipt;
      printFields(cli, { ...textsOf(leaf), ...textsOf(rest) });
    });
}

function textsOf(value: unknown): Record<string, string> {
  const shown = Object.entries(typeof value === 'object' && value !== null ? value : {});
  return Object.fromEntries(shown.filter(([, field]) => field !== null).map(([name, field]) => [name, String(field)]));
}
