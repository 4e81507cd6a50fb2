import { Command } from 'commander';
import { formatProblem, loadConfig } from '../catalog/load.ts';
import { checkChain } from './check-chain.ts';
import { checkPrices } from './check-prices.ts';
import { checkSetup } from './check-setup.ts';
import { checkTls } from './check-tls.ts';
import { checkUpstreams } from './check-upstreams.ts';
import type { Cli } from './cli.ts';
import { type OperatorOptions, withOperatorOptions } from './config-option.ts';
import { CliError } from './exit-codes.ts';
import { type Finding, fail, warn } from './finding.ts';
import { printJson, printTable } from './output.ts';

type CheckOptions = OperatorOptions & { offline?: boolean };

export function checkCommand(cli: Cli): Command {
  return withOperatorOptions(new Command('check'))
    .description('look for what would keep the gateway from serving or settling; exit code 1 when something would')
    .option('--offline', 'only what this machine alone can tell')
    .action(async (options: CheckOptions) => {
      const findings = await check(cli, options);
      if (options.json) printJson(cli, { ok: !findings.some(isFailure), findings });
      else printFindings(cli, findings);
      const failures = findings.filter(isFailure).length;
      if (failures > 0) throw new CliError('off', `${failures} of ${findings.length} checks failed`);
    });
}

async function check(cli: Cli, options: CheckOptions): Promise<Finding[]> {
  const loaded = loadConfig({ file: options.config, env: cli.env });
  if (!loaded.ok) return loaded.problems.map((problem) => fail('config file', formatProblem(problem)));
  const { config } = loaded;
  const warnings = loaded.warnings.map((warning) => warn('config file', formatProblem(warning)));
  const setup = [
    ...warnings,
    ...(await checkSetup(config)),
    ...checkPrices(config),
    ...checkTls(config, cli.clock.nowMs()),
  ];
  if (options.offline) return setup;
  const [upstreams, chain] = await Promise.all([checkUpstreams(config, cli.clock), checkChain(cli, config)]);
  return [...setup, ...upstreams, ...chain];
}

function isFailure({ state }: Finding): boolean {
  return state === 'fail';
}

function printFindings(cli: Cli, findings: Finding[]): void {
  printTable(
    cli,
    findings,
    [
      { title: '', value: ({ state }) => (state === 'fail' ? 'FAIL' : state) },
      { title: 'check', value: (row) => row.check },
      { title: 'finding', value: (row) => row.detail },
    ],
    '',
  );
}
