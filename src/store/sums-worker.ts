import { parentPort, workerData } from 'node:worker_threads';
import { systemClock } from '../clock.ts';
import { openSqlite } from './open-sqlite.ts';
import type { SumsJob, SumsMessage } from './sums.ts';
import { createSumsWalk, type WrongSum } from './sums-check.ts';

/** The thread that adds up: see sums.ts. It says one thing and ends. */
const { file } = workerData as SumsJob;

/**
 * Checkpoints have the log start over only while nobody reads: between two steps that is so for as long as a step takes, and for
 * this long at least, ms.
 */
const betweenMsMin = 5;

async function addUp(): Promise<WrongSum[]> {
  const db = openSqlite(file, { readonly: true, fileMustExist: true, timeout: 5_000 });
  db.pragma('trusted_schema = OFF');
  const found: WrongSum[] = [];
  const walk = createSumsWalk(db);
  let startMs = systemClock.monotonicMs();
  for (const some of walk()) {
    found.push(...some);
    await systemClock.sleep(Math.max(betweenMsMin, systemClock.monotonicMs() - startMs));
    startMs = systemClock.monotonicMs();
  }
  db.close();
  return found;
}

function say(message: SumsMessage): void {
  parentPort?.postMessage(message);
}

addUp().then(
  (found) => say({ found }),
  (error) => say({ failure: error instanceof Error ? error.message : String(error) }),
);
