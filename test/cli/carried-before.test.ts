import { describe, expect, it } from 'vitest';
import { carriedBefore, faultOfCarried, type GatewayLists, placesBetween } from '../../src/cli/carried-before.ts';
import { shortOf } from '../../src/cli/chain-lines.ts';
import { carriedFrom } from '../../src/cli/leaf-sums.ts';
import type { PublishedPart } from '../../src/cli/roots-list.ts';
import type { LeavesView } from '../../src/portal/receipts.ts';
import { alice, payee, receiptRig } from '../portal/receipt-rig.ts';

type Rig = Awaited<ReturnType<typeof receiptRig>>;

/** Batch 1 took nothing of a call, batch 2 took the debt; then one more call. */
async function paidDebt(): Promise<Rig> {
  const rig = await receiptRig();
  rig.fund(alice, 10_000_000);
  rig.charge(alice, 10_000);
  rig.confirm(rig.seal(), [0n]);
  rig.confirm(rig.seal({ period: 1 }), [10_000n]);
  rig.charge(alice, 500);
  return rig;
}

/** The debt of batch 1 stands in the books once more, as if batch 2 had never carried it over. */
function forgetThatItWasPaid({ store }: Rig): void {
  store.db.pragma('foreign_keys = OFF');
  store.db.exec(`INSERT INTO receivables (batch_id, position, account_id, payee, amount, kind, state)
    SELECT batch_id, 99, account_id, payee, amount, kind, 'open' FROM receivables;
    UPDATE accounts SET receivable = receivable + 10000, charged_sealed = charged_sealed + 10000`);
}

const lists = (rig: Rig): GatewayLists => ({
  lanes: async () => (await rig.read<{ lanes: { lane: number }[] }>('/roots')).lanes,
  roots: async (lane, after) => ({ parts: [await rig.read<PublishedPart>(`/roots?lane=${lane}&cursor=${after}`)] }),
  leaves: ({ lane, batch }, cursor) => rig.read(`/batches/${lane}/${batch}/leaves?limit=1&cursor=${cursor}`, 'alice'),
});

async function audited(rig: Rig, batch: number, most?: number) {
  const view = (number: number) => rig.read<LeavesView>(`/batches/0/${number}/leaves`, 'alice');
  const debts = carriedFrom((await view(batch)).items as Parameters<typeof carriedFrom>[0]);
  const before = await carriedBefore(lists(rig), debts, { lane: 0, batch }, most);
  const faults = [];
  for (const debt of debts) {
    const { lines } = await view(debt.batch);
    faults.push(faultOfCarried(debt, shortOf(lines ?? [], payee), before));
  }
  return { faults, unchecked: before.unchecked };
}

describe('a debt that a batch carries over', () => {
  it('is none of another batch', async () => {
    const rig = await paidDebt();
    rig.confirm(rig.seal({ period: 2 }), [500n]);
    expect(await audited(rig, 2)).toEqual({ faults: [undefined], unchecked: 0 });
    expect(await audited(rig, 3)).toEqual({ faults: [], unchecked: 0 });
  });

  it('is a fault when it was carried over before, however many batches lie between', async () => {
    const rig = await paidDebt();
    for (let period = 2; period < 6; period++) {
      rig.confirm(rig.seal({ period }), [500n]);
      rig.charge(alice, 500);
    }
    forgetThatItWasPaid(rig);
    rig.confirm(rig.seal({ period: 6 }), [10_500n]);
    const fault = `0.002 USDC for ${payee} are carried over from batch 1 of lane 0, also by batch 2 of lane 0`;
    expect(await audited(rig, 7)).toEqual({ faults: [`${fault}, which was short of 0.001`], unchecked: 0 });
    expect(await audited(rig, 2)).toEqual({ faults: [undefined], unchecked: 0 });
    expect(await audited(rig, 7, 3)).toEqual({ faults: [undefined], unchecked: 2 });
  });
});

describe('the batches that may have carried a debt over before', () => {
  const at = (lane: number, batch: number, ledger: number) => ({ lane, batch, ledger });

  it('are those of its lane behind it, and of other lanes that were settled since, up to the one that is looked at', () => {
    const settled = [
      at(0, 1, 10),
      at(0, 2, 20),
      at(0, 3, 30),
      at(0, 4, 40),
      at(1, 1, 9),
      at(1, 2, 10),
      at(1, 3, 30),
      at(1, 4, 31),
    ];
    const between = placesBetween(settled, [at(0, 1, 10)], at(0, 3, 30));
    expect(between).toEqual([at(1, 2, 10), at(0, 2, 20), at(1, 3, 30)]);
    expect(placesBetween(settled, [at(0, 3, 30)], at(1, 4, 31))).toEqual([at(1, 3, 30)]);
  });

  it('are all of them where the batch that is looked at is not settled yet', () => {
    expect(placesBetween([at(0, 1, 10), at(0, 2, 20), at(1, 1, 30)], [at(0, 1, 10)], at(0, 3, 0))).toHaveLength(2);
  });
});
