import { parentPort, workerData } from 'node:worker_threads';
import type { BackupJob, BackupMessage } from './backup.ts';
import { copyStore } from './copy-store.ts';

/** The thread that writes a copy: see backup.ts. It says one thing and ends. */
function say(message: BackupMessage): void {
  parentPort?.postMessage(message);
}

copyStore(workerData as BackupJob).then(
  (done) => say({ done }),
  (error: unknown) => say({ failure: error instanceof Error ? error.message : String(error) }),
);
