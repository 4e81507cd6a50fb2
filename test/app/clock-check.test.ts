import { describe, expect, it } from 'vitest';
import { clockCheckLoop } from '../../src/app/clock-check.ts';
import type { Core } from '../../src/app/core.ts';
import { fakeClock } from '../../src/clock.ts';
import { silentLog } from '../../src/log.ts';
import { createNetworkTime } from '../../src/stellar/network-time.ts';

/** Servers whose newest ledger closed so many seconds ago, or that do not answer. */
async function checked(
  lagsS: () => (number | 'down')[],
  turns: (step: { set(byMs: number): void }, turn: number) => void,
) {
  const clock = fakeClock();
  const log = silentLog();
  const lines: string[] = [];
  for (const level of ['error', 'info'] as const) {
    log[level] = ((...line: unknown[]) => lines.push(`${level} ${line.at(-1)}`)) as (typeof log)[typeof level];
  }
  const networkMs = clock.nowMs();
  const networkTime = createNetworkTime(clock);
  const sources = lagsS().map((_, index) => ({
    verifyNetwork: async () => undefined,
    async latestLedger() {
      const lag = lagsS()[index];
      if (typeof lag !== 'number') throw new Error('no answer');
      return { ledger: 1, closedAtS: Math.floor((networkMs + clock.monotonicMs()) / 1000) - lag };
    },
  })) as unknown as Core['sources'];
  const loop = clockCheckLoop({ clock, log, sources, networkTime });
  loop.start();
  const { health } = loop;
  for (let turn = 1; turn <= 6; turn++) {
    while (health().turns + health().failuresInRow < turn) await new Promise((resolve) => setImmediate(resolve));
    turns({ set: (byMs) => clock.setWall(clock.nowMs() + byMs) }, turn);
    clock.advance(60_000);
  }
  await loop.stop();
  return { lines, ahead: networkTime.hostAheadMs(), health: health() };
}

describe('the host’s clock', () => {
  it('is complained of once while it is wrong, and once when it is right again', async () => {
    const { lines } = await checked(
      () => [2],
      ({ set }, turn) => {
        if (turn === 1) set(-45_000);
        if (turn === 4) set(45_000);
      },
    );
    expect(lines).toEqual([
      expect.stringContaining('error the host is 43 s behind the newest ledger'),
      'info the host’s clock and the network’s agree again',
    ]);
  });

  it('is not complained of for a server that lags beside one that does not', async () => {
    expect(
      (
        await checked(
          () => [600, 2],
          () => undefined,
        )
      ).lines,
    ).toEqual([]);
    expect(
      (
        await checked(
          () => [600],
          () => undefined,
        )
      ).lines,
    ).toEqual([expect.stringContaining('unless every RPC server lags by as much')]);
  });

  it('is compared with the servers that answer, and the silence of another is trouble aside', async () => {
    const { ahead, health } = await checked(
      () => ['down', 2],
      () => undefined,
    );
    expect(ahead).toBe(2_000);
    expect(health).toMatchObject({ aside: true, failuresInRow: 6 });
  });
});
