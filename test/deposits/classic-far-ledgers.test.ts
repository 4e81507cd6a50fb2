import { describe, expect, it } from 'vitest';
import { deriveAlias } from '../../src/deposits/classic-alias.ts';
import { addressOf } from '../settlement/rig.ts';
import { aliasKey, type ClassicRig, createClassicRig } from './classic-rig.ts';
import { closedAtMs, depositAccount, memoId } from './scripted-horizon.ts';

/** A Horizon that tells of ledgers in which the network, as the RPC server shows it, has not come yet. */

const alice = addressOf('alice');
const toAlice = memoId(deriveAlias(aliasKey, alice));
const cursorName = `classic ${depositAccount}`;

function chainAt(lastLedger: number) {
  return { chain: () => ({ lastLedger, lastClosedAtMs: closedAtMs(lastLedger) }) };
}

async function readTo100(): Promise<ClassicRig> {
  const rig = createClassicRig();
  rig.open(alice);
  rig.restart(chainAt(100));
  await rig.catchUp();
  return rig;
}

describe('a ledger that only Horizon tells of', () => {
  it('as its newest has no honest Horizon taken for one that lags, now or after a restart', async () => {
    const rig = await readTo100();
    rig.clock.advance(60_000);
    rig.horizon.latestLedger = 1_000_000;
    await rig.catchUp();
    expect(rig.watcher.health()).toMatchObject({ lastLedger: 88, lastClosedAtMs: closedAtMs(100) });
    rig.horizon.latestLedger = 112;
    rig.horizon.pay('2.0000000', {}, toAlice);
    rig.clock.advance(60_000);
    rig.restart(chainAt(112));
    await rig.catchUp();
    expect(Object.values(rig.states())).toEqual(['due']);
    expect(rig.store.deposits.cursor(cursorName)).toMatchObject({ ledger: 112, closedAtMs: closedAtMs(112) });
  });

  it('is forgotten by the same process as well', async () => {
    const rig = createClassicRig();
    let newest = 100;
    rig.restart({ chain: () => chainAt(newest).chain() });
    rig.open(alice);
    rig.horizon.latestLedger = 1_000_000;
    await rig.catchUp();
    newest = 112;
    rig.horizon.latestLedger = 112;
    rig.horizon.pay('2.0000000', {}, toAlice);
    rig.clock.advance(60_000);
    await rig.catchUp();
    expect(Object.values(rig.states())).toEqual(['due']);
  });

  it('moves no cursor by a record that stands in it, so that no payment before it is skipped', async () => {
    const rig = await readTo100();
    const { horizon } = rig;
    rig.clock.advance(60_000);
    horizon.latestLedger = 150;
    horizon.pay('0.0000001');
    await rig.catchUp();
    horizon.records.pop();
    horizon.latestLedger = 145;
    const paid = horizon.pay('2.0000000', {}, toAlice);
    horizon.latestLedger = 200;
    rig.restart(chainAt(200));
    await rig.catchUp();
    expect(rig.states()).toEqual({ [String(paid.id)]: 'due' });
  });

  it('is read once the network has come so far, and what stands before it at once', async () => {
    const rig = await readTo100();
    const { horizon } = rig;
    const now = horizon.pay('1.0000000', {}, toAlice);
    horizon.latestLedger = 103;
    horizon.records.push({ poison: 'without a place' });
    const later = horizon.pay('2.0000000', {}, toAlice);
    await rig.catchUp();
    expect(rig.states()).toEqual({ [String(now.id)]: 'due' });
    rig.restart(chainAt(103));
    await rig.catchUp();
    expect(rig.states()).toEqual({ [String(now.id)]: 'due', [String(later.id)]: 'due' });
    expect(rig.store.classicPayments.setAside(10)).toHaveLength(1);
  });

  it('is waited for however many payments stand in it', async () => {
    const rig = await readTo100();
    rig.horizon.latestLedger = 103;
    for (let count = 0; count < 450; count++) rig.horizon.pay('1.0000000', {}, toAlice);
    expect(await rig.watcher.turn()).toBe(false);
    expect(rig.states()).toEqual({});
    expect(rig.watcher.health().lastLedger).toBe(100);
  });
});

it('before the RPC server has shown any ledger, nothing is asked', async () => {
  const rig = createClassicRig();
  rig.restart(chainAt(0));
  rig.horizon.pay('2.0000000', {}, toAlice);
  expect(await rig.watcher.turn()).toBe(false);
  expect([rig.horizon.roots, rig.horizon.queries.length]).toEqual([0, 0]);
});

it('a gateway that was away for a month reads as far as the RPC server has shown, and refuses nothing', async () => {
  const rig = await readTo100();
  const { horizon } = rig;
  horizon.latestLedger = 500_000;
  const paid = horizon.pay('2.0000000', {}, toAlice);
  horizon.latestLedger = 518_400;
  rig.clock.advance(518_300 * 5_000);
  rig.restart(chainAt(100));
  await rig.catchUp();
  rig.restart(chainAt(518_400));
  await rig.catchUp();
  expect(rig.states()).toEqual({ [String(paid.id)]: 'due' });
});
