import type { Config } from '../catalog/model.ts';
import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import { createLoop, type Loop } from '../loop.ts';
import type { Idempotency } from '../store/idempotency.ts';

/** Keys past their life count as unknown anyway; this gives their space back. */
const intervalMs = 60_000;
/** A few ms of the event loop at the most, and room for calls between two sweeps. */
const bounds = { keysMax: 200, bytesMax: 2 << 20 };
const pauseMs = 20;

export function keySweepLoop(deps: {
  config: () => Config;
  store: { idempotency: Pick<Idempotency, 'sweep'> };
  clock: Clock;
  log: Log;
}): Loop {
  const { config, store, clock, log } = deps;
  return createLoop({
    name: 'idempotency keys',
    intervalMs,
    // A gateway that forgets late refuses nobody.
    aside: true,
    clock,
    log,
    async turn(signal) {
      const more = store.idempotency.sweep(clock.nowMs() - config().gateway.idempotency.lifeMs, bounds);
      if (more) await clock.sleep(pauseMs, signal);
      return more;
    },
  });
}
