import type { Worker } from 'node:worker_threads';
import { startWorker } from '../own-files.ts';
import type { SealProposal, SealRequest } from '../store/seal-proposal.ts';

/** Finds out what to seal; undefined when there is nothing to do. Rejects when the database cannot be read. */
export type Propose = (request: SealRequest, signal?: AbortSignal) => Promise<SealProposal | undefined>;

/** What the thread is started with. `vault` is the C… address: part of every leaf. */
export type SealPlace = { file: string; vault: string; idleMs: number };
/** What it says to each request. */
export type SealMessage = { proposal: SealProposal | undefined };

/**
 * The thread waits so long for its next request, ms: several settlement intervals, since starting it takes half a second of a
 * core [measured], which is more than a choice takes.
 */
const idleMs = 300_000;

/**
 * Chooses on a thread and a connection of its own, in one read transaction: however much waits, no call waits for it. A
 * request at a time. A thread that died is replaced by the next request, and none keeps the process alive.
 */
export function createSealThread({ file, vault }: Pick<SealPlace, 'file' | 'vault'>): Propose {
  let running: Worker | undefined;

  function thread(): Worker {
    if (running) return running;
    const worker = startWorker('settlement/seal-worker', { file, vault, idleMs } satisfies SealPlace);
    running = worker;
    worker.unref();
    const forget = () => {
      if (running === worker) running = undefined;
    };
    worker.once('exit', forget);
    worker.once('error', forget);
    return worker;
  }

  return async (request, signal) => {
    signal?.throwIfAborted();
    const worker = thread();
    const stop = () => {
      // It takes a moment to die, and must not get the next request meanwhile.
      if (running === worker) running = undefined;
      void worker.terminate();
    };
    signal?.addEventListener('abort', stop);
    // While somebody waits for its answer, the process has something to live for.
    worker.ref();
    try {
      const { proposal } = await answerOf(worker, request);
      return proposal;
    } finally {
      worker.unref();
      signal?.removeEventListener('abort', stop);
    }
  };
}

function answerOf(worker: Worker, request: SealRequest): Promise<SealMessage> {
  return new Promise((resolve, reject) => {
    const listeners = {
      message: (message: SealMessage) => settle(() => resolve(message)),
      error: (cause: Error) => settle(() => reject(new Error(`no batch could be chosen: ${cause}`, { cause }))),
      exit: (code: number) => settle(() => reject(new Error(`the choosing thread ended with ${code}`))),
    };
    function settle(end: () => void): void {
      for (const [event, listener] of Object.entries(listeners)) worker.off(event, listener);
      end();
    }
    for (const [event, listener] of Object.entries(listeners)) worker.once(event, listener);
    worker.postMessage(request);
  });
}
