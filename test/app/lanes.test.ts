import { expect, it } from 'vitest';
import { units } from '../../src/money.ts';
import { createFeeBook } from '../../src/settlement/fee-book.ts';
import { channelSecret } from '../../src/stellar/channel-account.ts';
import { readNativeStroops } from '../../src/stellar/native-balance.ts';
import { publicKeyOf } from '../../src/stellar/transactions.ts';
import { laneOf } from '../../src/store/lane-of.ts';
import { type CoreRig, startCore } from './core-rig.ts';

const lanes = 3;
const held = units(100_000n);

/** Accounts of other keys than the network's consumers, one in each lane, with money in the vault. */
async function accountPerLane({ network, consumer }: CoreRig): Promise<string[]> {
  const found: string[] = [];
  for (let index = 0; found.filter(Boolean).length < lanes; index++) {
    const address = publicKeyOf(channelSecret(network.operatorSecret, 1_000 + index));
    found[laneOf(address, lanes)] ??= address;
  }
  for (const address of found) await consumer.deposit(address, held);
  return found;
}

const stroopsOf = async ({ gateway }: CoreRig, address: string) => readNativeStroops(gateway.core.rpc, address);

it('lanes settle from accounts of their own, which hold their reserve and no more; the operator agrees and pays', async () => {
  const rig = await startCore('three lanes', (network) => Object.assign(network, { lanes }));
  const { operatorSecret } = rig.network;
  const operator = publicKeyOf(operatorSecret);
  const channels = [1, 2].map((lane) => publicKeyOf(channelSecret(operatorSecret, lane)));
  const accounts = await accountPerLane(rig);
  await rig.turns();
  for (const channel of channels) expect(await stroopsOf(rig, channel)).toBe(20_000_000n);

  const before = (await stroopsOf(rig, operator)) ?? 0n;
  for (let round = 0; round < 2; round++) {
    for (const account of accounts) expect(await rig.sell(3, account)).toBe(3);
    await rig.settle();
  }
  const { core } = rig.gateway;
  const settled = core.store.batches.list({ limit: 10 }).map(({ lane, batch }) => `${lane}/${batch}`);
  expect(settled.sort()).toEqual(['0/1', '0/2', '1/1', '1/2', '2/1', '2/2']);
  for (const account of accounts) {
    expect(await core.vault.account(account)).toMatchObject({ settled: units(12_000n) });
    expect(core.ledger.account(account)).toMatchObject({ settled: units(12_000n), unsettled: 0n });
  }
  for (const channel of channels) expect(await stroopsOf(rig, channel)).toBe(20_000_000n);
  await createFeeBook({ rpc: core.rpc, fees: core.store.envelopeFees, clock: core.clock }).turn();
  const spent = before - ((await stroopsOf(rig, operator)) ?? 0n);
  expect(core.store.envelopeFees.costs(100)).toEqual({ batches: 6, accounts: 6, feeStroops: Number(spent) });
  expect(await core.books('test').reconcile()).toMatchObject({ ok: true });

  // Another process with fewer lanes finds the books as they are, and goes on.
  await rig.restart({ network: { ...rig.network, lanes: 1 } });
  await rig.turns();
  for (const account of accounts) expect(await rig.sell(1, account)).toBe(1);
  await rig.settle();
  expect(await rig.gateway.core.books('test').reconcile()).toMatchObject({ ok: true });
  expect(rig.gateway.core.store.batches.list({ limit: 1 })).toMatchObject([{ lane: 0, batch: 3 }]);
});
