import { describe, expect, it } from 'vitest';
import { fakeClock } from '../src/clock.ts';
import { silentLog } from '../src/log.ts';
import { createLoop } from '../src/loop.ts';

/** Lets the promises that are already due run; no time passes. */
async function settled(): Promise<void> {
  for (let i = 0; i < 10; i++) await Promise.resolve();
}

describe('a loop', () => {
  function build(turn: (signal: AbortSignal) => Promise<boolean>) {
    const clock = fakeClock();
    return { clock, loop: createLoop({ name: 'test', intervalMs: 1_000, clock, log: silentLog(), turn }) };
  }

  it('turns at once while there is more to do, then once per interval', async () => {
    let turns = 0;
    const { clock, loop } = build(async () => ++turns < 3);
    loop.start();
    await settled();
    expect(turns).toBe(3);
    clock.advance(999);
    await settled();
    expect(turns).toBe(3);
    clock.advance(1);
    await settled();
    expect(turns).toBe(4);
    await loop.stop();
  });

  it('is woken before its interval is over', async () => {
    let turns = 0;
    const { loop } = build(async () => {
      turns++;
      return false;
    });
    loop.start();
    await settled();
    loop.wake();
    await settled();
    expect(turns).toBe(2);
    await loop.stop();
  });

  it('goes on after a failing turn and shows the failure in its health', async () => {
    let turns = 0;
    const { clock, loop } = build(async () => {
      if (turns++ === 0) throw new Error('provider down');
      return false;
    });
    loop.start();
    await settled();
    expect(loop.health()).toMatchObject({ failuresInRow: 1, lastError: 'provider down' });
    clock.advance(60_000);
    await settled();
    expect(loop.health()).toMatchObject({ failuresInRow: 0, turns: 1, lastError: undefined });
    await loop.stop();
  });

  it('stops only after the running turn has ended', async () => {
    let ended = false;
    const { loop } = build(async (signal) => {
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      ended = true;
      return false;
    });
    loop.start();
    await settled();
    await loop.stop();
    expect(ended).toBe(true);
    expect(loop.health().running).toBe(false);
  });
});
