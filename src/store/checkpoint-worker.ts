import { parentPort, workerData } from 'node:worker_threads';
import type { CheckpointJob, CheckpointMessage } from './checkpoint.ts';
import { openSqlite } from './open-sqlite.ts';

/** The thread that checks and checkpoints: see checkpoint.ts. It ends when told to, between two of its turns. */
const { file, check, passiveBytes, restartBytes, truncateBytes, intervalMs } = workerData as CheckpointJob;

type Progress = { busy: number; log: number; checkpointed: number };

const db = openSqlite(file, { fileMustExist: true, timeout: 100 });
db.pragma('synchronous = NORMAL');
db.pragma('wal_autocheckpoint = 0');
// A checkpoint that waits for a reader has the write lock meanwhile: one that comes at that very moment costs no call more.
db.pragma('busy_timeout = 10');
const pageBytes = Number(db.pragma('page_size', { simple: true }));

function checkpoint(mode: 'NOOP' | 'PASSIVE' | 'RESTART' | 'TRUNCATE'): { logBytes: number; waitingBytes: number } {
  const [progress] = db.pragma(`wal_checkpoint(${mode})`) as Progress[];
  const { log = 0, checkpointed = 0 } = progress ?? {};
  return { logBytes: Math.max(0, log) * pageBytes, waitingBytes: Math.max(0, log - checkpointed) * pageBytes };
}

function turn(): void {
  if (checkpoint('NOOP').waitingBytes < passiveBytes) return;
  const { logBytes, waitingBytes } = checkpoint('PASSIVE');
  // A reader of an older moment is in the way. The others would wait for it, and have all writers wait with them.
  if (waitingBytes > 0) return;
  if (logBytes >= truncateBytes) checkpoint('TRUNCATE');
  else if (logBytes >= restartBytes) checkpoint('RESTART');
}

function say(message: CheckpointMessage): void {
  parentPort?.postMessage(message);
}

if (check) {
  const verdict = findDamage();
  if (verdict !== undefined) say({ damage: verdict });
}

function findDamage(): string | undefined {
  try {
    const verdict = String(db.pragma('quick_check(1)', { simple: true }));
    return verdict === 'ok' ? undefined : verdict;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

const timer = setInterval(() => {
  try {
    turn();
  } catch (error) {
    say({ failure: error instanceof Error ? error.message : String(error) });
  }
}, intervalMs);

parentPort?.once('message', () => {
  clearInterval(timer);
  db.close();
  parentPort?.close();
});
