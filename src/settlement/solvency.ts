import type { Clock } from '../clock.ts';
import type { Units } from '../money.ts';
import type { Vault } from '../stellar/vault-client.ts';

/** What the vault held and owed when the chain was last asked. */
export type Solvency = { atMs: number; tokens: Units; liabilities: Units };

export type SolvencyDeps = {
  vault: Pick<Vault, 'liabilities' | 'tokenBalance'>;
  /** C… address of the USDC contract. */
  token: string;
  clock: Clock;
};

/** A withdrawal between the two questions makes them disagree, once; three times in a row it would take three. */
const looksMax = 3;

/** Asks the vault what it owes and the token what the vault holds. What does not cover is asked again before it counts. */
export async function readSolvency({ vault, token, clock }: SolvencyDeps, signal?: AbortSignal): Promise<Solvency> {
  for (let look = 1; ; look++) {
    const liabilities = await vault.liabilities(signal);
    const tokens = await vault.tokenBalance(token, signal);
    if (tokens >= liabilities || look === looksMax) return { atMs: clock.nowMs(), tokens, liabilities };
  }
}
