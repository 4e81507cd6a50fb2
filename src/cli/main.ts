import { homedir } from 'node:os';
import path from 'node:path';
import { Command, CommanderError } from 'commander';
import { openBooks, startApp } from '../app/app.ts';
import { systemClock } from '../clock.ts';
import { GatewayError } from '../errors.ts';
import { createLog, silentLog } from '../log.ts';
import { belowNodeFloor, nodeFloor, version } from '../version.ts';
import { accountCommand } from './account.ts';
import type { Cli } from './cli.ts';
import { CliError, exitCodes } from './exit-codes.ts';
import { reconcileCommand } from './reconcile.ts';
import { sandboxCommand } from './sandbox.ts';
import { serveCommand } from './serve.ts';
import { settleCommand } from './settle.ts';
import { tokenCommand } from './token.ts';
import { usageCommand } from './usage.ts';

/** Runs one command line and returns the process's exit code; whatever goes wrong is a message with a remedy. */
export async function main(args: string[]): Promise<number> {
  const cli = systemCli();
  try {
    await createProgram(cli).parseAsync(args, { from: 'user' });
    return Number(process.exitCode ?? 0);
  } catch (error) {
    return report(cli, error);
  }
}

export function createProgram(cli: Cli): Command {
  const program = new Command('callora')
    .description('sell any HTTP API by the call, in USDC on Stellar')
    .version(versionText(), '--version')
    .showHelpAfterError('(callora --help lists the commands)');
  const commands = [
    sandboxCommand(cli),
    serveCommand(cli),
    accountCommand(cli),
    tokenCommand(cli),
    usageCommand(cli),
    settleCommand(cli),
    reconcileCommand(cli),
  ];
  for (const command of commands) program.addCommand(throwing(command));
  return throwing(program);
}

/** Commander exits by itself otherwise, and then nothing after it is closed. */
function throwing(command: Command): Command {
  for (const child of command.commands) throwing(child);
  return command.exitOverride();
}

function versionText(): string {
  const floor = belowNodeFloor(process.version) ? ` (below ${nodeFloor}, which a public gateway should have)` : '';
  return `callora ${version}, Node ${process.version}${floor}`;
}

function systemCli(): Cli {
  const clock = systemClock;
  const { env } = process;
  return {
    out: (text) => void process.stdout.write(`${text}\n`),
    note: (text) => void process.stderr.write(`${text}\n`),
    env,
    clock,
    stateDir: path.join(homedir(), '.callora'),
    openBooks: (config) => openBooks(config, { clock, log: silentLog(), env }),
    startApp: (config) => startApp(config, { clock, log: createLog(config.log.level), env }),
  };
}

function report(cli: Cli, error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : exitCodes.usage;
  if (error instanceof CliError) {
    cli.note(`error: ${error.message}`);
    if (error.remedy) cli.note(error.remedy);
    return exitCodes[error.kind];
  }
  if (error instanceof GatewayError) {
    cli.note(`error: ${error.detail ?? error.message}`);
    return exitCodes.refused;
  }
  cli.note(`error: ${error instanceof Error ? error.message : String(error)}`);
  for (let cause = causeOf(error); cause; cause = causeOf(cause)) {
    cli.note(`  because: ${cause instanceof Error ? cause.message : String(cause)}`);
  }
  return exitCodes.internal;
}

function causeOf(error: unknown): unknown {
  return error instanceof Error ? error.cause : undefined;
}
