import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Command } from 'commander';
import { type App, startApp } from '../app/app.ts';
import { formatProblem, loadConfig } from '../catalog/load.ts';
import type { Config } from '../catalog/model.ts';
import type { Clock } from '../clock.ts';
import { type Devnet, startDevnet } from '../devnet/devnet.ts';
import { createLog } from '../log.ts';
import { createLoop, type Loop } from '../loop.ts';
import { formatUsdc, parseUsdc, type Units } from '../money.ts';
import { publicKeyOf } from '../stellar/transactions.ts';
import { lockStore } from '../store/lock.ts';
import type { Cli } from './cli.ts';
import { startDemoUpstream } from './demo-upstream.ts';
import { CliError } from './exit-codes.ts';
import { openPort } from './open-port.ts';
import { depositFirst, firstDeposit, prepareChain, type SandboxChain } from './sandbox-chain.ts';
import { prepareFiles, type SandboxConfig, type SandboxFiles, sandboxKeys, sandboxYaml } from './sandbox-files.ts';
import { printSettlement, printWelcome, type SandboxInfo, type Say } from './sandbox-report.ts';
import { walletToken } from './wallet-token.ts';

type SandboxOptions = {
  port: string;
  adminPort: string;
  dataDir?: string;
  infoFile?: string;
  upstream?: string;
  price?: string;
};

/** What has to be undone at the end, last made first. */
type Undo = (() => Promise<void> | void)[];

/** How often a ledger closes when nobody sends anything: the gateway watches the chain's age, ms. */
const idleLedgerMs = 1_000;

export function sandboxCommand(cli: Cli): Command {
  return new Command('sandbox')
    .description(
      'run everything on this machine: a Stellar network, the vault, a gateway, a demo API, a funded consumer',
    )
    .option('--port <port>', 'port of the gateway; 0 takes any', '8402')
    .option('--admin-port <port>', 'port of the operator API; 0 takes any', '8403')
    .option('--data-dir <dir>', 'keep network and books there; without it they are removed on exit')
    .option('--upstream <url>', 'sell your own service instead of the demo')
    .option('--price <usdc>', 'price of a call to it, such as 0.001')
    .option('--info-file <file>', 'write addresses, keys and URLs as JSON')
    .action((options: SandboxOptions) => runSandbox(options, cli.clock, (line) => cli.out(line)));
}

async function runSandbox(options: SandboxOptions, clock: Clock, say: Say): Promise<void> {
  const undo: Undo = [];
  const ended = endSignal();
  try {
    await start(options, clock, say, undo);
    await ended;
    say('stopping');
  } finally {
    for (const step of undo.reverse()) await step();
  }
}

/** Resolves at Ctrl-C, SIGTERM or when the terminal closes (SIGHUP), also while the sandbox is still starting. */
function endSignal(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => resolve());
  });
}

async function start(options: SandboxOptions, clock: Clock, say: Say, undo: Undo): Promise<void> {
  const startedMs = clock.monotonicMs();
  const sold = readSold(options);
  const ports = {
    gateway: await openPort(options.port, '--port'),
    admin: await openPort(options.adminPort, '--admin-port'),
  };
  const dataDir = makeDataDir(options.dataDir, undo);
  const lock = lockDir(dataDir, undo);
  const keys = sandboxKeys();
  const files = await prepareFiles(dataDir, keys);
  const log = createLog('warn');

  const devnet = await startDevnet({
    clock,
    log,
    control: false,
    ...(options.dataDir ? { statePath: files.devnetState } : {}),
  });
  undo.push(() => devnet.close());
  // A kept network stopped when its sandbox did: transactions signed against its last ledger would be too late at once.
  await devnet.closeLedger();
  const loop = idleLedgers(devnet, clock, log);
  loop.start();
  undo.push(() => loop.stop());
  say(`network     ${devnet.rpcUrl} (Stellar RPC), ${devnet.horizonUrl} (Horizon)`);
  const chain = await prepareChain(devnet, keys, clock);
  say(`vault       ${chain.vault}, payee ${publicKeyOf(keys.payee)}`);

  const upstream = sold.upstream ?? (await startUpstream(files.upstreamSecret, clock, undo));
  const config = writeConfig(
    files,
    ports,
    devnet,
    chain,
    publicKeyOf(keys.payee),
    sold.upstream === undefined
      ? { kind: 'demo', upstream }
      : { kind: 'visitor', upstream, priceUnits: sold.priceUnits },
  );
  lock.release();
  const app = await startApp(config, { clock, log: createLog(config.log.level), env: process.env });
  undo.push(() => app.stop());
  say(`gateway     ${app.gatewayUrl} sells ${upstream}`);
  say(`operator    ${app.adminUrl}`);

  const consumer = { address: publicKeyOf(keys.consumer), secret: keys.consumer, keyFile: files.consumerKey };
  if (chain.fresh) {
    // A gateway that finds a deposit at its first look takes it for one that another gateway has sold calls on.
    await app.untilSelling();
    const hash = await depositFirst(devnet, chain.vault, consumer.secret, clock);
    say(`deposit     ${formatUsdc(firstDeposit)} USDC by ${consumer.address}, transaction ${hash}`);
  }
  const balance = await app.untilSpendable(consumer.address);
  say(`credited    ${formatUsdc(balance)} USDC can be spent`);
  const token = await walletToken({ gateway: app.gatewayUrl, secret: consumer.secret, passphrase: devnet.passphrase });
  app.onSettled((settled) => printSettlement(say, settled));

  const info = sandboxInfo({ app, devnet, chain, files, dataDir, consumer, token, keys });
  if (options.infoFile) writeFileSync(options.infoFile, `${JSON.stringify(info, null, 2)}\n`, { mode: 0o600 });
  const tenths = Math.round((clock.monotonicMs() - startedMs) / 100);
  printWelcome(say, info, {
    path: sold.upstream ? '/mine/' : '/demo/forecast/oslo',
    price: sold.upstream ? formatUsdc(sold.priceUnits) : '0.002',
    socketPath: sold.upstream ? undefined : '/demo/live',
    seconds: `${Math.floor(tenths / 10)}.${tenths % 10}`,
  });
}

