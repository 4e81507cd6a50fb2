import { homedir } from 'node:os';
import path from 'node:path';
import { Command, CommanderError } from 'commander';
import { systemClock } from '../clock.ts';
import { createLog, silentLog } from '../log.ts';
import { version } from '../version.ts';
import type { Cli } from './cli.ts';
import { exitCodes } from './exit-codes.ts';
import { nodeFloorWarning } from './node-floor.ts';
import { reportFault } from './report-fault.ts';

/**
 * Every command and the file that holds it. A command is loaded when it is called for: most need neither the gateway nor
 * the embedded network, and a script that asks for a balance in a loop should not wait for them.
 */
const commands: Record<string, (cli: Cli) => Promise<Command>> = {
  init: async (cli) => (await import('./init.ts')).initCommand(cli),
  check: async (cli) => (await import('./check.ts')).checkCommand(cli),
  sandbox: async (cli) => (await import('./sandbox.ts')).sandboxCommand(cli),
  devnet: async (cli) => (await import('./devnet.ts')).devnetCommand(cli),
  serve: async (cli) => (await import('./serve.ts')).serveCommand(cli),
  import: async (cli) => (await import('./import.ts')).importCommand(cli),
  health: async (cli) => (await import('./health.ts')).healthCommand(cli),
  vault: async (cli) => (await import('./vault.ts')).vaultCommand(cli),
  api: async (cli) => (await import('./api.ts')).apiCommand(cli),
  webhooks: async (cli) => (await import('./webhooks.ts')).webhooksCommand(cli),
  token: async (cli) => (await import('./token.ts')).tokenCommand(cli),
  account: async (cli) => (await import('./account.ts')).accountCommand(cli),
  usage: async (cli) => (await import('./usage.ts')).usageCommand(cli),
  quote: async (cli) => (await import('./quote.ts')).quoteCommand(cli),
  statement: async (cli) => (await import('./statement.ts')).statementCommand(cli),
  settle: async (cli) => (await import('./settle.ts')).settleCommand(cli),
  reconcile: async (cli) => (await import('./reconcile.ts')).reconcileCommand(cli),
  backup: async (cli) => (await import('./backup.ts')).backupCommand(cli),
  restore: async (cli) => (await import('./restore.ts')).restoreCommand(cli),
  deposits: async (cli) => (await import('./deposits.ts')).depositsCommand(cli),
  licences: async (cli) => (await import('./licences.ts')).licencesCommand(cli),
  login: async (cli) => (await import('./login.ts')).loginCommand(cli),
  'sign-login': async (cli) => (await import('./sign-login.ts')).signLoginCommand(cli),
  deposit: async (cli) => (await import('./deposit.ts')).depositCommand(cli),
  limit: async (cli) => (await import('./limit.ts')).limitCommand(cli),
  withdraw: async (cli) => (await import('./withdraw.ts')).withdrawCommand(cli),
  receipt: async (cli) => (await import('./receipt.ts')).receiptCommand(cli),
  leaves: async (cli) => (await import('./leaves.ts')).leavesCommand(cli),
  roots: async (cli) => (await import('./roots.ts')).rootsCommand(cli),
  verify: async (cli) => (await import('./verify.ts')).verifyCommand(cli),
  balance: async (cli) => (await import('./balance.ts')).balanceCommand(cli),
};

/** Runs one command line and returns the process's exit code; whatever goes wrong is a message with a remedy. */
export async function main(args: string[]): Promise<number> {
  // `callora account list | head` ends early, and that is no fault.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
  return await run(args, systemCli());
}

export async function run(args: string[], cli: Cli): Promise<number> {
  try {
    const program = await createProgram(args[0], cli);
    await program.parseAsync(args, { from: 'user' });
    return Number(process.exitCode ?? 0);
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : exitCodes.usage;
    return reportFault(cli, error);
  }
}

/** The program with the named command, or with all of them where help must list them. */
async function createProgram(name: string | undefined, cli: Cli): Promise<Command> {
  const floor = nodeFloorWarning();
  const program = new Command('callora')
    .description('sell any HTTP API by the call, in USDC on Stellar')
    .version(`callora ${version}\nNode ${process.version}${floor ? `\n${floor}` : ''}`)
    // An option stands behind the command it belongs to: `withdraw` and `withdraw take` both know --key.
    .enablePositionalOptions()
    .showHelpAfterError('(--help lists commands and options)');
  for (const load of loadersFor(name)) program.addCommand(await load(cli));
  return throwing(program, cli);
}

function loadersFor(name: string | undefined): (typeof commands)[string][] {
  if (name === '-V' || name === '--version') return [];
  const named = name !== undefined && Object.hasOwn(commands, name) ? commands[name] : undefined;
  return named ? [named] : Object.values(commands);
}

/** Commander exits by itself otherwise, and then nothing after it is closed. */
function throwing(command: Command, cli: Cli): Command {
  for (const child of command.commands) throwing(child, cli);
  const line = (write: (text: string) => void) => (text: string) => write(text.replace(/\n$/, ''));
  return command.exitOverride().configureOutput({ writeOut: line(cli.out), writeErr: line(cli.note) });
}

function systemCli(): Cli {
  const clock = systemClock;
  const { env } = process;
  return {
    out: (text) => void process.stdout.write(`${text}\n`),
    note: (text) => void process.stderr.write(`${text}\n`),
    env,
    clock,
    stateDir: env.CALLORA_HOME ?? path.join(homedir(), '.callora'),
    async openBooks(config) {
      const { openBooks } = await import('../app/app.ts');
      return openBooks(config, { clock, log: silentLog(), env });
    },
    async startApp(config, { firstStart }) {
      const { startApp } = await import('../app/app.ts');
      return startApp(config, { clock, log: createLog(config.log.level), env, firstStart });
    },
  };
}
