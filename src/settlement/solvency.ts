import type { Clock } from '../clock.ts';
import type { Units } from '../money.ts';
import { RpcError } from '../stellar/json-rpc.ts';
import type { Vault } from '../stellar/vault-client.ts';

/** What the vault held and owed when the chain was last asked. */
export type Solvency = { atMs: number; tokens: Units; liabilities: Units };

export type SolvencyDeps = {
  vault: Pick<Vault, 'coverage'>;
  /** C… address of the USDC contract. */
  token: string;
  clock: Pick<Clock, 'nowMs' | 'sleep'>;
};

/** Looks before what does not cover is believed, or before nothing is believed. */
const looksMax = 5;

/** Between two looks, ms: about a ledger, so that a server that is one behind has it by then. */
const betweenLooksMs = 5_000;

/**
 * Asks the vault what it owes and the token what the vault holds. Both answers must be of one ledger to say that the vault is
 * short: between two ledgers somebody has withdrawn or deposited. Throws when servers behind one address never agree on one.
 */
export async function readSolvency({ vault, token, clock }: SolvencyDeps, signal?: AbortSignal): Promise<Solvency> {
  for (let look = 1; ; look++) {
    const { tokens, liabilities, tokensLedger, liabilitiesLedger } = await vault.coverage(token, signal);
    const ofOneLedger = tokensLedger === liabilitiesLedger;
    if (tokens >= liabilities || ofOneLedger) return { atMs: clock.nowMs(), tokens, liabilities };
    if (look === looksMax) {
      throw new RpcError(
        'lagging',
        `what the vault owes was read of ledger ${liabilitiesLedger}, and what it holds of ${tokensLedger}`,
      );
    }
    await clock.sleep(betweenLooksMs, signal);
    signal?.throwIfAborted();
  }
}
