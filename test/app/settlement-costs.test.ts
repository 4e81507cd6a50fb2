import { expect, it } from 'vitest';
import { units } from '../../src/money.ts';
import { createFeeBook } from '../../src/settlement/fee-book.ts';
import { readNativeStroops } from '../../src/stellar/native-balance.ts';
import { publicKeyOf } from '../../src/stellar/transactions.ts';
import { startCore } from './core-rig.ts';

it('what settlement has cost is what the operator’s account lost, for each account that was settled', async () => {
  const rig = await startCore('costs');
  const { core } = rig.gateway;
  await rig.consumer.deposit(rig.consumer.address, units(100_000n));
  await rig.turns();
  const operator = publicKeyOf(rig.network.operatorSecret);
  const stroops = async () => (await readNativeStroops(core.rpc, operator)) ?? 0n;
  const before = await stroops();
  const costs = async () => (await core.books('test').settlement()).costs;
  expect(await costs()).toBeNull();
  for (let batch = 0; batch < 2; batch++) {
    await rig.sell(3);
    await rig.settle();
  }
  const spent = before - (await stroops());
  expect(spent).toBeGreaterThan(0n);
  const book = createFeeBook({ rpc: core.rpc, fees: core.store.envelopeFees, clock: core.clock });
  await book.turn();
  expect(core.store.envelopeFees.costs(100)).toEqual({ batches: 2, accounts: 2, feeStroops: Number(spent) });
  expect(await costs()).toMatchObject({ batches: 2, accounts: 2 });
  expect(core.store.envelopeFees.unknown(0, 10)).toEqual([]);
});
