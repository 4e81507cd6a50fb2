import { describe, expect, it } from 'vitest';
import { salesStop } from '../../src/app/sales.ts';
import { seenOf } from '../../src/app/webhooks.ts';
import { units } from '../../src/money.ts';
import { held, startFunded } from './core-rig.ts';

describe('a settlement that somebody else made with the operator’s key', () => {
  it.each([0, 1, 31])('ends sales when it is seen, in lane %i, and no restart forgets it', async (lane) => {
    const rig = await startFunded(`theft in lane ${lane}`);
    expect(await rig.sell(3)).toBe(3);
    await rig.settleElsewhere(lane, 1, held);
    while (await rig.gateway.core.watcher.turn());
    expect(salesStop(rig.gateway.core)).toContain('the vault has settled a batch');
    expect(await rig.sell(3)).toBe(0);
    const robbed = rig.gateway.core.ledger.account(rig.consumer.address);
    expect(robbed && rig.gateway.core.ledger.spendable(robbed)).toBe(0n);
    await rig.restart();
    await rig.turns();
    expect(salesStop(rig.gateway.core)).toContain(`of lane ${lane}`);
    expect(await rig.sell(3)).toBe(0);
  });

  it.each([0, 31])('is told of as a broken identity at once and after a restart, in lane %i', async (lane) => {
    const rig = await startFunded(`alarm of lane ${lane}`);
    const told = () =>
      [...seenOf(rig.gateway.core).identities()].find(({ identity }) => identity === 'settlements are ours');
    expect(told()?.broken).toBeUndefined();
    await rig.settleElsewhere(lane, 1, held);
    while (await rig.gateway.core.watcher.turn());
    expect(told()?.broken).toContain(`of lane ${lane}`);
    await rig.restart();
    await rig.turns();
    expect(told()?.broken).toContain(`of lane ${lane}`);
  });

  it('halts the lane, which the webhooks see', async () => {
    const rig = await startFunded('halt seen');
    const lanes = () => [...seenOf(rig.gateway.core).lanes()];
    expect(lanes()).toMatchObject([{ lane: 0, halted: undefined }]);
    await rig.settleElsewhere(0, 1, held);
    await rig.restart();
    await rig.turns();
    expect(lanes()).toMatchObject([{ lane: 0, halted: expect.stringContaining('of lane 0') }]);
  });

  it('ends sales when only what it left of an account is seen', async () => {
    const rig = await startFunded('theft unseen');
    await rig.settleElsewhere(1, 1, units(40_000n));
    await rig.gateway.core.watcher.lookUp(rig.consumer.address);
    expect(salesStop(rig.gateway.core)).toContain('0.004 USDC of');
    expect(await rig.sell(1)).toBe(0);
  });

  it.each([0, 1])('is taken over by a restored copy, which is the way out: lane %i', async (lane) => {
    const rig = await startFunded(`way out of lane ${lane}`);
    await rig.sell(3);
    await rig.settleElsewhere(lane, 1, units(40_000n));
    while (await rig.gateway.core.watcher.turn());
    expect(await rig.sell(1)).toBe(0);
    await rig.restoreCopy();
    await rig.turns();
    expect(await rig.sell(1)).toBe(0);
    await rig.takeOver();
    expect(salesStop(rig.gateway.core)).toBeUndefined();
    expect(await rig.sell(2)).toBe(2);
    // What was taken stands for the three calls of before, for it may have been a batch with them that a lost database made:
    // nobody is billed twice. The two behind it are settled as ever.
    await rig.settle();
    expect(rig.gateway.core.ledger.account(rig.consumer.address)).toMatchObject({ settled: units(44_000n) });
    expect(await rig.gateway.core.vault.account(rig.consumer.address)).toMatchObject({ settled: units(44_000n) });
    expect(await rig.gateway.core.books('test').reconcile()).toMatchObject({ ok: true });
    await rig.restart();
    await rig.turns();
    expect(await rig.sell(1)).toBe(1);
  });

  it('is history for a database that begins after it, in whatever lane', async () => {
    const rig = await startFunded('history');
    await rig.settleElsewhere(1, 1, units(40_000n));
    await rig.restart({ anew: true });
    await rig.turns();
    await rig.takeOver();
    expect(rig.gateway.core.broken).toBeUndefined();
    expect(await rig.sell(3)).toBe(3);
    // Nor does it halt that lane when it is used later on.
    await rig.restart({ network: { ...rig.network, lanes: 3 } });
    await rig.turns();
    expect(rig.gateway.core.settler.status()).toMatchObject({ foreign: false, synced: true });
    expect(await rig.sell(3)).toBe(3);
    await rig.restart();
    await rig.turns();
    await rig.settleElsewhere(1, 2, units(1n));
    await rig.turns();
    expect(await rig.sell(3)).toBe(0);
  });
});
