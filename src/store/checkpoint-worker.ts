import { parentPort, workerData } from 'node:worker_threads';
import Database from 'better-sqlite3';
import type { CheckpointBounds } from './checkpoint.ts';

/** The thread that checkpoints: see checkpoint.ts. It ends when told to, between two checkpoints. */
const { file, passiveBytes, restartBytes, truncateBytes, intervalMs } = workerData as CheckpointBounds & {
  file: string;
};

type Progress = { busy: number; log: number; checkpointed: number };

const db = new Database(file, { fileMustExist: true, timeout: 100 });
db.pragma('synchronous = NORMAL');
db.pragma('wal_autocheckpoint = 0');
const pageBytes = Number(db.pragma('page_size', { simple: true }));

function checkpoint(mode: 'NOOP' | 'PASSIVE' | 'RESTART' | 'TRUNCATE'): { logBytes: number; waitingBytes: number } {
  const [progress] = db.pragma(`wal_checkpoint(${mode})`) as Progress[];
  const { log = 0, checkpointed = 0 } = progress ?? {};
  return { logBytes: Math.max(0, log) * pageBytes, waitingBytes: Math.max(0, log - checkpointed) * pageBytes };
}

function turn(): void {
  if (checkpoint('NOOP').waitingBytes < passiveBytes) return;
  const { logBytes } = checkpoint('PASSIVE');
  if (logBytes >= truncateBytes) checkpoint('TRUNCATE');
  else if (logBytes >= restartBytes) checkpoint('RESTART');
}

const timer = setInterval(() => {
  try {
    turn();
  } catch (error) {
    parentPort?.postMessage(error instanceof Error ? error.message : String(error));
  }
}, intervalMs);

parentPort?.once('message', () => {
  clearInterval(timer);
  db.close();
  parentPort?.close();
});
