import { writeFileSync } from 'node:fs';
import { Command } from 'commander';
import { type Devnet, type DevnetOptions, startDevnet } from '../devnet/devnet.ts';
import { createLog } from '../log.ts';
import { createLoop, type Loop } from '../loop.ts';
import type { Cli } from './cli.ts';
import { CliError } from './exit-codes.ts';
import { openPort } from './open-port.ts';

type DevnetCommandOptions = {
  port: string;
  closeMs?: string;
  infoFile?: string;
  state?: string;
  passphrase?: string;
};

/** How often a ledger closes when nobody sends anything, ms: clients take an old last ledger for a dead network. */
const IDLE_LEDGER_MS = 5_000;

const FUNDED_ACCOUNTS = 5;

export function devnetCommand(cli: Cli): Command {
  return new Command('devnet')
    .description('run a Stellar network on this machine: RPC, a part of Horizon, friendbot, real contracts')
    .option('--port <port>', 'port of RPC, Horizon and friendbot; 0 takes any', '8000')
    .option('--close-ms <ms>', 'close a ledger every so many ms; without it, one for each transaction')
    .option('--state <file>', 'keep the network in this file and go on with it next time')
    .option('--passphrase <text>', 'the network passphrase')
    .option('--info-file <file>', 'write URLs, passphrase and funded accounts as JSON')
    .action((options: DevnetCommandOptions) => runDevnet(options, cli));
}

async function runDevnet(options: DevnetCommandOptions, cli: Cli): Promise<void> {
  const ended = endSignal();
  const port = await openPort(options.port, '--port');
  const devnet = await start(options, port, cli);
  const idle = options.closeMs === undefined ? idleLedgers(devnet, cli) : undefined;
  try {
    const accounts = await fundedAccounts(devnet);
    const { rpcUrl, horizonUrl, friendbotUrl, passphrase: networkPassphrase } = devnet;
    const info = { rpcUrl, horizonUrl, friendbotUrl, networkPassphrase, accounts };
    if (options.infoFile) writeFileSync(options.infoFile, `${JSON.stringify(info, null, 2)}\n`, { mode: 0o600 });
    cli.out(welcome(info));
    idle?.start();
    await ended;
  } finally {
    await idle?.stop();
    await devnet.close();
  }
}

async function start(options: DevnetCommandOptions, port: number, cli: Cli): Promise<Devnet> {
  const { closeMs, passphrase, state } = options;
  const settings: DevnetOptions = {
    port,
    clock: cli.clock,
    log: createLog('warn'),
    ...(closeMs === undefined ? {} : { closeMs: wholeMs(closeMs) }),
    ...(passphrase === undefined ? {} : { passphrase }),
    ...(state === undefined ? {} : { statePath: state }),
  };
  try {
    return await startDevnet(settings);
  } catch (cause) {
    // A public network's passphrase, or a state file of another network: the message says which.
    throw new CliError('usage', cause instanceof Error ? cause.message : String(cause), undefined, { cause });
  }
}

function wholeMs(text: string): number {
  if (!/^[1-9]\d{0,6}$/.test(text)) {
    throw new CliError('usage', `--close-ms ${text} is no number of milliseconds from 1 to 9999999`);
  }
  return Number(text);
}

type FundedAccount = { address: string; secret: string };

/** The same on every start with the same seed; they exist already where the network goes on. */
async function fundedAccounts(devnet: Devnet): Promise<FundedAccount[]> {
  const accounts = Array.from({ length: FUNDED_ACCOUNTS }, (_, index) => devnet.namedAccount(`account ${index}`));
  for (const { address } of accounts) if (!devnet.hasAccount(address)) await devnet.fundAccount(address);
  return accounts;
}

function idleLedgers(devnet: Devnet, { clock }: Cli): Loop {
  let seen = devnet.latestLedger().sequence;
  return createLoop({
    name: 'idle ledgers',
    intervalMs: IDLE_LEDGER_MS,
    clock,
    log: createLog('warn'),
    turn: async () => {
      if (devnet.latestLedger().sequence === seen) await devnet.closeLedger();
      seen = devnet.latestLedger().sequence;
      return false;
    },
  });
}

type DevnetInfo = {
  rpcUrl: string;
  horizonUrl: string;
  friendbotUrl: string;
  networkPassphrase: string;
  accounts: FundedAccount[];
};

function welcome(info: DevnetInfo): string {
  return [
    `network     ${info.networkPassphrase}`,
    `RPC         ${info.rpcUrl}`,
    `Horizon     ${info.horizonUrl}`,
    `friendbot   ${info.friendbotUrl}?addr=G...`,
    '',
    'Accounts with 10,000 XLM each. Their keys are known to everyone: never use them on a real network.',
    ...info.accounts.map(({ address, secret }) => `  ${address}  ${secret}`),
    '',
    'Ctrl-C stops it.',
  ].join('\n');
}

/** Resolves at Ctrl-C or SIGTERM, also when it comes while the network is still starting. */
function endSignal(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
}
