import { expect, it } from 'vitest';
import { gaugesOf } from '../../src/app/gauges.ts';
import { units } from '../../src/money.ts';
import { startFunded } from './core-rig.ts';

it('the age of a batch counts from its sealing to its confirmation', async () => {
  const rig = await startFunded('batch age');
  const { core } = rig.gateway;
  const age = () => gaugesOf(core).openBatchAgeS;
  await rig.sell(1);
  expect(age()).toBe(0);
  await core.journal.flush();
  core.settler.hurry(rig.consumer.address, units(10_000_000));
  await core.settler.turn();
  expect(core.store.batches.open()).toHaveLength(1);
  const before = age();
  rig.network.clock.advance(181_000);
  expect(age()).toBe(before + 181);
  await rig.settle();
  expect(age()).toBe(0);
});
