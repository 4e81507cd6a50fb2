import type { Log } from '../log.ts';
import { startWorker } from '../own-files.ts';

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

/** What the worker is started with, and what it says. */
export type CheckpointJob = CheckpointBounds & { file: string; check: boolean };
export type CheckpointMessage = { failure: string } | { damage: string };

export type CheckpointOptions = {
  file: string;
  log: Log;
  bounds: Partial<CheckpointBounds>;
  /** Whether the worker first reads the whole file for damage. */
  check: boolean;
  onDamage: (verdict: string) => void;
};

/** Checkpoints run on a thread and a connection of their own: their disk waits never reach the event loop. */
export function startCheckpoints({ file, log, bounds, check, onDamage }: CheckpointOptions): Checkpoints {
  const job: CheckpointJob = { file, check, ...defaults, ...bounds };
  const worker = startWorker('store/checkpoint-worker', job);
  const ended = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
  worker.on('message', (message: CheckpointMessage) => {
    if ('damage' in message) onDamage(message.damage);
    else log.warn({ reason: message.failure }, 'a checkpoint failed; it is tried again');
  });
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
