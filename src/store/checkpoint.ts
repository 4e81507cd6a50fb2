import { Worker } from 'node:worker_threads';
import type { Log } from '../log.ts';

/** Sizes of the write-ahead log at which the worker acts, in bytes. */
export type CheckpointBounds = {
  /** Copies pages into the database, in the way of nobody. */
  passiveBytes: number;
  /** Also makes the log start over: writers wait for a moment. */
  restartBytes: number;
  /** Also gives the file's space back, after a long reader had kept it. */
  truncateBytes: number;
  /** How often it looks, ms. */
  intervalMs: number;
};

/** Small enough for a fast start after a kill, large enough that a page is written back once for many changes. */
const defaults: CheckpointBounds = {
  passiveBytes: 4 << 20,
  restartBytes: 32 << 20,
  truncateBytes: 128 << 20,
  intervalMs: 250,
};

export type Checkpoints = { stop(): Promise<void> };

/** Checkpoints run on a thread and a connection of their own: their disk waits never reach the event loop. */
export function startCheckpoints(options: { file: string; log: Log; bounds: Partial<CheckpointBounds> }): Checkpoints {
  const { file, log, bounds } = options;
  const worker = new Worker(new URL('./checkpoint-worker.ts', import.meta.url), {
    workerData: { file, ...defaults, ...bounds },
  });
  const ended = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
  worker.on('message', (message: string) => log.warn({ reason: message }, 'a checkpoint failed; it is tried again'));
  worker.on('error', (error) =>
    log.error({ err: error }, 'the checkpoint worker ended: the log grows until a restart'),
  );
  worker.unref();
  return {
    async stop() {
      worker.ref();
      worker.postMessage('stop');
      await ended;
    },
  };
}
