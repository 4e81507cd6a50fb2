import type { Command } from 'commander';
import { addressKind } from '../catalog/address.ts';
import { type VaultAct, vaultActOperation } from '../stellar/vault-acts.ts';
import { createVault, type Vault } from '../stellar/vault-client.ts';
import type { VaultInfo } from '../stellar/vault-views.ts';
import { connect, requireLanded } from './chain.ts';
import type { Cli } from './cli.ts';
import { readConfig } from './config-option.ts';
import { CliError } from './exit-codes.ts';
import { type Key, readKeyFile } from './key-file.ts';
import { printFields, printJson } from './output.ts';
import { bareTarget, type TargetOptions } from './target.ts';

/** Where the vault is, who signs, and how far to go. The key is always named: no config file may lead to it. */
export type ActOptions = Pick<TargetOptions, 'rpc' | 'vault' | 'network'> & {
  config: string;
  adminKey: string;
  simulate?: boolean;
  yes?: boolean;
  json?: boolean;
};

export function withActOptions(command: Command, whose = 'the vault’s admin'): Command {
  return command
    .requiredOption('--admin-key <file>', `seed of ${whose}; keep it off the machine that serves`)
    .option('-c, --config <file>', 'config file that names the vault', './config.yaml')
    .option('--rpc <url>', 'without a config file: a Stellar RPC server')
    .option('--network <name>', 'with --rpc: testnet, public, or a passphrase')
    .option('--vault <address>', 'with --rpc: the vault')
    .option('--simulate', 'only ask the network whether it would work')
    .option('--yes', 'do it, although it is hard to undo')
    .option('--json', 'print JSON for programs');
}

export type VaultAt = { address: string; chain: ReturnType<typeof connect>; vault: Vault; info: VaultInfo };

/** The vault of the config file; or, on a machine that has none, of `--rpc`, `--network` and `--vault`. */
export async function openVault(cli: Cli, options: Omit<ActOptions, 'adminKey'>): Promise<VaultAt> {
  const bare = options.vault !== undefined || options.rpc !== undefined || options.network !== undefined;
  const { rpcUrl, passphrase, vault: address } = bare ? bareTarget(options) : readConfig(cli, options.config).stellar;
  const chain = connect(cli, { rpcUrl, passphrase });
  await chain.rpc.verifyNetwork();
  const vault = createVault({ rpc: chain.rpc, vault: address });
  return { address, chain, vault, info: await vault.info() };
}

export type PlannedAct = {
  /** For the message and the audit of whoever reads along: `list payee G…`. */
  title: string;
  act: VaultAct;
  /** What goes wrong when this was a mistake; such an act wants --yes. */
  danger?: string;
  /** What was seen of the vault before, shown with the outcome. */
  seen?: Record<string, string>;
};

/** Rehearses the act on the network as it is now, and sends it unless only that was asked for. */
export async function perform(
  cli: Cli,
  at: VaultAt,
  key: Key,
  options: ActOptions,
  planned: PlannedAct,
): Promise<void> {
  const { title, act, danger, seen } = planned;
  const request = { operation: vaultActOperation(at.address, act), secret: key.secret };
  const rehearsed = await at.chain.submitter.rehearse(request);
  if (rehearsed.status === 'refused') {
    throw new CliError(
      'chain',
      `the vault refuses to ${title}: ${rehearsed.reason ?? rehearsed.detail}`,
      'Nothing was sent.',
    );
  }
  const said = { vault: at.address, act: title, signed_by: key.address, ...seen };
  if (options.simulate) return show(cli, options, { ...said, outcome: 'would work; nothing was sent' });
  if (danger !== undefined && !options.yes) {
    throw new CliError('refused', `${title}: ${danger}`, 'It would work. Nothing was sent: say --yes to do it.');
  }
  const landed = requireLanded(title, await at.chain.submitter.submit(request));
  show(cli, options, { ...said, outcome: 'done', ledger: landed.ledger, tx_hash: landed.hash });
}

function show(cli: Cli, options: ActOptions, fields: Record<string, string | number>): void {
  if (options.json) printJson(cli, fields);
  else printFields(cli, fields);
}

/** A key that the vault would not take is named here, before a fee is paid for nothing. */
export function keyOfRole(
  cli: Cli,
  at: VaultAt,
  options: ActOptions,
  roles: Partial<Record<'admin' | 'operator' | 'pendingAdmin', true>>,
): Key {
  const key = readKeyFile(cli, options.adminKey, '--admin-key');
  const { admin, operator, pendingAdmin } = at.info;
  const held = { admin, operator, pendingAdmin };
  const wanted = (['admin', 'operator', 'pendingAdmin'] as const).filter((role) => roles[role]);
  if (wanted.some((role) => held[role] === key.address)) return key;
  const names = wanted.map((role) => `${roleNames[role]} ${held[role] ?? '(none)'}`).join(' nor the ');
  throw new CliError('refused', `${options.adminKey} is the key of ${key.address}, which is not the ${names}`);
}

const roleNames = { admin: 'vault’s admin', operator: 'vault’s operator', pendingAdmin: 'proposed admin' };

export function readAddress(what: string, text: string): string {
  const kind = addressKind(text);
  if (kind === 'account' || kind === 'contract') return text;
  throw new CliError('usage', `${what} ${text} is no G… or C… address`);
}
