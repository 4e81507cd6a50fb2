import { counted } from '../counted.ts';
import { createLoop, type Loop } from '../loop.ts';
import { checkBooks } from '../settlement/books-check.ts';
import type { Core } from './core.ts';
import { breakBooks } from './observe.ts';

/** How often memory is compared with the database. */
const booksCheckMs = 60_000;
/** Where there is much to read, the pause is so many times as long as the event loop was held in all. */
const booksCheckPauses = 50;

/** Books that differ stop sales until a person has looked: wrong ones must not grow. */
export function bookCheckLoop(core: Core): Loop {
  const { store, ledger, clock, log } = core;
  let notBeforeMs = 0;
  return createLoop({
    name: 'books check',
    intervalMs: booksCheckMs,
    clock,
    log,
    async turn(signal) {
      const startMs = clock.monotonicMs();
      if (startMs < notBeforeMs) return false;
      const atMs = clock.nowMs();
      const { found, busyMs } = await checkBooks({ accounts: store.accounts, ledger, clock }, signal);
      notBeforeMs = startMs + booksCheckPauses * busyMs;
      core.booksCheck = { atMs, differences: found.length };
      for (const difference of found) log.error({ difference }, 'memory and database disagree');
      if (found.length > 0) {
        breakBooks(
          core,
          'memory equals database',
          `memory and database disagree on ${counted(found.length, 'amount')}`,
        );
      }
      return false;
    },
  });
}