type Sold = { upstream: string | undefined; priceUnits: Units };

function readSold(options: SandboxOptions): Sold {
  if (options.price !== undefined && options.upstream === undefined) {
    throw new CliError('usage', '--price goes with --upstream; the demo has its own prices');
  }
  const priceUnits = parseUsdc(options.price ?? '0.001');
  if (priceUnits === undefined) {
    throw new CliError('usage', `--price ${options.price} is no USDC amount; write it like 0.001`);
  }
  const { upstream } = options;
  if (upstream !== undefined && !(URL.canParse(upstream) && /^https?:$/.test(new URL(upstream).protocol))) {
    throw new CliError('usage', `--upstream ${upstream} is no http or https URL; write it like http://127.0.0.1:9000`);
  }
  return { upstream, priceUnits };
}

function makeDataDir(wanted: string | undefined, undo: Undo): string {
  if (wanted !== undefined) {
    mkdirSync(wanted, { recursive: true, mode: 0o700 });
    return path.resolve(wanted);
  }
  const made = mkdtempSync(path.join(tmpdir(), 'callora-sandbox-'));
  undo.push(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

/**
 * The gateway's own lock, taken before the first file is written: a running gateway would load the new config file, and
 * two networks that append to one state file make it unreadable. Released just before the gateway takes it.
 */
function lockDir(dataDir: string, undo: Undo): { release(): void } {
  const lock = lockStore(path.join(dataDir, 'callora.db'));
  let held = true;
  const release = () => {
    if (held) lock.release();
    held = false;
  };
  undo.push(release);
  return { release };
}

async function startUpstream(secret: string, clock: Clock, undo: Undo): Promise<string> {
  const demo = await startDemoUpstream({ secret, clock });
  undo.push(() => demo.close());
  return demo.url;
}

function writeConfig(
  files: SandboxFiles,
  ports: { gateway: number; admin: number },
  devnet: Devnet,
  chain: SandboxChain,
  payee: string,
  sold: SandboxConfig['sold'],
): Config {
  const yaml = sandboxYaml({
    gatewayPort: ports.gateway,
    adminPort: ports.admin,
    passphrase: devnet.passphrase,
    rpcUrl: devnet.rpcUrl,
    horizonUrl: devnet.horizonUrl,
    vault: chain.vault,
    payee,
    sold,
  });
  writeFileSync(files.config, yaml);
  const loaded = loadConfig({ file: files.config, env: process.env });
  if (!loaded.ok) throw new CliError('config', loaded.problems.map(formatProblem).join('\n'));
  return loaded.config;
}

/** Transactions close ledgers at once; this closes one when none came, as a real network would. */
function idleLedgers(devnet: Devnet, clock: Clock, log: Parameters<typeof createLoop>[0]['log']): Loop {
  return createLoop({
    name: 'idle ledgers',
    intervalMs: idleLedgerMs,
    clock,
    log,
    async turn() {
      await devnet.closeLedger();
      return false;
    },
  });
}

function sandboxInfo(parts: {
  app: App;
  devnet: Devnet;
  chain: SandboxChain;
  files: SandboxFiles;
  dataDir: string;
  consumer: SandboxInfo['consumer'];
  token: string;
  keys: ReturnType<typeof sandboxKeys>;
}): SandboxInfo {
  const { app, devnet, chain, files, keys } = parts;
  return {
    gateway: app.gatewayUrl,
    admin: app.adminUrl,
    adminToken: files.adminToken,
    rpcUrl: devnet.rpcUrl,
    horizonUrl: devnet.horizonUrl,
    friendbotUrl: devnet.friendbotUrl,
    networkPassphrase: devnet.passphrase,
    vault: chain.vault,
    usdc: chain.usdc,
    consumer: parts.consumer,
    payee: { address: publicKeyOf(keys.payee) },
    deposit: { address: publicKeyOf(keys.deposit) },
    operator: { address: publicKeyOf(keys.operator), secret: keys.operator },
    token: parts.token,
    config: files.config,
    dataDir: parts.dataDir,
  };
}
