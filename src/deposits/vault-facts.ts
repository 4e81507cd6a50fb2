import { units } from '../money.ts';
import type { Vault } from '../stellar/vault-client.ts';
import type { VaultConfig } from '../stellar/vault-views.ts';
import type { Store } from '../store/store.ts';

/** What the vault fixed at its deployment. It never changes, so one answer of the chain serves every later start. */
export type VaultFacts = VaultConfig & {
  /** C… address of the USDC contract. */
  token: string;
};

const key = 'vault_facts';

/** From the database after the first time: a gateway that has served before starts with the network down. */
export async function readVaultFacts(
  deps: { vault: Pick<Vault, 'info'>; meta: Pick<Store['meta'], 'get' | 'set'> },
  signal?: AbortSignal,
): Promise<VaultFacts> {
  const kept = deps.meta.get(key);
  if (kept !== undefined) return parse(kept);
  const { config, token } = await deps.vault.info(signal);
  const facts = { ...config, token };
  deps.meta.set(
    key,
    JSON.stringify(facts, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value)),
  );
  return facts;
}

function parse(text: string): VaultFacts {
  const kept: Record<string, string | number> = JSON.parse(text);
  return {
    feeBps: Number(kept.feeBps),
    withdrawDelayS: Number(kept.withdrawDelayS),
    upgradeDelayS: Number(kept.upgradeDelayS),
    defaultLimit: units(BigInt(kept.defaultLimit ?? 0)),
    limitPeriodS: Number(kept.limitPeriodS),
    minDeposit: units(BigInt(kept.minDeposit ?? 0)),
    lanes: Number(kept.lanes),
    token: String(kept.token),
  };
}
