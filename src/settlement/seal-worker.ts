import { parentPort, workerData } from 'node:worker_threads';
import { openSqlite } from '../store/open-sqlite.ts';
import { createProposer } from '../store/seal-proposal.ts';
import { hashLeaf } from './leaf.ts';
import { rootOf } from './merkle.ts';
import type { SealJob, SealMessage } from './seal-thread.ts';

/** The thread that chooses what goes into a batch: see seal-thread.ts. It says one thing and ends; what it throws is its starter's. */
const { file, vault, request } = workerData as SealJob;

function work(): SealMessage {
  const db = openSqlite(file, { readonly: true, fileMustExist: true, timeout: 1_000 });
  try {
    const propose = createProposer(db, { hashLeaf: (row) => hashLeaf(vault, row), rootOf });
    return { proposal: propose(request) };
  } finally {
    db.close();
  }
}

parentPort?.postMessage(work());
