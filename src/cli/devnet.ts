import { writeFileSync } from 'node:fs';
import { Command } from 'commander';
import { shownNames } from '../devnet/control/account-methods.ts';
import { type Devnet, type DevnetOptions, startDevnet } from '../devnet/devnet.ts';
import { TIME_S_MAX } from '../devnet/ledger/chain-time.ts';
import { isProfileName, networkProfiles, type ProfileName } from '../devnet/network-profiles.ts';
import { ledgerLines, welcome } from '../devnet/screen.ts';
import { createLog } from '../log.ts';
import type { StoreLock } from '../store/lock.ts';
import type { Cli } from './cli.ts';
import { CliError } from './exit-codes.ts';
import { openPort } from './open-port.ts';

type DevnetCommandOptions = {
  port: string;
  host: string;
  accounts: string;
  control: boolean;
  rateLimit?: boolean;
  quiet?: boolean;
  closeMs?: string;
  infoFile?: string;
  state?: string;
  seed?: string;
  genesisTime?: string;
  ledgerSeconds?: string;
  passphrase?: string;
  limits: string;
};

/** How often a ledger closes when nobody sends anything, ms: clients take an old last ledger for a dead network. */
const IDLE_LEDGER_MS = 5_000;

const ACCOUNTS_MAX = 1_000;

/** A day between ledgers: more is what `devnet_increaseTime` is for. */
const LEDGER_SECONDS_MAX = 86_400;

export function devnetCommand(cli: Cli): Command {
  return new Command('devnet')
    .description('run a Stellar network on this machine: RPC, a part of Horizon, friendbot, real contracts')
    .option('--port <port>', 'port of RPC, Horizon and friendbot; 0 takes any', '8000')
    .option('--host <address>', 'address to listen on; anything but this machine lets others use it', '127.0.0.1')
    .option('--accounts <count>', 'how many accounts with coins it begins with', '5')
    .option('--close-ms <ms>', 'close a ledger every so many ms; without it, one for each transaction')
    .option('--state <file>', 'keep the network in this file and go on with it next time')
    .option('--seed <text>', 'what its hashes and accounts grow from; other text makes another network', 'callora')
    .option('--genesis-time <seconds>', 'when it begins, seconds since 1970; default now')
    .option('--ledger-seconds <s>', 'no clock moves its time: each ledger comes so many seconds after the last')
    .option('--limits <name>', 'whose limits and fee rates contracts meet: pubnet, or the smaller testnet', 'pubnet')
    .option('--passphrase <text>', 'the network passphrase')
    .option('--info-file <file>', 'write URLs, passphrase and funded accounts as JSON')
    .option('--rate-limit', 'let Horizon refuse who asks more often than public servers allow')
    .option('--no-control', 'without the devnet_* methods, which any web page on this machine could call')
    .option('--quiet', 'show no ledgers')
    .action((options: DevnetCommandOptions) => runDevnet(options, cli));
}

async function runDevnet(options: DevnetCommandOptions, cli: Cli): Promise<void> {
  const ended = endSignal();
  const count = accountCount(options.accounts);
  const port = await openPort(options.port, '--port');
  const lock = options.state === undefined ? undefined : await lockState(options.state);
  try {
    await runLocked(options, { port, count, ended }, cli);
  } finally {
    lock?.release();
  }
}

/** Two networks that append to one file would make a third of it. A network without a file does not wait for the database. */
async function lockState(file: string): Promise<StoreLock> {
  const { lockStore, StoreLockedError } = await import('../store/lock.ts');
  try {
    return lockStore(file);
  } catch (cause) {
    if (!(cause instanceof StoreLockedError)) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new CliError('usage', `--state ${file} cannot be used: ${reason}`, undefined, { cause });
    }
    const taken = `--state ${file} is in use by another process (pid ${cause.pid}); stop it, or choose another file`;
    throw new CliError('usage', taken, undefined, { cause });
  }
}

type Run = { port: number; count: number; ended: Promise<void> };

async function runLocked(options: DevnetCommandOptions, { port, count, ended }: Run, cli: Cli): Promise<void> {
  const devnet = await start(options, port, cli);
  try {
    const accounts = await fundedAccounts(devnet, count);
    const { rpcUrl, horizonUrl, friendbotUrl, passphrase: networkPassphrase } = devnet;
    const info = { rpcUrl, horizonUrl, friendbotUrl, networkPassphrase, accounts };
    if (options.infoFile) writeFileSync(options.infoFile, `${JSON.stringify(info, null, 2)}\n`, { mode: 0o600 });
    cli.out(
      welcome(info, devnet, {
        closeMs: options.closeMs === undefined ? undefined : wholeMs(options.closeMs),
        statePath: options.state,
      }),
    );
    if (!options.quiet) devnet.onLedger((ledger) => showLines(ledgerLines(ledger), cli));
    await ended;
  } finally {
    await devnet.close();
  }
}

async function start(options: DevnetCommandOptions, port: number, cli: Cli): Promise<Devnet> {
  const { closeMs, passphrase, state, host, control, rateLimit = false, seed, genesisTime, ledgerSeconds } = options;
  const settings: DevnetOptions = {
    host,
    port,
    control,
    rateLimited: rateLimit,
    idleMs: IDLE_LEDGER_MS,
    limits: profileName(options.limits),
    clock: cli.clock,
    log: createLog('warn'),
    ...(closeMs === undefined ? {} : { closeMs: wholeMs(closeMs) }),
    ...(seed === undefined ? {} : { seed }),
    ...(genesisTime === undefined ? {} : { genesisTimeS: wholeSeconds('--genesis-time', genesisTime, TIME_S_MAX) }),
    ...(ledgerSeconds === undefined
      ? {}
      : { ledgerSeconds: wholeSeconds('--ledger-seconds', ledgerSeconds, LEDGER_SECONDS_MAX) }),
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

function profileName(text: string): ProfileName {
  if (isProfileName(text)) return text;
  throw new CliError('usage', `--limits ${text} is neither of ${Object.keys(networkProfiles).join(', ')}`);
}

function wholeMs(text: string): number {
  if (!/^[1-9]\d{0,6}$/.test(text)) {
    throw new CliError('usage', `--close-ms ${text} is no number of milliseconds from 1 to 9999999`);
  }
  return Number(text);
}

function wholeSeconds(option: string, text: string, max: number): number {
  const seconds = /^\d{1,12}$/.test(text) ? Number(text) : Number.NaN;
  if (!(seconds <= max)) throw new CliError('usage', `${option} ${text} is no number of seconds from 0 to ${max}`);
  return seconds;
}

function accountCount(text: string): number {
  const count = /^\d{1,4}$/.test(text) ? Number(text) : Number.NaN;
  if (!(count <= ACCOUNTS_MAX)) {
    throw new CliError('usage', `--accounts ${text} is no number from 0 to ${ACCOUNTS_MAX}`);
  }
  return count;
}

type FundedAccount = { address: string; secret: string };

/** The same on every start with the same seed; they exist already where the network goes on. */
async function fundedAccounts(devnet: Devnet, count: number): Promise<FundedAccount[]> {
  const accounts = [...shownNames(count)].map(devnet.namedAccount);
  for (const { address } of accounts) if (!devnet.hasAccount(address)) await devnet.fundAccount(address);
  return accounts;
}

function showLines(lines: readonly string[], cli: Cli): void {
  for (const line of lines) cli.out(line);
}

/** Resolves at Ctrl-C or SIGTERM, also when it comes while the network is still starting. */
function endSignal(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
}
