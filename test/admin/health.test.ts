import { describe, expect, it } from 'vitest';
import { notReady, troubleAside } from '../../src/admin/health.ts';
import { healthy } from './rig.ts';

const nowMs = 1_800_000_000_000;
const loop = {
  name: 'settler',
  running: true,
  turns: 1,
  failuresInRow: 0,
  lastProgressAtMs: nowMs,
  lastError: undefined,
  aside: false,
};
const eighthMs = (172_800 / 8) * 1000;

describe('a gateway is ready', () => {
  it('when everything it depends on is well', () => {
    expect(notReady({ ...healthy, loops: [loop] }, nowMs)).toEqual([]);
  });

  it.each([
    ['stopping', { stopping: true }],
    ['sales', { stopped: 'the books and the chain disagree' }],
    ['vault', { paused: true }],
    ['vault', { withdrawDelayS: undefined }],
    ['journal', { journal: { ...healthy.journal, ok: false } }],
    ['watcher', { lastLedgerClosedAtMs: undefined }],
    ['watcher', { lastLedgerClosedAtMs: nowMs - eighthMs - 1 }],
    ['settlement', { oldestUnsettledAtMs: nowMs - eighthMs - 1 }],
    ['settler', { loops: [{ ...loop, running: false }] }],
    ['settler', { loops: [{ ...loop, failuresInRow: 5 }] }],
  ])('not for reasons of %s: %o', (part, change) => {
    const reasons = notReady({ ...healthy, ...change }, nowMs);
    expect(reasons).toHaveLength(1);
    expect(reasons[0]).toMatch(new RegExp(`^${part}: `));
  });

  it('although something that no call depends on is in trouble, and it is told', () => {
    const horizon = { ...loop, name: 'classic deposits', aside: true, failuresInRow: 5, lastError: 'Horizon is gone' };
    expect(notReady({ ...healthy, loops: [horizon] }, nowMs)).toEqual([]);
    expect(troubleAside({ ...healthy, loops: [loop, horizon] })).toEqual([
      'classic deposits: failed 5 times in a row, Horizon is gone',
    ]);
  });

  it('although a lane is halted, and why and what to do is told', () => {
    const halted = [{ lane: 2, reason: '3 envelopes failed' }];
    expect(notReady({ ...healthy, halted }, nowMs)).toEqual([]);
    expect(troubleAside({ ...healthy, loops: [], halted })).toEqual([
      'settlement: lane 2 is halted (3 envelopes failed); `callora settle now` tries once more',
    ]);
  });

  it.each([
    ['ahead', 30_001, 'clock: the host is 30 s ahead of the newest ledger: .* unless every RPC server lags'],
    ['behind', -31_000, 'clock: the host is 31 s behind the newest ledger: .* unless an RPC server makes times up'],
  ])('although its clock is %s of the network’s, and what that can be is told', (_, hostAheadMs, told) => {
    expect(notReady({ ...healthy, hostAheadMs }, nowMs)).toEqual([]);
    expect(troubleAside({ ...healthy, hostAheadMs })).toEqual([expect.stringMatching(told)]);
    const atBound = Math.sign(hostAheadMs) * 30_000;
    expect(troubleAside({ ...healthy, hostAheadMs: atBound })).toEqual([]);
  });

  it('up to the bounds themselves', () => {
    const change = { lastLedgerClosedAtMs: nowMs - eighthMs, oldestUnsettledAtMs: nowMs - eighthMs };
    expect(notReady({ ...healthy, ...change, loops: [{ ...loop, failuresInRow: 4 }] }, nowMs)).toEqual([]);
  });
});
