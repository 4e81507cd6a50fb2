import { counted } from '../counted.ts';
import { createLoop, type Loop } from '../loop.ts';
import { formatUsdc } from '../money.ts';
import type { Core } from './core.ts';
import { breakBooks } from './observe.ts';

/** A start has other work; what was changed while the gateway was off is found soon after. */
const firstAfterMs = 60_000;
/** What only a hand or a defect changes needs no minute's notice. */
const everyMs = 3_600_000;
/** Books of many years take longer to read: a thread may take so much of a core's time, one part in so many. */
const pauses = 100;
/** How often is looked whether it is time, ms. */
const lookMs = 60_000;

/** Sums that are not those of their rows stop sales: the next bill would be made from them. */
export function sumsCheckLoop(core: Core): Loop {
  const { store, clock, log } = core;
  let notBeforeMs = clock.monotonicMs() + firstAfterMs;
  return createLoop({
    name: 'sums check',
    intervalMs: lookMs,
    // The check of the books every minute turns calls away when it fails; this one sees what that one cannot, later.
    aside: true,
    clock,
    log,
    async turn(signal) {
      const startMs = clock.monotonicMs();
      if (startMs < notBeforeMs) return false;
      const atMs = clock.nowMs();
      const found = await store.findWrongSums(signal);
      const endMs = clock.monotonicMs();
      notBeforeMs = endMs + Math.max(everyMs, pauses * (endMs - startMs));
      core.sumsCheck = { atMs, differences: found.length };
      for (const { subject, name, kept, byRows } of found) {
        const difference = `${subject} ${name}: ${formatUsdc(kept)} kept, ${formatUsdc(byRows)} by its rows`;
        log.error({ difference }, 'a sum is not that of its rows');
      }
      if (found.length > 0) {
        breakBooks(
          core,
          'sums equal rows',
          counted(
            found.length,
            'sum in the books is not that of its rows',
            'sums in the books are not those of their rows',
          ),
        );
      }
      return false;
    },
  });
}
