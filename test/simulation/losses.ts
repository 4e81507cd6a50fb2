import { expect } from 'vitest';
import type { Life } from './life.ts';
import type { ModelCopy } from './model.ts';

/** A copy that `backup` made, and what an outsider knows to be in it. */
export type Copy = { file: string; known: ModelCopy; restores: number };

/** An empty database. */
export const nothing: ModelCopy = { calls: new Map(), elsewhere: new Map() };

/**
 * The time after the loss of a database. What the lost process has signed may still land for a while; until then nothing
 * may be sold, and then the vault's counters are all there is to know.
 */
export class Losses {
  readonly copies: Copy[] = [];
  readonly refusedTokens: string[] = [];
  /** The newest ledger in which the lost process may have signed something; undefined once all is taken over. */
  private since: Place | undefined;
  /** What the vault had taken of each account before this command. */
  private readonly settled = new Map<string, bigint>();

  get waiting(): boolean {
    return this.since !== undefined;
  }

  /** How often another database has taken the place of the one that was there. */
  restores = 0;

  begin({ network }: Life): void {
    this.restores++;
    this.since = placeOf(network.chain);
  }

  /** Before each command. */
  async look({ network }: Life): Promise<void> {
    if (!this.waiting) return;
    for (const { address } of network.consumers) {
      this.settled.set(address, (await network.vault.account(address)).settled);
    }
  }

  /** When the process says that its books are the vault's again, nothing of the lost one may be able to land. */
  follow(life: Life): void {
    const { gateway, network, model } = life;
    if (!this.since || !gateway || gateway.dead || isCatchingUp(gateway.core)) return;
    const now = placeOf(network.chain);
    expect(now.closedAtS - this.since.closedAtS > signedForS).toBe(true);
    expect(now.ledger - this.since.ledger > signedForLedgers).toBe(true);
    this.since = undefined;
    for (const { address } of network.consumers) model.takeOver(address, this.settled.get(address) ?? 0n);
    life.count('taken over');
  }
}

/** The longest that anything signed by a gateway is good for: settlements by time, exits by ledgers. */
const signedForS = 600;
const signedForLedgers = 90;

type Place = { ledger: number; closedAtS: number };

function placeOf(chain: Life['network']['chain']): Place {
  const { sequence, closeTimeS } = chain.history.latest();
  return { ledger: sequence, closedAtS: closeTimeS };
}

function isCatchingUp(core: { restoring: boolean; settler: { standing(): { synced: boolean } } }): boolean {
  return core.restoring || !core.settler.standing().synced;
}
