import { describe, expect, it } from 'vitest';
import { fakeClock } from '../../src/clock.ts';
import { createNetworkTime } from '../../src/stellar/network-time.ts';

function timeRig() {
  const clock = fakeClock();
  const startMs = clock.nowMs();
  const time = createNetworkTime(clock);
  return {
    clock,
    ahead: time.hostAheadMs,
    /** A server shows the ledger that closed this long ago. */
    read: (agoMs: number) => time.note(startMs + clock.monotonicMs() - agoMs),
  };
}

describe('how far the host’s clock is ahead of the network’s', () => {
  it('is unknown before a ledger was read, and small while the clock is right', () => {
    const { ahead, read, clock } = timeRig();
    expect(ahead()).toBeUndefined();
    read(4_000);
    clock.advance(30_000);
    read(1_000);
    expect(ahead()).toBe(1_000);
  });

  it('follows a clock that is set, before the next ledger is read', () => {
    const { ahead, read, clock } = timeRig();
    read(2_000);
    clock.setWall(clock.nowMs() + 60_000);
    expect(ahead()).toBe(62_000);
    clock.setWall(clock.nowMs() - 3_600_000);
    expect(ahead()).toBe(-3_538_000);
  });

  it('does not grow with a server that lags, nor with one of two that does', () => {
    const { ahead, read, clock } = timeRig();
    read(2_000);
    for (let agoS = 30; agoS < 3_600; agoS += 30) {
      clock.advance(30_000);
      read(agoS * 1_000);
    }
    expect(ahead()).toBe(2_000);
    for (let minute = 0; minute < 180; minute++) {
      clock.advance(60_000);
      read(90_000);
      read(3_000);
    }
    expect(ahead()).toBe(3_000);
  });

  it('is what every server says when all of them have said so for an hour', () => {
    const { ahead, read, clock } = timeRig();
    read(2_000);
    for (let minute = 0; minute < 61; minute++) {
      clock.advance(60_000);
      read(90_000);
    }
    expect(ahead()).toBe(90_000);
  });
});
