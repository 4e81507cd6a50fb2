import path from 'node:path';
import { Command } from 'commander';
import { addressKind } from '../catalog/address.ts';
import type { Config } from '../catalog/model.ts';
import { formatDuration, parseDurationMs } from '../catalog/quantity.ts';
import { counted } from '../counted.ts';
import { formatUsdc, parseUsdc } from '../money.ts';
import { readOwnFile } from '../own-files.ts';
import { ContractViewError } from '../stellar/contract-view.ts';
import { contractAddress, deployVault, TransactionError } from '../stellar/deploy.ts';
import { accountSequence } from '../stellar/submitter.ts';
import { publicKeyOf } from '../stellar/transactions.ts';
import { createVault, type Vault } from '../stellar/vault-client.ts';
import type { VaultConfig, VaultInfo } from '../stellar/vault-views.ts';
import { connect } from './chain.ts';
import type { Cli } from './cli.ts';
import { type OperatorOptions, readConfig, withOperatorOptions } from './config-option.ts';
import { CliError } from './exit-codes.ts';
import { readKeyFile } from './key-file.ts';
import { limitText } from './limit.ts';
import { printFields, printJson, printTable } from './output.ts';
import { addAdminCommands } from './vault-admin.ts';
import { defaultSalt, defaultTerms, saltOf, usdcContracts, vaultWasmKey } from './vault-terms.ts';

type DeployOptions = OperatorOptions & {
  adminKey?: string;
  token?: string;
  treasury?: string;
  salt: string;
  feeBps: string;
  withdrawDelay: string;
  upgradeDelay: string;
  limitPeriod: string;
  minDeposit: string;
};

export function vaultCommand(cli: Cli): Command {
  const vault = new Command('vault').description('the contract that holds the money');

  const { feeBps, withdrawDelayS, upgradeDelayS, limitPeriodS, minDeposit } = defaultTerms;
  withOperatorOptions(vault.command('deploy'))
    .description('put the vault of this config file on chain and list its payees; running it again finishes or adds')
    .option('--admin-key <file>', 'seed of the vault’s admin, who pays for it; secrets/vault-admin.seed without it')
    .option('--token <address>', 'asset contract of USDC; Circle’s on testnet and public')
    .option('--treasury <address>', 'who gets the platform fee; the admin without it')
    .option('--salt <text>', 'another vault of the same admin', defaultSalt)
    .option('--fee-bps <number>', 'platform fee in 1/100 of a percent, for ever', String(feeBps))
    .option('--withdraw-delay <duration>', 'notice of a withdrawal, for ever', formatDuration(withdrawDelayS * 1000))
    .option(
      '--upgrade-delay <duration>',
      'notice of an upgrade; longer than the former',
      formatDuration(upgradeDelayS * 1000),
    )
    .option('--limit-period <duration>', 'period of the limits accounts set', formatDuration(limitPeriodS * 1000))
    .option('--min-deposit <usdc>', 'smallest deposit', formatUsdc(minDeposit))
    .action((options: DeployOptions) => deploy(cli, options));

  withOperatorOptions(vault.command('show'))
    .description('what the vault says of itself: roles, terms, state, payees')
    .action(async (options: OperatorOptions) => {
      const config = readConfig(cli, options.config);
      const shown = await readVault(cli, config);
      if (options.json) printJson(cli, shown);
      else printVault(cli, shown);
    });

  addAdminCommands(cli, vault);
  return vault;
}

async function deploy(cli: Cli, options: DeployOptions): Promise<void> {
  const config = readConfig(cli, options.config);
  const { network, passphrase, rpcUrl, vault: wanted, operatorSecret } = config.stellar;
  const adminFile = options.adminKey ?? path.join(path.dirname(config.file), 'secrets/vault-admin.seed');
  const admin = readKeyFile(cli, adminFile, '--admin-key');
  const token = options.token ?? usdcContracts[network];
  if (token === undefined) throw new CliError('usage', 'name the asset contract of USDC on this network with --token');
  if (addressKind(token) !== 'contract') throw new CliError('usage', `--token ${token} is no C… address`);
  const salt = saltOf(options.salt);
  const address = contractAddress(passphrase, admin.address, salt);
  if (address !== wanted) {
    throw new CliError(
      'config',
      `this admin key and salt make the vault ${address}, but stellar.vault in ${config.file} is ${wanted}`,
      `Write ${address} there for a new vault, or name the key the old one was made with (--admin-key, --salt).`,
    );
  }
  const terms = readTerms(options);
  const chain = connect(cli, { rpcUrl, passphrase });
  if ((await accountSequence(chain.rpc, admin.address)) === undefined) {
    throw new CliError(
      'chain',
      `the admin account ${admin.address} does not exist on this network`,
      'Fund it with XLM first.',
    );
  }
  const payees = [...new Set(config.apis.map((api) => api.payee))];
  cli.note(`deploying ${address} and listing ${counted(payees.length, 'payee')}; this takes a minute`);
  await deployVault(chain, {
    wasm: readOwnFile(vaultWasmKey),
    adminSecret: admin.secret,
    operator: publicKeyOf(operatorSecret),
    token,
    treasury: options.treasury ?? admin.address,
    config: terms,
    payees,
    salt,
  }).catch((error: unknown) => {
    if (!(error instanceof TransactionError)) throw error;
    throw new CliError(
      'chain',
      `the deployment stopped: ${error.message}`,
      'Running the command again goes on from here.',
      {
        cause: error,
      },
    );
  });
  const shown = await readVault(cli, config);
  if (options.json) printJson(cli, shown);
  else printVault(cli, shown);
}

