import type { Command } from 'commander';
import { addressKind } from '../catalog/address.ts';
import { resolveNetwork } from '../catalog/network.ts';
import type { Cli } from './cli.ts';
import { type GatewayState, onlyState, pin, readState, writeState } from './consumer-state.ts';
import { CliError } from './exit-codes.ts';
import { askGateway } from './gateway-client.ts';
import { type Key, readKeyFile } from './key-file.ts';

/** `--gateway`, `--rpc`, `--vault`, `--network`: which vault a consumer's command works on, and through whom. */
export type TargetOptions = { gateway?: string; rpc?: string; vault?: string; network?: string };

/** What a command needs to talk to the vault; `state` is there when a gateway is part of it. */
export type Target = { rpcUrl: string; passphrase: string; vault: string; state: GatewayState | undefined };

export function withTargetOptions(command: Command): Command {
  return command
    .option('--gateway <url>', 'the gateway; without it, the only one ever logged in at')
    .option('--rpc <url>', 'a Stellar RPC server of your choice')
    .option('--vault <address>', 'with --rpc and --network: work on this vault without any gateway')
    .option('--network <name>', 'testnet, public, or the passphrase of another network');
}

/** `--key`, and whose key is meant without it. */
export type KeyOptions = { key?: string };

export function withKeyOption(command: Command): Command {
  return command.option('--key <file>', 'file with the S… seed of the account; without it, the key of the last login');
}

export function keyOf(cli: Cli, options: KeyOptions, state: GatewayState | undefined): Key {
  const file = options.key ?? state?.keyFile;
  if (file !== undefined) return readKeyFile(cli, file);
  throw new CliError('usage', 'name the account by its key with --key FILE');
}

/** Asks the gateway what it is, and compares with what is pinned; a first sight is pinned and said. */
export async function pinnedGateway(cli: Cli, options: TargetOptions): Promise<GatewayState> {
  const pinned =
    options.gateway === undefined ? onlyState(cli.stateDir) : readState(cli.stateDir, originOf(options.gateway));
  const gateway = pinned?.gateway ?? originOf(options.gateway ?? '');
  const said = await askGateway(gateway, '/_callora/deposit');
  const { vault, network_passphrase: passphrase, rpc_url: hint } = said;
  if (typeof vault !== 'string' || addressKind(vault) !== 'contract' || typeof passphrase !== 'string') {
    throw new CliError('refused', `${gateway} is no Callora gateway: it names no vault and network`);
  }
  requireNetwork(gateway, passphrase, options.network);
  const state = pin(pinned, { gateway, passphrase, vault, rpcUrl: typeof hint === 'string' ? hint : undefined });
  const next = options.rpc === undefined ? state : { ...state, rpcUrl: options.rpc, rpcChosen: true };
  if (!pinned) cli.note(`pinned ${gateway}: vault ${vault} on "${passphrase}"`);
  writeState(cli.stateDir, next);
  return next;
}

/** The vault of the options alone, of a pinned gateway, or of a gateway met now. Needs no gateway when one is pinned. */
export async function findTarget(cli: Cli, options: TargetOptions): Promise<Target> {
  if (options.vault !== undefined) return bareTarget(options);
  const known =
    options.gateway === undefined ? onlyState(cli.stateDir) : readState(cli.stateDir, originOf(options.gateway));
  const state = known ?? (await pinnedGateway(cli, options));
  requireNetwork(state.gateway, state.passphrase, options.network);
  return { ...requireRpc(options, state), vault: state.vault, state };
}

/** The RPC server of the options, the one chosen before, or the one that the gateway named last. */
export function requireRpc(options: TargetOptions, state: GatewayState): { rpcUrl: string; passphrase: string } {
  const rpcUrl = options.rpc ?? state.rpcUrl;
  if (rpcUrl !== undefined) return { rpcUrl, passphrase: state.passphrase };
  throw new CliError('usage', 'no Stellar RPC server is known for this network', 'Name one with --rpc URL.');
}

export function bareTarget({ rpc, vault, network }: TargetOptions): Target {
  if (rpc === undefined || network === undefined) {
    throw new CliError('usage', '--vault goes with --rpc and --network: together they need no gateway');
  }
  if (addressKind(vault ?? '') !== 'contract') throw new CliError('usage', `--vault ${vault} is no C… address`);
  return { rpcUrl: rpc, passphrase: passphraseOf(network), vault: vault ?? '', state: undefined };
}

function requireNetwork(gateway: string, passphrase: string, wanted: string | undefined): void {
  if (wanted === undefined || passphraseOf(wanted) === passphrase) return;
  throw new CliError('refused', `${gateway} works on the network "${passphrase}", not on ${wanted}`);
}

function passphraseOf(text: string): string {
  const network = resolveNetwork(text);
  if (network) return network.passphrase;
  throw new CliError('usage', `--network ${text} is neither testnet, public, nor a passphrase`);
}

export function originOf(text: string): string {
  if (URL.canParse(text)) {
    const { protocol, origin } = new URL(text);
    if (protocol === 'http:' || protocol === 'https:') return origin;
  }
  throw new CliError('usage', `--gateway ${text} is no URL such as https://api.example.com`);
}
