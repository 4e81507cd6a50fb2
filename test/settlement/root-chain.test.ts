import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { adoptBatch, beginAdoption, signLifeMaxS } from '../../src/settlement/adoption.ts';
import { createRootChain, type RootChain, type RootsPart, rootsPerPart } from '../../src/settlement/root-chain.ts';
import { openTestStore } from '../store/rig.ts';
import { foldRoots } from '../support/receipt-root.ts';
import { addressOf, createSettlementRig } from './rig.ts';

const consumer = addressOf('consumer');
const payee = addressOf('payee');
const zeros = '00'.repeat(32);
const rootOf = (batch: number) => createHash('sha256').update(`batch ${batch}`).digest('hex');

/** A store that holds confirmed batches under these numbers. */
function storeWith(batches: number[]) {
  const { store } = openTestStore();
  const insert = store.db.prepare(
    `INSERT INTO batches (lane, batch, root, state, total, leaves, sealed_at_ms, confirmed_at_ms, ledger, tx_hash)
     VALUES (0, ?, ?, 'confirmed', 1, 1, 1, 2, 3, 'aa')`,
  );
  store.db.transaction(() => {
    for (const batch of batches) insert.run(batch, rootOf(batch));
  })();
  return { store, insert, rootChain: createRootChain(store) };
}

async function allParts(rootChain: RootChain): Promise<RootsPart[]> {
  const parts: RootsPart[] = [];
  for (let after: number | undefined = 0; after !== undefined; ) {
    const part = await rootChain.part(0, after);
    if (!part) throw new Error('the lane is not in use');
    parts.push(part);
    after = part.next;
  }
  return parts;
}

const upTo = (last: number) => Array.from({ length: last }, (_, at) => at + 1);

const lanes = 32;

describe('the published roots', () => {
  it('fold to the value that the vault keeps', async () => {
    const rig = createSettlementRig();
    rig.deposit(consumer, 1_000n);
    for (let round = 0; round < 3; round++) {
      rig.charge(consumer, payee, 5);
      await rig.run();
    }
    const rootChain = createRootChain(rig.store);
    const [part] = await allParts(rootChain);
    expect(part?.roots.map((row) => row.batch)).toEqual([1, 2, 3]);
    expect(part?.after).toEqual({ batch: 0, chain: zeros });
    expect(foldRoots(zeros, part?.roots ?? [])).toBe(rig.chain.lanes.get(0)?.chain);
    expect(await rootChain.lanes()).toEqual([
      { lane: 0, first: 1, last: { batch: 3, chain: rig.chain.lanes.get(0)?.chain } },
    ]);
  });

  it('come in parts that each say what they start from, also in the middle and as the list grows', async () => {
    const { store, insert, rootChain } = storeWith(upTo(rootsPerPart * 2 + 7));
    const parts = await allParts(rootChain);
    expect(parts.map((part) => part.roots.length)).toEqual([rootsPerPart, rootsPerPart, 7]);
    let chain: string | undefined = zeros;
    for (const part of parts) {
      expect(part.after.chain).toBe(chain);
      chain = foldRoots(chain ?? '', part.roots);
    }
    const middle = await rootChain.part(0, 731);
    expect(middle?.after).toEqual({ batch: 731, chain: foldRoots(zeros, store.roots.page(0, 0, 731)) });
    const next = rootsPerPart * 2 + 8;
    insert.run(next, rootOf(next));
    const [lane] = await rootChain.lanes();
    expect(lane?.last).toEqual({ batch: next, chain: foldRoots(chain ?? '', [{ batch: next, root: rootOf(next) }]) });
    const beyond = await rootChain.part(0, next);
    expect(beyond).toMatchObject({ after: lane?.last, roots: [], next: undefined });
  });

  it('that nobody here knows are missing by name: the list starts behind them with the vault’s own value', async () => {
    const rig = createSettlementRig();
    for (let batch = 1; batch <= 3; batch++) rig.chain.settleForeign(0, rootOf(batch));
    const adopted = rig.chain.lanes.get(0)?.chain;
    await beginAdoption({ vault: rig.chain.vault, meta: rig.store.meta, newest: async () => rig.chain }, lanes);
    const rootChain = createRootChain(rig.store);
    expect(await rootChain.part(0, 0)).toMatchObject({ after: { batch: 3, chain: adopted }, roots: [] });
    // One more of the process before this one lands late, seen as an event that says no chain value here.
    rig.chain.settleForeign(0, rootOf(4));
    adoptBatch(rig.store.meta, 0, 4);
    expect(await rootChain.part(0, 0)).toMatchObject({ after: { batch: 4, chain: undefined } });
    rig.deposit(consumer, 1_000n);
    rig.charge(consumer, payee, 5);
    rig.chain.close(signLifeMaxS + 5);
    await rig.run();
    const part = await rootChain.part(0, 0);
    expect(part).toMatchObject({ after: { batch: 4, chain: expect.any(String) }, roots: [{ batch: 5 }] });
    expect(foldRoots(part?.after.chain ?? '', part?.roots ?? [])).toBe(rig.chain.lanes.get(0)?.chain);
    expect(await rootChain.lanes()).toMatchObject([{ first: 5, last: { batch: 5 } }]);
  });

  it('never fold across a gap', async () => {
    const { rootChain, store } = storeWith([1, 2, 5, 6]);
    const [before, behind] = await allParts(rootChain);
    expect(before).toMatchObject({ after: { batch: 0 }, next: 2 });
    expect(behind).toMatchObject({ after: { batch: 4, chain: undefined }, next: undefined });
    expect(behind?.roots.map((row) => row.batch)).toEqual([5, 6]);
    expect((await rootChain.lanes())[0]?.last).toEqual({ batch: 6, chain: undefined });
    adoptBatch(store.meta, 0, 4, rootOf(99));
    const known = await createRootChain(store).part(0, 2);
    expect(known?.after).toEqual({ batch: 4, chain: rootOf(99) });
  });

  it('of a lane that was taken over twice lead from the vault’s value at each', async () => {
    const { store, rootChain } = storeWith([1, 4, 5, 8]);
    adoptBatch(store.meta, 0, 3, rootOf(103));
    adoptBatch(store.meta, 0, 7, rootOf(107));
    const parts = await allParts(rootChain);
    expect(parts.map(({ after }) => after)).toEqual([
      { batch: 0, chain: zeros },
      { batch: 3, chain: rootOf(103) },
      { batch: 7, chain: rootOf(107) },
    ]);
  });

  it('of a lane that is not in use do not exist', async () => {
    expect(await storeWith([1]).rootChain.part(1, 0)).toBeUndefined();
  });
});
