import { describe, expect, it } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { createBatchTrees } from '../../src/settlement/batch-trees.ts';
import { hashLeaf } from '../../src/settlement/leaf.ts';
import { rootOf, verifyPath } from '../../src/settlement/merkle.ts';
import type { Leaves } from '../../src/store/leaves.ts';
import { openTestStore, seal, writeCharge } from '../store/rig.ts';
import { vaultAddress } from './scripted-chain.ts';

const hashing = { hashLeaf: (row: Parameters<typeof hashLeaf>[1]) => hashLeaf(vaultAddress, row), rootOf };

function sealedBatch(calls: number) {
  const { store } = openTestStore();
  for (let price = 1; price <= calls; price++) writeCharge(store, { account: 'GA', price });
  const sealed = seal(store, hashing);
  const batch = store.batches.byId(sealed?.id ?? 0);
  if (!batch) throw new Error('nothing was sealed');
  let reads = 0;
  const leaves: Pick<Leaves, 'between'> = {
    between(...range) {
      reads++;
      return store.leaves.between(...range);
    },
  };
  return {
    store,
    batch,
    trees: createBatchTrees({ leaves, vault: vaultAddress, clock: systemClock }),
    reads: () => reads,
  };
}

describe('the tree of a batch', () => {
  it('proves every leaf of the batch', async () => {
    const { store, batch, trees } = sealedBatch(201);
    const built = await trees.of(batch);
    if (!built.ok) throw new Error(built.reason);
    const root = Buffer.from(batch.root, 'hex');
    store.batches.rows(batch.id).forEach((row, index) => {
      const path = built.tree.pathOf(index);
      expect(verifyPath(hashLeaf(vaultAddress, row), index, batch.leaves, path, root)).toBe(true);
    });
  });

  it('is built once for all who ask, at once or later, and in steps that let others in between', async () => {
    const { batch, trees, reads } = sealedBatch(250);
    const readsSeen = new Set<number>();
    let watching = true;
    const watch = () => {
      readsSeen.add(reads());
      if (watching) setImmediate(watch);
    };
    watch();
    await Promise.all(Array.from({ length: 50 }, () => trees.of(batch)));
    watching = false;
    await trees.of(batch);
    expect(reads()).toBe(3);
    expect([...readsSeen]).toEqual(expect.arrayContaining([1, 2]));
  });

  it('is refused when the batch no longer has that root', async () => {
    const { store, batch, trees } = sealedBatch(3);
    expect(await trees.of({ ...batch, root: '00'.repeat(32) })).toEqual({ ok: false, reason: 'changed' });
    store.batches.unseal(batch.id);
    expect(await trees.of(batch)).toEqual({ ok: false, reason: 'changed' });
  });

  it('is not waited for by any number of batches', async () => {
    const { batch, trees } = sealedBatch(1);
    const other = (at: number) => trees.of({ ...batch, root: String(at).padStart(64, '0') });
    const results = await Promise.all(Array.from({ length: 40 }, (_, at) => other(at)));
    expect(results.filter((result) => !result.ok && result.reason === 'busy')).toHaveLength(24);
    expect((await trees.of(batch)).ok).toBe(true);
  });
});
