import { clockTrouble } from '../admin/health.ts';
import { createLoop, type Loop } from '../loop.ts';
import type { Core } from './core.ts';

/** How often each server is asked for its newest ledger. */
const clockLookMs = 30_000;

/** Compares the host's clock with the network's, and says once in the log when they are apart. No call depends on it. */
export function clockCheckLoop(core: Pick<Core, 'clock' | 'log' | 'sources' | 'networkTime'>): Loop {
  const { clock, log, sources, networkTime } = core;
  let told = false;
  return createLoop({
    ...{ name: 'clock check', intervalMs: clockLookMs, aside: true, clock, log },
    async turn(signal) {
      const asked = await Promise.allSettled(
        sources.map(async (rpc) => {
          await rpc.verifyNetwork(signal);
          const { closedAtS } = await rpc.latestLedger(signal);
          networkTime.note(closedAtS * 1000);
        }),
      );
      const trouble = clockTrouble(networkTime.hostAheadMs());
      if (trouble !== undefined && !told) log.error(trouble);
      if (trouble === undefined && told) log.info('the host’s clock and the network’s agree again');
      told = trouble !== undefined;
      for (const one of asked) if (one.status === 'rejected') throw one.reason;
      return false;
    },
  });
}
