import type { Store } from '../store/store.ts';

/** How the accounts are shared out among lanes. */
export type Partition = {
  /** Lanes among which accounts are shared now; a change of the setting takes hold when no batch is open. */
  lanes(): number;
  /**
   * Whether batches may be sealed: not while some are open that were shared out otherwise. A change takes hold here.
   */
  maySeal(anyHalted: boolean): boolean;
};

export type PartitionDeps = {
  meta: Pick<Store['meta'], 'get' | 'set'>;
  batches: Pick<Store['batches'], 'open'>;
  /** As the config has it. */
  wanted: number;
  /** Whether each of those lanes has an account to send from. */
  ready: () => boolean;
};

const key = 'settlement_lanes';

/** An account is in one open batch at the most: with two, one lane could not tell what the other has taken of it. */
export function createPartition({ meta, batches, wanted, ready }: PartitionDeps): Partition {
  let inForce = lanesInForce(meta);
  return {
    lanes: () => inForce,
    maySeal(anyHalted) {
      // What cannot change yet, for want of accounts or with a batch that waits for a person, goes on as it was.
      if (inForce === wanted || anyHalted || !ready()) return true;
      if (batches.open().length > 0) return false;
      meta.set(key, String(wanted));
      inForce = wanted;
      return true;
    },
  };
}

/** As the database has it. */
export function lanesInForce(meta: Pick<Store['meta'], 'get'>): number {
  return Number(meta.get(key) ?? '1');
}
