import { parentPort, workerData } from 'node:worker_threads';
import { openSqlite } from '../store/open-sqlite.ts';
import { createProposer, type SealRequest } from '../store/seal-proposal.ts';
import { hashLeaf } from './leaf.ts';
import { rootOf } from './merkle.ts';
import type { SealMessage, SealPlace } from './seal-thread.ts';

/**
 * The thread that chooses what goes into a batch: see seal-thread.ts. It answers each request, and ends when none has come
 * for a while; what it throws is its starter's.
 */
const { file, vault, idleMs } = workerData as SealPlace;

function choose(request: SealRequest): SealMessage {
  const db = openSqlite(file, { readonly: true, fileMustExist: true, timeout: 1_000 });
  try {
    const propose = createProposer(db, { hashLeaf: (row) => hashLeaf(vault, row), rootOf });
    return { proposal: propose(request) };
  } finally {
    db.close();
  }
}

const idle = setTimeout(() => parentPort?.close(), idleMs);

parentPort?.on('message', (request: SealRequest) => {
  parentPort?.postMessage(choose(request));
  idle.refresh();
});
