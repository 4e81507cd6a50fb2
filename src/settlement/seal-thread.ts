import { startWorker } from '../own-files.ts';
import type { SealProposal, SealRequest } from '../store/seal-proposal.ts';

/** Finds out what to seal; undefined when there is nothing to do. Rejects when the database cannot be read. */
export type Propose = (request: SealRequest, signal?: AbortSignal) => Promise<SealProposal | undefined>;

/** What the thread is started with, and what it says. `vault` is the C… address: part of every leaf. */
export type SealJob = { file: string; vault: string; request: SealRequest };
export type SealMessage = { proposal: SealProposal | undefined };

/**
 * Chooses on a thread and a connection of its own, in one read transaction: however much waits, no call waits for it.
 * The thread lives for one choice, so there is nothing to restart when it dies, and nothing of it is left behind.
 */
export function createSealThread({ file, vault }: { file: string; vault: string }): Propose {
  return async (request, signal) => {
    signal?.throwIfAborted();
    const worker = startWorker('settlement/seal-worker', { file, vault, request } satisfies SealJob);
    const stop = () => void worker.terminate();
    signal?.addEventListener('abort', stop);
    try {
      const { proposal } = await new Promise<SealMessage>((resolve, reject) => {
        worker.once('message', resolve);
        worker.once('error', (cause) => reject(new Error(`no batch could be chosen: ${cause}`, { cause })));
        worker.once('exit', (code) => reject(new Error(`the choosing thread ended with ${code}`)));
      });
      return proposal;
    } finally {
      signal?.removeEventListener('abort', stop);
    }
  };
}
