import { createHash } from 'node:crypto';
import type { Clock } from '../clock.ts';
import { parseUsdc, type Units, units, unitsMax } from '../money.ts';
import { readOwnFile } from '../own-files.ts';
import { createAccountTransactions } from '../stellar/account-transactions.ts';
import { deployVault, landed } from '../stellar/deploy.ts';
import { createRpc } from '../stellar/rpc.ts';
import { createSubmitter } from '../stellar/submitter.ts';
import { createTestAsset, type TestAsset } from '../stellar/test-asset.ts';
import { publicKeyOf } from '../stellar/transactions.ts';
import { createVault } from '../stellar/vault-client.ts';
import { roles, type SandboxKeys } from './sandbox-files.ts';
import { vaultWasmKey } from './vault-terms.ts';

/** The chain side of the sandbox, made with ordinary transactions on whatever network the URLs name. */

export type SandboxNetwork = { rpcUrl: string; friendbotUrl: string; passphrase: string };

export type SandboxChain = { usdc: TestAsset; vault: string; wasmHash: string; fresh: boolean };

const feeMaxStroops = 10_000_000;

/** What the consumer gets, and how much of it goes into the vault. */
export const consumerFunds = usdc('1000');
export const firstDeposit = usdc('10');

/** Two hours' delay keeps the proportion to the settlement's age cap that `callora check` asks for. */
const vaultConfig = {
  feeBps: 100,
  withdrawDelayS: 24 * 3_600,
  upgradeDelayS: 48 * 3_600,
  defaultLimit: units(unitsMax),
  limitPeriodS: 24 * 3_600,
  minDeposit: usdc('0.001'),
  lanes: 32,
};

/** Safe to run again on a network that kept its state: every step looks first whether it is done. */
export async function prepareChain(network: SandboxNetwork, keys: SandboxKeys, clock: Clock): Promise<SandboxChain> {
  const rpc = createRpc({ url: network.rpcUrl, passphrase: network.passphrase, clock });
  const submitter = createSubmitter({ rpc, clock, feeMaxStroops, pollIntervalMs: 50 });
  await Promise.all(roles.map((role) => fund(network.friendbotUrl, publicKeyOf(keys[role]))));
  const asset = await createTestAsset(
    { rpc, submitter },
    {
      code: 'USDC',
      issuerSecret: keys.issuer,
      holders: [
        { secret: keys.consumer, amount: consumerFunds },
        { secret: keys.payee, amount: units(0n) },
        { secret: keys.deposit, amount: units(0n) },
        { secret: keys.treasury, amount: units(0n) },
      ],
    },
  );
  const { vault, wasmHash } = await deployVault(
    { rpc, submitter },
    {
      wasm: readOwnFile(vaultWasmKey),
      adminSecret: keys.admin,
      operator: publicKeyOf(keys.operator),
      token: asset.contract,
      treasury: publicKeyOf(keys.treasury),
      config: vaultConfig,
      payees: [publicKeyOf(keys.payee)],
      salt: createHash('sha256').update('callora sandbox vault').digest(),
    },
  );
  const account = await createVault({ rpc, vault }).account(publicKeyOf(keys.consumer));
  return { usdc: asset, vault, wasmHash, fresh: account.deposited === 0n };
}

/** The consumer's own deposit, signed with the consumer's key; returns the transaction's hash. */
export async function depositFirst(
  network: SandboxNetwork,
  vault: string,
  secret: string,
  clock: Clock,
): Promise<string> {
  const rpc = createRpc({ url: network.rpcUrl, passphrase: network.passphrase, clock });
  const submitter = createSubmitter({ rpc, clock, feeMaxStroops, pollIntervalMs: 50 });
  const consumer = createAccountTransactions({ submitter, vault, secret });
  return landed('deposit', await consumer.deposit(consumer.address, firstDeposit)).hash;
}

async function fund(friendbotUrl: string, address: string): Promise<void> {
  const answer = await fetch(`${friendbotUrl}?addr=${address}`);
  // 400 says that the account exists already: a sandbox that was started before.
  if (!answer.ok && answer.status !== 400)
    throw new Error(`friendbot answered ${answer.status}: ${await answer.text()}`);
}

function usdc(text: string): Units {
  const amount = parseUsdc(text);
  if (amount === undefined) throw new Error(`${text} is no USDC amount`);
  return amount;
}
