import { startWorker } from '../own-files.ts';
import type { WrongSum } from './sums-check.ts';

/**
 * Adds the books up from their rows and says what differs from the sums that accounts, batches and earnings carry. A thread of
 * its own reads in steps, so that neither calls nor checkpoints wait for it; a signal ends it behind the step under way.
 */
export type FindWrongSums = (signal: AbortSignal) => Promise<WrongSum[]>;

export type SumsJob = { file: string };
export type SumsMessage = { found: WrongSum[] } | { failure: string };

export function createFindWrongSums(file: string): FindWrongSums {
  return async (signal) => {
    signal.throwIfAborted();
    const worker = startWorker('store/sums-worker', { file } satisfies SumsJob);
    const end = () => void worker.terminate();
    signal.addEventListener('abort', end);
    try {
      const message = await new Promise<SumsMessage>((resolve, reject) => {
        worker.once('message', resolve);
        worker.once('error', reject);
        worker.once('exit', (code) => reject(new Error(`the adding thread ended with ${code}`)));
      });
      if ('failure' in message) throw new Error(`the sums were not checked: ${message.failure}`);
      return message.found;
    } finally {
      signal.removeEventListener('abort', end);
    }
  };
}
