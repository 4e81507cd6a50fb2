import { ContractValueError } from '../stellar/contract-values.ts';
import { ContractViewError } from '../stellar/contract-view.ts';
import type { Vault } from '../stellar/vault-client.ts';
import type { VaultInfo } from '../stellar/vault-views.ts';

/** The `version` of a vault whose calls, views and events mean what this program takes them for. */
const versionKnown = 1;

/** Other code was put in the vault's place, and not one that this program can sell by. */
export class StrangeVaultError extends Error {
  override readonly name = 'StrangeVaultError';
}

/** What the vault says of itself, as far as this program understands it; throws as `info` does, and for a strange one. */
export async function askUnderstood(
  vault: Pick<Vault, 'info'>,
  sinceLedger: number,
  signal?: AbortSignal,
): Promise<VaultInfo> {
  const info = await vault.info(signal, sinceLedger).catch((cause: unknown) => {
    if (!(cause instanceof ContractViewError || cause instanceof ContractValueError)) throw cause;
    const [what] = cause.message.split('\n', 1);
    throw new StrangeVaultError(`the vault’s code is not one that this program understands (${what})`, { cause });
  });
  if (info.version === versionKnown) return info;
  const versions = `it is of version ${info.version}, and this program knows version ${versionKnown}`;
  throw new StrangeVaultError(`the vault’s code is not one that this program understands: ${versions}`);
}
