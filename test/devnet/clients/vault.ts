import { readFileSync } from 'node:fs';
import { type Asset, type contract, hash, type Keypair, Operation } from '@stellar/stellar-sdk';
import { type DevnetRig, keypair, usdcOf } from '../rig.ts';

export const vaultWasm = readFileSync(new URL('../../../contracts/dist/vault.wasm', import.meta.url));

export type VaultClient = contract.Client & {
  deposit(args: { from: string; account: string; amount: bigint }): Promise<contract.AssembledTransaction<null>>;
  withdraw(args: { account: string; to: string }): Promise<contract.AssembledTransaction<null>>;
  account(args: { account: string }): Promise<contract.AssembledTransaction<{ balance: bigint }>>;
};

/** A vault of the USDC that `deployer` issues, and a consumer who holds nine of it. */
export async function deployVault(
  rig: DevnetRig,
  deployer: Keypair,
  consumer: Keypair,
): Promise<{ client: VaultClient; usdc: Asset }> {
  const usdc = usdcOf(deployer);
  await rig.send(deployer, Operation.uploadContractWasm({ wasm: vaultWasm }));
  await rig.send(consumer, Operation.changeTrust({ asset: usdc }));
  await rig.send(deployer, Operation.createStellarAssetContract({ asset: usdc }));
  await rig.send(deployer, Operation.payment({ destination: consumer.publicKey(), asset: usdc, amount: '9' }));
  const token = usdc.contractId(rig.devnet.passphrase);
  const client = await rig.deploy(deployer, hash(vaultWasm), constructorArguments(token));
  return { client: client as VaultClient, usdc };
}

function constructorArguments(token: string): Record<string, unknown> {
  const [admin, operator, treasury] = ['vault admin', 'vault operator', 'vault treasury'].map((name) =>
    keypair(name).publicKey(),
  );
  const config = {
    fee_bps: 0,
    withdraw_delay_s: 86_400n,
    upgrade_delay_s: 172_800n,
    default_limit: 1_000_000_000n,
    limit_period_s: 86_400n,
    min_deposit: 1n,
    lanes: 1,
  };
  return { admin, operator, token, treasury, config };
}
