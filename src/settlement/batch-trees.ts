import type { Clock } from '../clock.ts';
import type { BatchRow } from '../store/batches.ts';
import type { Leaves } from '../store/leaves.ts';
import { hashLeaf } from './leaf.ts';
import { createTree, type Tree } from './merkle.ts';

/**
 * The Merkle trees of sealed batches, for receipts. A tree needs every leaf of its batch, so it is built on demand, in
 * steps that are short beside a call's own work, one tree at a time, and kept while others are asked of the same batch.
 */
export type BatchTrees = {
  /** `busy` when too many builds wait; `changed` when the batch was taken apart meanwhile: look it up again. */
  of(batch: Pick<BatchRow, 'id' | 'root' | 'leaves'>): Promise<TreeResult>;
};

export type TreeResult = { ok: true; tree: Tree } | { ok: false; reason: 'busy' | 'changed' };

export type BatchTreesDeps = {
  leaves: Pick<Leaves, 'between'>;
  /** C… address, part of every leaf. */
  vault: string;
  clock: Pick<Clock, 'sleep'>;
};

/** Reading and hashing 100 leaves takes about 0.6 ms; no call moves meanwhile. */
const leavesPerStep = 100;

/** Between two steps, ms: whoever asks for one large batch after another gets a quarter of the event loop at the most. */
const pauseMs = 2;

/** Trees kept, counted in leaves: at 64 bytes each 13 MB, ten of the largest batches or thousands of small ones. */
const leavesKeptMax = 200_000;

/** Batches that wait to be built; one of 20,000 leaves takes 0.6 s, so the last of them waits some seconds. */
const waitingMax = 16;

export function createBatchTrees({ leaves, vault, clock }: BatchTreesDeps): BatchTrees {
  // By root: ids of batches that were taken apart are given out again.
  const kept = new Map<string, { tree: Tree; size: number }>();
  const underWay = new Map<string, Promise<TreeResult>>();
  let keptLeaves = 0;
  let queue: Promise<unknown> = Promise.resolve();

  async function build({ id, root, leaves: size }: Pick<BatchRow, 'id' | 'root' | 'leaves'>): Promise<TreeResult> {
    const tree = createTree(size);
    for (let from = 0; from < size; from += leavesPerStep) {
      if (from > 0) await clock.sleep(pauseMs);
      const rows = leaves.between(id, from, Math.min(size, from + leavesPerStep));
      if (rows.length !== Math.min(leavesPerStep, size - from)) return { ok: false, reason: 'changed' };
      for (const row of rows) tree.add(hashLeaf(vault, row));
    }
    if (Buffer.from(tree.root() ?? []).toString('hex') !== root) return { ok: false, reason: 'changed' };
    keep(root, tree, size);
    return { ok: true, tree };
  }

  function keep(root: string, tree: Tree, size: number): void {
    kept.set(root, { tree, size });
    keptLeaves += size;
    for (const [oldest, other] of kept) {
      if (keptLeaves <= leavesKeptMax || oldest === root) break;
      kept.delete(oldest);
      keptLeaves -= other.size;
    }
  }

  return {
    async of(batch) {
      const known = kept.get(batch.root);
      if (known) {
        // Last in the map's order means used last.
        kept.delete(batch.root);
        kept.set(batch.root, known);
        return { ok: true, tree: known.tree };
      }
      const shared = underWay.get(batch.root);
      if (shared) return shared;
      if (underWay.size >= waitingMax) return { ok: false, reason: 'busy' };
      const result = queue.then(() => build(batch)).finally(() => underWay.delete(batch.root));
      queue = result.catch(() => undefined);
      underWay.set(batch.root, result);
      return result;
    },
  };
}
