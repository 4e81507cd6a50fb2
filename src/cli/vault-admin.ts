import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { counted } from '../counted.ts';
import { uploadOperation } from '../stellar/vault-acts.ts';
import { requireLanded } from './chain.ts';
import type { Cli } from './cli.ts';
import { CliError } from './exit-codes.ts';
import { type ActOptions, keyOfRole, openVault, perform, readAddress, withActOptions } from './vault-act.ts';
import { sweepCommand } from './vault-sweep.ts';

/** What the holder of the vault's admin key does. Every act shows in the gateway's audit, wherever it was made. */
export function addAdminCommands(cli: Cli, vault: Command): void {
  payeeCommands(cli, vault);
  pauseCommands(cli, vault);
  roleCommands(cli, vault);
  upgradeCommands(cli, vault);
  sweepCommand(cli, vault);
}

const admin = { admin: true } as const;

function payeeCommands(cli: Cli, vault: Command): void {
  const payee = vault.command('payee').description('who can be paid: settlements credit listed payees only');
  withActOptions(payee.command('add'))
    .argument('<address>')
    .description('list a payee')
    .action(async (address: string, options: ActOptions) => {
      const at = await openVault(cli, options);
      const act = { kind: 'add_payee', address: readAddress('payee', address) } as const;
      await perform(cli, at, keyOfRole(cli, at, options, admin), options, { title: `list payee ${address}`, act });
    });
  withActOptions(payee.command('remove'))
    .argument('<address>')
    .description('take a payee off the list; what it earned stays its own')
    .action(async (address: string, options: ActOptions) => {
      const at = await openVault(cli, options);
      const act = { kind: 'remove_payee', address: readAddress('payee', address) } as const;
      const danger =
        'gateways stop selling its APIs at once, and what is not settled yet waits until it is listed again';
      await perform(cli, at, keyOfRole(cli, at, options, admin), options, {
        title: `remove payee ${address}`,
        act,
        danger,
      });
    });
}

type PauseOptions = ActOptions & { deposits?: boolean; settlement?: boolean };

function pauseCommands(cli: Cli, vault: Command): void {
  const parts = (command: Command) =>
    command.option('--deposits', 'deposits only').option('--settlement', 'settlement only');
  parts(withActOptions(vault.command('pause'), 'the admin or the operator'))
    .description('stop deposits and settlement; exits and claims go on, paid calls stop')
    .action(async (options: PauseOptions) => {
      const at = await openVault(cli, options);
      const key = keyOfRole(cli, at, options, { admin: true, operator: true });
      const act = { kind: 'pause', caller: key.address, flags: flagsOf(options) } as const;
      await perform(cli, at, key, options, { title: `pause ${partsText(act.flags)}`, act });
    });
  parts(withActOptions(vault.command('unpause')))
    .description('let deposits and settlement go on')
    .action(async (options: PauseOptions) => {
      const at = await openVault(cli, options);
      const act = { kind: 'unpause', flags: flagsOf(options) } as const;
      const title = `unpause ${partsText(act.flags)}`;
      await perform(cli, at, keyOfRole(cli, at, options, admin), options, { title, act });
    });
}

function flagsOf({ deposits, settlement }: PauseOptions): number {
  return (deposits ? 1 : 0) | (settlement ? 2 : 0) || 3;
}

function partsText(flags: number): string {
  return ['', 'deposits', 'settlement', 'deposits and settlement'][flags] ?? '';
}

