import { existsSync, statSync } from 'node:fs';
import path from 'node:path';
import { startWorker } from '../own-files.ts';

/**
 * A copy of the database as it is at one moment, while it is in use. A thread of its own reads, writes and compares, so
 * that no call waits for it; the copy appears under its name only when it is complete, equal and on disk.
 */
export type Backup = { file: string; bytes: number; sums: BackupSums };

/** Rows of each table, and sums of its amounts as `table.column`, in units of 1e-7 USDC. */
export type BackupSums = Record<string, string>;

export type BackupJob = { file: string; to: string };
export type BackupMessage = { done: BackupSums } | { failure: string };
export type CopyStore = (job: BackupJob) => Promise<BackupSums>;

/** Throws, and leaves nothing behind, when the copy cannot be made or `to` is there already. */
export async function backupStore({ file, to }: BackupJob, copy: CopyStore = copyInThread): Promise<Backup> {
  if (!path.isAbsolute(to)) throw new BackupRefused(`${to} must be an absolute path`);
  if (existsSync(to)) throw new BackupRefused(`${to} is there already: a copy never overwrites anything`);
  if (!existsSync(path.dirname(to))) throw new BackupRefused(`there is no folder ${path.dirname(to)}`);
  const sums = await copy({ file, to });
  return { file: to, bytes: statSync(to).size, sums };
}

async function copyInThread(job: BackupJob): Promise<BackupSums> {
  const worker = startWorker('store/backup-worker', job);
  const message = await new Promise<BackupMessage>((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
    worker.once('exit', (code) => reject(new Error(`the copying thread ended with ${code}`)));
  });
  if ('failure' in message) throw new Error(`no copy was made: ${message.failure}`);
  return message.done;
}

/** What was asked for cannot be: nothing was done. */
export class BackupRefused extends Error {
  override readonly name = 'BackupRefused';
}
