import { Command } from 'commander';
import { addressKind } from '../catalog/address.ts';
import { formatUsdc, type Units } from '../money.ts';
import { createVault } from '../stellar/vault-client.ts';
import { connect } from './chain.ts';
import type { Cli } from './cli.ts';
import { leaveCoSigned } from './co-signed-exit.ts';
import type { GatewayState } from './consumer-state.ts';
import { readAmount } from './deposit.ts';
import { CliError } from './exit-codes.ts';
import { askGateway } from './gateway-client.ts';
import type { Key } from './key-file.ts';
import { printFields, printJson } from './output.ts';
import { keyOf, pinnedGateway, requireRpc, withKeyOption, withTargetOptions } from './target.ts';
import { walletSession } from './wallet-token.ts';
import { addAloneSteps, leaveAlone, type WithdrawOptions } from './withdraw-alone.ts';

/**
 * Two ways out of the vault. At once, when the gateway co-signs; or by request and delay, on the account's word alone:
 * no gateway can refuse that or make it last longer than the vault's terms.
 */
export function withdrawCommand(cli: Cli): Command {
  const withdraw = withKeyOption(withTargetOptions(new Command('withdraw')))
    .argument('[amount]', 'USDC, such as 10 or 0.5')
    .description('take money out of the vault: at once with the gateway’s co-signature, or --alone after the delay')
    .option('--to <address>', 'who receives it; the account itself without it')
    .option('--alone', 'without the gateway: gives notice, and run again after the delay pays out')
    .option('--json', 'print JSON for programs')
    // Otherwise the options of `withdraw` would swallow those of `withdraw take` and the others.
    .enablePositionalOptions()
    .action(async (text: string | undefined, options: WithdrawOptions) => {
      if (text === undefined) {
        throw new CliError(
          'usage',
          'say how much: callora withdraw 10',
          '`callora withdraw status` shows what there is.',
        );
      }
      const amount = readAmount(text);
      requireReceiver(options.to);
      if (options.alone) return leaveAlone(cli, options, amount);
      if (options.vault !== undefined) {
        throw new CliError('usage', '--vault goes without a gateway, which alone can co-sign', 'Add --alone.');
      }
      await leaveAtOnce(cli, options, amount);
    });
  addAloneSteps(cli, withdraw, requireReceiver);
  return withdraw;
}

async function leaveAtOnce(cli: Cli, options: WithdrawOptions, amount: Units): Promise<void> {
  const alone = `Without the gateway, after the vault's delay: callora withdraw ${formatUsdc(amount)} --alone`;
  const state = await pinnedGateway(cli, options).catch((error: unknown) => {
    if (!(error instanceof CliError) || error.kind !== 'unreachable') throw error;
    throw new CliError('unreachable', error.message, alone, { cause: error });
  });
  const key = keyOf(cli, options, state);
  const chain = connect(cli, requireRpc(options, state));
  const to = options.to ?? key.address;
  const { vault } = state;
  const way = `${alone} --rpc ${chain.rpcUrl} --network ${JSON.stringify(state.passphrase)} --vault ${vault}`;
  const ask = async (body: { amount: string; to: string }) =>
    askGateway(state.gateway, '/_callora/exits', { token: await freshSession(cli, state, key), body });
  const landed = await leaveCoSigned({ chain, vault, key, to, amount, ask, alone: way });
  const { balance } = await createVault({ rpc: chain.rpc, vault }).account(key.address);
  const result = {
    account: key.address,
    to,
    amount: formatUsdc(amount),
    ledger: landed.ledger,
    tx_hash: landed.hash,
    vault_balance: formatUsdc(balance),
  };
  if (options.json) printJson(cli, result);
  else printFields(cli, result);
}

function freshSession(cli: Cli, { gateway, passphrase, loginKey }: GatewayState, key: Key): Promise<string> {
  return walletSession({ gateway, secret: key.secret, passphrase, serverKey: loginKey, clock: cli.clock });
}

function requireReceiver(to: string | undefined): void {
  if (to === undefined || ['account', 'contract'].includes(addressKind(to) ?? '')) return;
  throw new CliError('usage', `--to ${to} is no G… or C… address`);
}
