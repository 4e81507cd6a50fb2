import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { addressKind } from '../catalog/address.ts';
import { apiAt, type ImportPlan, planImport } from '../catalog/import-plan.ts';
import { type ImportTarget, insertRoutes } from '../catalog/insert-routes.ts';
import { formatProblem, loadConfigText } from '../catalog/load.ts';
import type { Config } from '../catalog/model.ts';
import { openApiLimits, readOpenApi } from '../catalog/openapi.ts';
import { mountFault } from '../catalog/route-grammar.ts';
import { parseUsdc } from '../money.ts';
import type { Cli } from './cli.ts';
import { type OperatorOptions, readConfig, withOperatorOptions } from './config-option.ts';
import { CliError } from './exit-codes.ts';
import { printJson, printTable } from './output.ts';
import { readDocument } from './read-document.ts';
import { replaceFile } from './replace-file.ts';
import { unifiedDiff } from './unified-diff.ts';

type ImportOptions = OperatorOptions & {
  mount: string;
  price?: string;
  payee?: string;
  upstream?: string;
  name?: string;
  write?: boolean;
};

export function importCommand(cli: Cli): Command {
  const command = new Command('import').description('write what another document describes into the config file');
  withOperatorOptions(command.command('openapi <file-or-url>'))
    .description('list the operations of an OpenAPI 3.0 or 3.1 document as routes; shows a diff, --write applies it')
    .requiredOption('--mount <path>', 'where the API is or will be mounted, such as /pets')
    .option('--price <usdc>', 'price of each new route, such as 0.001; the API’s own without it')
    .option('--payee <address>', 'who is paid, for a new API; the payee of the others without it')
    .option('--upstream <url>', 'where calls go, for a new API; the document’s first server without it')
    .option('--name <name>', 'name of a new API; the last part of its mount without it')
    .option('--write', 'change the config file; without it nothing is written')
    .action((place: string, options: ImportOptions) => importOpenApi(cli, place, options));
  return command;
}

async function importOpenApi(cli: Cli, place: string, options: ImportOptions): Promise<void> {
  const { mount, price, config: file } = options;
  const fault = mountFault(mount);
  if (fault !== undefined) throw new CliError('usage', `--mount ${mount} ${fault}`);
  if (price !== undefined && parseUsdc(price) === undefined) {
    throw new CliError('usage', `--price ${price} is not an amount of USDC such as 0.001`);
  }
  const config = readConfig(cli, file);
  const document = readOpenApi(await readDocument(place, openApiLimits.fileBytesMax));
  if (!document.ok) throw new CliError('usage', `${place} ${document.message}`);
  const found = apiAt(config, mount);
  const forNew = [options.payee, options.upstream, options.name].some((value) => value !== undefined);
  if (found && forNew) {
    throw new CliError('usage', `${mount} is there already: --payee, --upstream and --name are for a new API`);
  }
  const plan = planImport(found?.api, mount, document.routes, document.unusable);
  const target: ImportTarget = found ? { kind: 'there', index: found.index } : newApi(config, options, document.server);
  const before = readFileSync(config.file, 'utf8');
  const after = plan.added.length === 0 ? before : edited(cli, config, before, target, plan, price);
  const diff = unifiedDiff(file, before, after);
  const written = options.write === true && diff !== '';
  if (written) replaceFile(config.file, after);
  report(cli, { plan, diff, written, json: options.json });
}

function newApi(config: Config, options: ImportOptions, server: string | undefined): ImportTarget {
  const { mount, payee = onlyPayee(config), upstream = server, name = nameOf(mount) } = options;
  if (payee === undefined || addressKind(payee) === undefined) {
    throw new CliError(
      'usage',
      payee === undefined ? 'name who is paid with --payee' : `--payee ${payee} is no address`,
    );
  }
  if (upstream === undefined) {
    throw new CliError('usage', 'name where calls go with --upstream: the document has no absolute server URL');
  }
  if (!URL.canParse(upstream) || upstream.includes('${'))
    throw new CliError('usage', `--upstream ${upstream} is no URL`);
  if (!/^[a-z][a-z0-9-]{0,62}$/.test(name)) {
    throw new CliError('usage', `--name ${name} is not made of lower-case letters, digits and hyphens, a letter first`);
  }
  if (config.apis.some((api) => api.name === name)) {
    throw new CliError('usage', `the config file has an API named ${name} at another mount: give --name`);
  }
  return { kind: 'new', name, payee, mount, upstream };
}

function onlyPayee({ apis }: Config): string | undefined {
  const payees = new Set(apis.map((api) => api.payee));
  return payees.size === 1 ? [...payees][0] : undefined;
}

function nameOf(mount: string): string {
  const last = mount.split('/').findLast((part) => part !== '') ?? 'api';
  const name = last.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-');
  return name.replaceAll(/^[^a-z]+|-+$/g, '').slice(0, 63) || 'api';
}

/** The new text, which the config check has passed; nothing else is ever shown or written. */
function edited(
  cli: Cli,
  config: Config,
  before: string,
  target: ImportTarget,
  plan: ImportPlan,
  price: string | undefined,
): string {
  const inserted = insertRoutes(before, target, plan.added, price);
  if (!inserted.ok) {
    throw new CliError('config', `${config.file}: ${inserted.message}`, 'Write it so, then import again.');
  }
  const loaded = loadConfigText({ file: config.file, text: inserted.text, env: cli.env });
  if (!loaded.ok) {
    const remedy =
      'Nothing was written. Without --price, a new route costs what its API does: that has to have a price.';
    throw new CliError('config', loaded.problems.map(formatProblem).join('\n'), remedy);
  }
  const count = (apis: Config['apis']) => apis.reduce((sum, api) => sum + api.routes.length, 0);
  if (count(loaded.config.apis) !== count(config.apis) + plan.added.length) {
    throw new Error('the edited config file does not hold exactly the new routes; nothing was written');
  }
  return inserted.text;
}

type Report = { plan: ImportPlan; diff: string; written: boolean; json: boolean | undefined };

function report(cli: Cli, { plan, diff, written, json }: Report): void {
  const { kept, gone, unusable } = plan;
  const added = plan.added.map(({ pattern }) => `${pattern.method} ${pattern.path}`);
  if (json) {
    printJson(cli, { written, added, kept, gone, unusable, diff });
    return;
  }
  cli.out(diff === '' ? 'Nothing to change.' : diff);
  if (gone.length > 0) {
    cli.note(`\nListed routes that the document does not have, and that stay until you take them out: ${gone.length}`);
    for (const { route, price } of gone) cli.note(`  ${route} at ${price}`);
  }
  if (unusable.length > 0) {
    cli.note(`\nOperations that cannot be routes: ${unusable.length}`);
    const columns = [
      { title: 'operation', value: (row: (typeof unusable)[number]) => row.operation },
      { title: 'why', value: (row: (typeof unusable)[number]) => row.reason },
    ];
    printTable({ out: cli.note }, unusable, columns, '');
  }
  const state = written ? 'written; a running gateway loads it by itself' : 'nothing written yet: --write applies it';
  cli.note(`\n${added.length} new, ${kept.length} there already at their price${diff === '' ? '' : `; ${state}`}`);
}
