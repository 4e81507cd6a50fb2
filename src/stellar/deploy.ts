import { createHash } from 'node:crypto';
import { Address, Asset, hash, Operation, xdr } from '@stellar/stellar-sdk/base';
import { addressValue, i128Value, structValue, u32Value, u64Value } from './contract-values.ts';
import type { Rpc } from './rpc.ts';
import type { SubmitOutcome, Submitter } from './submitter.ts';
import { publicKeyOf } from './transactions.ts';
import { codeKey, instanceKey, keyText } from './vault-keys.ts';
import type { VaultConfig } from './vault-views.ts';

export type DeployVault = {
  wasm: Uint8Array;
  /** Pays for everything and, being the vault's admin, lists the payees. */
  adminSecret: string;
  operator: string;
  /** C… address of the USDC asset contract. */
  token: string;
  treasury: string;
  config: VaultConfig;
  payees: string[];
  /** Chooses the address: the same deployer and salt give the same vault. 32 bytes. */
  salt: Uint8Array;
};

/**
 * Uploads the code, creates the vault and lists the payees. Every step looks first whether it is done already, so a
 * deployment that broke off is finished by running it again with the same salt.
 */
export async function deployVault(
  deps: { rpc: Rpc; submitter: Submitter },
  request: DeployVault,
  signal?: AbortSignal,
): Promise<{ vault: string; wasmHash: string }> {
  const { rpc, submitter } = deps;
  const admin = publicKeyOf(request.adminSecret);
  const wasmHash = createHash('sha256').update(request.wasm).digest();
  const vault = contractAddress(rpc.passphrase, admin, request.salt);
  const run = async (what: string, operation: xdr.Operation) =>
    landed(what, await submitter.submit({ operation, secret: request.adminSecret }, signal));

  if (!(await exists(rpc, codeKey(wasmHash), signal))) {
    await run('upload', Operation.uploadContractWasm({ wasm: request.wasm }));
  }
  if (!(await exists(rpc, instanceKey(vault), signal))) {
    const constructorArgs = [
      addressValue(admin),
      addressValue(request.operator),
      addressValue(request.token),
      addressValue(request.treasury),
      configValue(request.config),
    ];
    const address = Address.fromString(admin);
    await run('create', Operation.createCustomContract({ address, wasmHash, salt: request.salt, constructorArgs }));
  }
  for (const payee of request.payees) await addPayee(deps, vault, request.adminSecret, payee, signal);
  return { vault, wasmHash: wasmHash.toString('hex') };
}

/** Lists a payee; one that is listed already is left alone. */
export async function addPayee(
  deps: { submitter: Submitter },
  vault: string,
  adminSecret: string,
  payee: string,
  signal?: AbortSignal,
): Promise<void> {
  const operation = Operation.invokeContractFunction({
    contract: vault,
    function: 'add_payee',
    args: [addressValue(payee)],
  });
  const outcome = await deps.submitter.submit({ operation, secret: adminSecret }, signal);
  if (outcome.status === 'refused' && outcome.reason === 'payee_listed') return;
  landed('add_payee', outcome);
}

/** Creates the contract of a classic asset unless it exists, and returns its address. */
export async function deployAssetContract(
  deps: { rpc: Rpc; submitter: Submitter },
  asset: { code: string; issuer: string },
  secret: string,
  signal?: AbortSignal,
): Promise<string> {
  const classic = new Asset(asset.code, asset.issuer);
  const token = classic.contractId(deps.rpc.passphrase);
  if (!(await exists(deps.rpc, instanceKey(token), signal))) {
    const operation = Operation.createStellarAssetContract({ asset: classic });
    landed('create asset contract', await deps.submitter.submit({ operation, secret }, signal));
  }
  return token;
}

/** The address a contract gets from its deployer and salt. */
export function contractAddress(passphrase: string, deployer: string, salt: Uint8Array): string {
  const preimage = xdr.HashIdPreimage.envelopeTypeContractId(
    new xdr.HashIdPreimageContractId({
      networkId: hash(Buffer.from(passphrase)),
      contractIdPreimage: xdr.ContractIdPreimage.contractIdPreimageFromAddress(
        new xdr.ContractIdPreimageFromAddress({ address: Address.fromString(deployer).toScAddress(), salt }),
      ),
    }),
  );
  return Address.contract(hash(preimage.toXdr())).toString();
}

/** A transaction that did not do its work, with the network's or the contract's reason. */
export class TransactionError extends Error {
  override readonly name = 'TransactionError';
  readonly outcome: SubmitOutcome;

  constructor(what: string, outcome: Exclude<SubmitOutcome, { status: 'landed' }>) {
    const detail = outcome.status === 'refused' ? (outcome.reason ?? outcome.detail) : outcome.reason;
    super(`${what} ${outcome.status}: ${detail}`);
    this.outcome = outcome;
  }
}

export function landed(what: string, outcome: SubmitOutcome): Extract<SubmitOutcome, { status: 'landed' }> {
  if (outcome.status === 'landed') return outcome;
  throw new TransactionError(what, outcome);
}

async function exists(rpc: Rpc, key: xdr.LedgerKey, signal?: AbortSignal): Promise<boolean> {
  const { entries } = await rpc.entries([keyText(key)], signal);
  return entries.length > 0;
}

function configValue(config: VaultConfig): xdr.ScVal {
  return structValue({
    fee_bps: u32Value(config.feeBps),
    withdraw_delay_s: u64Value(config.withdrawDelayS),
    upgrade_delay_s: u64Value(config.upgradeDelayS),
    default_limit: i128Value(config.defaultLimit),
    limit_period_s: u64Value(config.limitPeriodS),
    min_deposit: i128Value(config.minDeposit),
    lanes: u32Value(config.lanes),
  });
}
