import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { silentLog } from '../../src/log.ts';
import { createJournal } from '../../src/metering/journal.ts';
import { units } from '../../src/money.ts';
import type { CheckpointBounds } from '../../src/store/checkpoint.ts';
import { openSqlite } from '../../src/store/open-sqlite.ts';
import { isBusy } from '../../src/store/sqlite-error.ts';
import { openStore } from '../../src/store/store.ts';
import { openTestStore, tempFolder } from './rig.ts';

const pageBytes = 4_096;
const never = 2 ** 40;

/** Turns between two looks at the log. */
const roundTurns = 1_000;

type Load = { largestBytes: number; bytesPerTurn: number };

/**
 * Commits a few pages in each of many turns and watches the size of the log. With bounds, each round ends when the worker
 * has come round: the test waits for it, and fails only when it never does.
 */
async function load(turns: number, checkpoints: Partial<CheckpointBounds>): Promise<Load> {
  const file = path.join(tempFolder(), 'callora.db');
  const log = silentLog();
  const store = openStore({ path: file, clock: systemClock, log, checkpoints });
  const { journalDb: db, sync } = store;
  const journal = createJournal({ db, clock: systemClock, log, durability: 'process', walSyncIntervalMs: 50, sync });
  const accountId = store.accounts.ensure('GA');
  const routeId = store.routes.ensure({ api: 'a', payee: 'GP', method: 'GET', template: '/a' });
  const base = { atMs: 1, accountId, routeId, method: 'GET', status: 200, priceUnits: units(1) };
  const startBytes = journal.health().walBytes;
  let largestBytes = 0;
  let written = 0;
  const turn = async () => {
    await Promise.all(Array.from({ length: 4 }, () => journal.charge({ id: store.nextCallId(), ...base })));
    written += 4;
    largestBytes = Math.max(largestBytes, journal.health().walBytes);
  };
  const usedBytes = () => {
    const [progress] = db.pragma('wal_checkpoint(NOOP)') as { log: number }[];
    return (progress?.log ?? 0) * pageBytes;
  };
  for (let done = 1; done <= turns; done++) {
    await turn();
    if (done % roundTurns > 0 || checkpoints.restartBytes === undefined) continue;
    // The log starts over with the first write behind a checkpoint that restarted it.
    while (usedBytes() >= checkpoints.restartBytes) {
      await systemClock.sleep(1);
      await turn();
    }
  }
  expect(store.charges.unsealed()).toEqual({ count: written, net: BigInt(written) });
  await journal.close();
  await store.close();
  expect(fs.existsSync(`${file}-wal`)).toBe(false);
  return { largestBytes, bytesPerTurn: (largestBytes - startBytes) / turns };
}

describe('the write-ahead log', () => {
  it('stays bounded under load, and no charge is lost or refused on the way', async () => {
    const { bytesPerTurn } = await load(200, { passiveBytes: never });
    const turns = 10 * roundTurns;
    const bounds = { passiveBytes: 50 * pageBytes, restartBytes: 200 * pageBytes, intervalMs: 5 };
    const { largestBytes } = await load(turns, bounds);
    expect(largestBytes).toBeLessThan((turns * bytesPerTurn) / 3);
  });

  it('makes no writer wait for a long reader, and starts over when the reader has ended', async () => {
    const bounds = { passiveBytes: pageBytes, restartBytes: 300 * pageBytes, truncateBytes: never, intervalMs: 1 };
    const { store, file } = openTestStore({ clock: systemClock, checkpoints: bounds });
    const reader = openSqlite(file, { readonly: true });
    reader.exec('BEGIN; SELECT 1 FROM meta');
    let written = 0;
    let refused = 0;
    const write = async () => {
      try {
        store.db.transaction(() => store.meta.set('x', String(++written).repeat(10 * pageBytes))).immediate();
      } catch (error) {
        if (!isBusy(error)) throw error;
        refused++;
      }
      await systemClock.sleep(1);
    };
    const progress = () => {
      const [seen] = store.db.pragma('wal_checkpoint(NOOP)') as { log: number; checkpointed: number }[];
      return { log: seen?.log ?? 0, checkpointed: seen?.checkpointed ?? 0 };
    };
    // The worker is under way, has copied what the reader lets it copy, and would have the log start over.
    while (progress().checkpointed === 0 || progress().log < 300) await write();
    for (let turn = 0; turn < 300; turn++) await write();
    expect(refused).toBe(0);
    reader.close();
    while (progress().log >= 300) await write();
  });

  it('stops its worker when the store closes', async () => {
    const file = path.join(tempFolder(), 'callora.db');
    let run: number | undefined;
    for (let starts = 0; starts < 3; starts++) {
      const store = openStore({ path: file, clock: systemClock, log: silentLog() });
      run = run === undefined ? store.runId : run + 1;
      expect(store.runId).toBe(run);
      await store.close();
    }
  });
});
