import { describe, expect, it } from 'vitest';
import { type FakeClock, fakeClock } from '../../../src/clock.ts';
import { startRig } from '../rig.ts';
import { call, resultOf } from './wire.ts';

/** The network's health is the age of its latest ledger. */

async function quietNetwork(clock: FakeClock) {
  const rig = await startRig({ clock });
  const { rpcUrl } = rig.devnet;
  return { rpcUrl, devnet: rig.devnet, [Symbol.asyncDispose]: () => rig[Symbol.asyncDispose]() };
}

describe('health', () => {
  it('tells the ledgers that are kept and when they closed', async () => {
    await using quiet = await quietNetwork(fakeClock());
    const closeTime = String(quiet.devnet.latestLedger().closeTimeS);
    expect(await resultOf(quiet.rpcUrl, 'getHealth')).toEqual({
      status: 'healthy',
      latestLedger: 1,
      latestLedgerCloseTime: closeTime,
      oldestLedger: 1,
      oldestLedgerCloseTime: closeTime,
      ledgerRetentionWindow: 120_960,
    });
  });

  it('fails once the latest ledger is more than 30 s old, and is well again with the next', async () => {
    const clock = fakeClock();
    await using quiet = await quietNetwork(clock);
    await resultOf(quiet.rpcUrl, 'devnet_freeze', { frozen: true });
    clock.advance(30_000);
    expect(await resultOf(quiet.rpcUrl, 'getHealth')).toMatchObject({ status: 'healthy' });
    clock.advance(35_000);
    expect((await call(quiet.rpcUrl, 'getHealth')).error).toEqual({
      code: -32603,
      message: '[-32603] latency (1m5s) since last known ledger closed is too high (>30s)',
    });
    await quiet.devnet.closeLedger();
    expect(await resultOf(quiet.rpcUrl, 'getHealth')).toMatchObject({ status: 'healthy', latestLedger: 2 });
  });

  it('stays good where nobody sends anything: a ledger closes when none has for a while', async () => {
    const clock = fakeClock();
    await using quiet = await quietNetwork(clock);
    for (let look = 0; look < 7; look++) {
      clock.advance(10_000);
      expect(await resultOf(quiet.rpcUrl, 'getHealth')).toMatchObject({ status: 'healthy' });
    }
    expect(quiet.devnet.latestLedger().sequence).toBeGreaterThanOrEqual(7);
  });

  it('is as old as the ledger that a server is behind at', async () => {
    const clock = fakeClock();
    await using quiet = await quietNetwork(clock);
    await resultOf(quiet.rpcUrl, 'devnet_mine', { ledgers: 10, intervalS: 5 });
    quiet.devnet.setFault('getHealth', { kind: 'lag', ledgers: 8 }, { times: 1 });
    expect((await call(quiet.rpcUrl, 'getHealth')).error?.message).toContain('latency (40s)');
  });
});
