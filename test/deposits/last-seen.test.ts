import { describe, expect, it } from 'vitest';
import { fakeClock } from '../../src/clock.ts';
import { initialVaultState, lastSeenMs } from '../../src/deposits/vault-state.ts';

const hourMs = 3_600_000;

describe('the age of what was seen of the chain', () => {
  it('grows with the time that passes, whatever the clock on the wall is set to', () => {
    const clock = fakeClock();
    const seen = { lastClosedAtMs: clock.nowMs() - 5_000, readAtMs: clock.monotonicMs() };
    const age = () => clock.nowMs() - (lastSeenMs(seen, clock) ?? Number.NaN);
    expect(age()).toBe(5_000);
    clock.advance(2 * hourMs);
    expect(age()).toBe(2 * hourMs + 5_000);
    clock.setWall(clock.nowMs() - 72 * hourMs);
    expect(age()).toBe(2 * hourMs);
    clock.advance(hourMs);
    expect(age()).toBe(3 * hourMs);
    // The clock was right before, or is now: nobody knows, and the older sight is the safe one.
    clock.setWall(clock.nowMs() + 240 * hourMs);
    expect(age()).toBe(171 * hourMs + 5_000);
  });

  it('is that of the ledger while it is known from an earlier run', () => {
    const clock = fakeClock();
    const lastClosedAtMs = clock.nowMs() - hourMs;
    expect(lastSeenMs({ lastClosedAtMs, readAtMs: undefined }, clock)).toBe(lastClosedAtMs);
  });

  it('is unknown before the first ledger', () => {
    expect(lastSeenMs(initialVaultState(), fakeClock())).toBeUndefined();
  });
});