function roleCommands(cli: Cli, vault: Command): void {
  withActOptions(vault.command('set-operator'))
    .argument('<address>', 'who settles from now on')
    .description('hand settlement to another key: after a theft, or to rotate it')
    .action(async (address: string, options: ActOptions) => {
      const at = await openVault(cli, options);
      const act = { kind: 'set_operator', address: readAddress('operator', address) } as const;
      const danger = 'the gateway cannot settle until it has the new key';
      await perform(cli, at, keyOfRole(cli, at, options, admin), options, {
        title: `set operator ${address}`,
        act,
        danger,
      });
    });
  withActOptions(vault.command('set-treasury'))
    .argument('<address>', 'who gets the platform fee')
    .description('send the platform fee elsewhere, also what is due already')
    .action(async (address: string, options: ActOptions) => {
      const at = await openVault(cli, options);
      const act = { kind: 'set_treasury', address: readAddress('treasury', address) } as const;
      const danger = 'every fee that was not collected yet goes there';
      await perform(cli, at, keyOfRole(cli, at, options, admin), options, {
        title: `set treasury ${address}`,
        act,
        danger,
      });
    });
  const role = vault.command('admin').description('hand the vault to another admin, in two steps');
  withActOptions(role.command('propose'))
    .argument('<address>')
    .description('first step, by the admin of now')
    .action(async (address: string, options: ActOptions) => {
      const at = await openVault(cli, options);
      const act = { kind: 'propose_admin', address: readAddress('admin', address) } as const;
      const danger = 'whoever holds that key can take the vault over';
      await perform(cli, at, keyOfRole(cli, at, options, admin), options, {
        title: `propose admin ${address}`,
        act,
        danger,
      });
    });
  withActOptions(role.command('accept'), 'the proposed admin')
    .description('second step, by the new one')
    .action(async (options: ActOptions) => {
      const at = await openVault(cli, options);
      const key = keyOfRole(cli, at, options, { pendingAdmin: true });
      await perform(cli, at, key, options, { title: 'accept the admin role', act: { kind: 'accept_admin' } });
    });
}

function upgradeCommands(cli: Cli, vault: Command): void {
  const upgrade = vault.command('upgrade').description('other code for the vault, after its upgrade delay');
  withActOptions(upgrade.command('propose'))
    .option('--wasm <file>', 'the new code; it is put on chain first')
    .option('--hash <hex>', 'or the sha256 of code that is on chain')
    .description('announce new code: everyone can leave before it can be applied')
    .action((options: ActOptions & { wasm?: string; hash?: string }) => proposeUpgrade(cli, options));
  const simple = [
    [
      'apply',
      'apply_upgrade',
      'bring the announced code into force, within seven days after the delay',
      'the vault runs other code from then on, with all its money',
    ],
    ['cancel', 'cancel_upgrade', 'take the announcement back', undefined],
    ['migrate', 'migrate', 'let new code bring its storage forward, once', undefined],
  ] as const;
  for (const [name, kind, description, danger] of simple) {
    withActOptions(upgrade.command(name))
      .description(description)
      .action(async (options: ActOptions) => {
        const at = await openVault(cli, options);
        const planned = { title: `${name} the upgrade`, act: { kind }, ...(danger === undefined ? {} : { danger }) };
        await perform(cli, at, keyOfRole(cli, at, options, admin), options, planned);
      });
  }
}

async function proposeUpgrade(cli: Cli, options: ActOptions & { wasm?: string; hash?: string }): Promise<void> {
  const code = options.wasm === undefined ? undefined : readFileSync(options.wasm);
  const hash = code ? createHash('sha256').update(code).digest('hex') : options.hash;
  if (hash === undefined || !/^[0-9a-f]{64}$/.test(hash) || (code && options.hash !== undefined)) {
    throw new CliError('usage', 'name the code with either --wasm FILE or --hash, 64 hex digits');
  }
  const at = await openVault(cli, options);
  const key = keyOfRole(cli, at, options, admin);
  if (code && options.yes && !options.simulate) {
    // Code that is on chain already costs a fee and changes nothing.
    requireLanded('upload', await at.chain.submitter.submit({ operation: uploadOperation(code), secret: key.secret }));
  }
  const danger = `it can be applied ${counted(Math.round(at.info.config.upgradeDelayS / 3600), 'hour')} from now, and everyone sees it`;
  await perform(cli, at, key, options, {
    title: `propose upgrade ${hash}`,
    act: { kind: 'propose_upgrade', hash },
    danger,
  });
}
