import assert from 'node:assert/strict';

/**
 * A call id is run number × 2^33 + sequence: unique and rising over restarts and crashes without reading the database,
 * and a safe JavaScript integer for a million runs of eight billion calls each.
 */
const perRun = 2 ** 33;
const runMax = 2 ** 20 - 1;

export function createCallIds(runId: number): () => number {
  assert(Number.isInteger(runId) && runId > 0 && runId <= runMax, 'the run number is outside 1 to 2^20 − 1');
  let sequence = 0;
  return () => {
    assert(sequence < perRun, 'this run has used all its call ids');
    return runId * perRun + sequence++;
  };
}

/** The lowest call id of a run: ids below it belong to earlier processes. */
export function firstCallId(runId: number): number {
  return runId * perRun;
}
