import { describe, expect, it } from 'vitest';
import { openStops } from '../../src/app/sales.ts';
import { startFunded } from './core-rig.ts';

const hourS = 3_600;

describe('sales, while a charge waits for the chain', () => {
  it('stop at a quarter of the withdrawal delay, and no clock that is set back lets them go on', async () => {
    const rig = await startFunded('set back');
    const { core } = rig.gateway;
    const quarterS = core.facts.withdrawDelayS / 4;
    expect(await rig.sell(1)).toBe(1);
    core.unsettledAge.look();
    const passed = async (seconds: number) => {
      rig.network.pass(seconds);
      while (await core.watcher.turn());
      core.unsettledAge.look();
      return openStops(core);
    };
    expect(await passed(quarterS - 60)).toEqual([]);
    rig.network.setClock(-72 * hourS * 1_000);
    expect(await passed(30)).toEqual([]);
    expect(await passed(60)).toEqual(['settlement_stale']);
    rig.network.calm();
    await rig.settle();
    core.unsettledAge.look();
    expect(openStops(core)).toEqual([]);
  });

  it('go on after a long outage although a call broke off with the process before', async () => {
    const rig = await startFunded('broke off');
    const running = rig.gateway.begin(rig.consumer.address, 1, undefined);
    if (typeof running === 'string') throw new Error(running);
    await rig.gateway.head(running, 200);
    await rig.gateway.core.journal.flush();
    await rig.restart();
    rig.network.pass(rig.gateway.core.facts.withdrawDelayS / 2);
    await rig.restart();
    await rig.turns();
    const { core } = rig.gateway;
    expect(core.store.charges.doubtful(core.store.runId, 10)).toHaveLength(1);
    expect(openStops(core)).toEqual([]);
    expect(await rig.sell(1)).toBe(1);
  });
});