function readTerms(options: DeployOptions): VaultConfig {
  const seconds = (name: string, text: string) => {
    const ms = parseDurationMs(text);
    if (ms === undefined || ms < 1000)
      throw new CliError('usage', `--${name} ${text} is no duration; write it like 48h`);
    return Math.floor(ms / 1000);
  };
  const feeBps = /^[0-9]{1,5}$/.test(options.feeBps) ? Number(options.feeBps) : Number.NaN;
  if (!(feeBps <= 10_000)) throw new CliError('usage', `--fee-bps ${options.feeBps} is no number from 0 to 10000`);
  const minDeposit = parseUsdc(options.minDeposit);
  if (minDeposit === undefined || minDeposit === 0n) {
    throw new CliError('usage', `--min-deposit ${options.minDeposit} is no positive amount of USDC`);
  }
  const withdrawDelayS = seconds('withdraw-delay', options.withdrawDelay);
  const upgradeDelayS = seconds('upgrade-delay', options.upgradeDelay);
  if (upgradeDelayS <= withdrawDelayS) {
    throw new CliError(
      'usage',
      '--upgrade-delay must be longer than --withdraw-delay: everyone must be able to leave first',
    );
  }
  const limitPeriodS = seconds('limit-period', options.limitPeriod);
  return { ...defaultTerms, feeBps, minDeposit, withdrawDelayS, upgradeDelayS, limitPeriodS };
}

type VaultView = Awaited<ReturnType<typeof readVault>>;

async function readVault(cli: Cli, config: Config) {
  const { rpcUrl, passphrase, vault: address } = config.stellar;
  const { rpc } = connect(cli, { rpcUrl, passphrase });
  await rpc.verifyNetwork();
  const vault = createVault({ rpc, vault: address });
  const info = await vault.info().catch((error: unknown) => {
    if (!(error instanceof ContractViewError)) throw error;
    throw new CliError(
      'chain',
      `there is no vault at ${address} on this network`,
      'Make it with `callora vault deploy`.',
      {
        cause: error,
      },
    );
  });
  const payees = await Promise.all(
    [...new Set(config.apis.map((api) => api.payee))].map(async (payee) => ({
      payee,
      listed: await vault.isPayee(payee),
    })),
  );
  return { vault: address, ...infoView(info), ...(await moneyView(vault, info)), payees };
}

function infoView(info: VaultInfo) {
  const { config } = info;
  return {
    version: info.version,
    admin: info.admin,
    operator: info.operator,
    token: info.token,
    treasury: info.treasury,
    fee_bps: config.feeBps,
    withdraw_delay_s: config.withdrawDelayS,
    upgrade_delay_s: config.upgradeDelayS,
    limit_period_s: config.limitPeriodS,
    default_limit: limitText(config.defaultLimit),
    min_deposit: formatUsdc(config.minDeposit),
    lanes: config.lanes,
    paused: pausedText(info.paused),
    pending_admin: info.pendingAdmin ?? null,
    pending_upgrade: info.pendingUpgrade?.hash ?? null,
    upgrade_from: isoTime(info.pendingUpgrade?.applyAfterS),
    upgrade_until: isoTime(info.pendingUpgrade?.expiresAtS),
  };
}

function isoTime(seconds: number | undefined): string | null {
  return seconds === undefined ? null : new Date(seconds * 1000).toISOString();
}

/** Bits 1 and 2 of the vault's word. */
export function pausedText(paused: number): string {
  const parts = [paused & 1 ? 'deposits' : '', paused & 2 ? 'settlement' : ''].filter((part) => part !== '');
  return parts.length > 0 ? parts.join(' and ') : 'nothing';
}

async function moneyView(vault: Vault, info: VaultInfo) {
  const [{ tokens, liabilities }, lane] = await Promise.all([vault.coverage(info.token), vault.lastBatch(0)]);
  return {
    holds: formatUsdc(tokens),
    liabilities: formatUsdc(liabilities),
    last_batch: lane.batch,
    last_root: lane.root,
  };
}

function printVault(cli: Cli, { payees, ...fields }: VaultView): void {
  printFields(cli, fields);
  cli.out('');
  printTable(
    cli,
    payees,
    [
      { title: 'payee of this config file', value: (row) => row.payee },
      { title: 'listed', value: (row) => (row.listed ? 'yes' : 'NO') },
    ],
    'No payees.',
  );
}
