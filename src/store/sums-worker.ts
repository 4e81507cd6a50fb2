import { parentPort, workerData } from 'node:worker_threads';
import { openSqlite } from './open-sqlite.ts';
import type { SumsJob, SumsMessage } from './sums.ts';
import { createSumsCheck } from './sums-check.ts';

/** The thread that adds up: see sums.ts. It says one thing and ends. */
const { file } = workerData as SumsJob;

function say(message: SumsMessage): void {
  parentPort?.postMessage(message);
}

try {
  const db = openSqlite(file, { readonly: true, fileMustExist: true, timeout: 5_000 });
  db.pragma('trusted_schema = OFF');
  const found = createSumsCheck(db)();
  db.close();
  say({ found });
} catch (error) {
  say({ failure: error instanceof Error ? error.message : String(error) });
}
