import fs from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type Log, silentLog } from '../../src/log.ts';
import { findLogDamage } from '../../src/store/log-damage.ts';
import {
  composeMark,
  keepSyncedMarks,
  readBootId,
  readSyncedMark,
  type SyncedMark,
  unknownBootId,
} from '../../src/store/synced-mark.ts';
import { createWalSync } from '../../src/store/wal-sync.ts';
import {
  commitEnds,
  flipped,
  frameAt,
  frameBytes,
  headerBytes,
  logActs,
  logSteps,
  openLogged,
  takeLogStep,
} from './log-rig.ts';
import { openTestStore, tempFolder, writeCharge } from './rig.ts';

/** What a process leaves that was killed with so many commits, of which all but the last few had been synced. */
function killed({ commits, unsynced }: { commits: number; unsynced: number }) {
  const { db, file } = openLogged();
  const marks = keepSyncedMarks(file);
  onTestFinished(marks.close);
  const insert = db.prepare('INSERT INTO rows (text) VALUES (?)');
  const commit = () => insert.run('x'.repeat(600));
  for (let at = 0; at < commits - unsynced; at++) commit();
  marks.begin()();
  for (let at = 0; at < unsynced; at++) commit();
  const log = fs.readFileSync(`${file}-wal`);
  const ends = commitEnds(log);
  const syncedFrames = ends.at(-1 - unsynced) ?? 0;
  const verdict = (bytes: Buffer, bootId = readBootId()) => {
    fs.writeFileSync(`${file}-wal`, bytes);
    const found = findLogDamage(file, bootId);
    fs.writeFileSync(`${file}-wal`, log);
    return found;
  };
  return { file, log, ends, syncedFrames, verdict };
}

function copyOf(file: string): string {
  const copy = path.join(tempFolder(), 'callora.db');
  for (const suffix of ['', '-wal', '-synced']) fs.copyFileSync(`${file}${suffix}`, `${copy}${suffix}`);
  return copy;
}

function requireMark(file: string): SyncedMark {
  const mark = readSyncedMark(file);
  if (!mark) throw new Error('there is no mark');
  return mark;
}

function writeMark(file: string, mark: SyncedMark): void {
  fs.writeFileSync(`${file}-synced`, composeMark(mark));
}

const anotherStart = '00000000-1111-2222-3333-444444444444';

describe('behind a sync that has ended', () => {
  it('damage to the last commit is told from a torn end, at any byte', () => {
    const { log, ends, syncedFrames, verdict } = killed({ commits: 4, unsynced: 0 });
    expect(verdict(log)).toBeUndefined();
    for (let at = frameAt(syncedFrames); at < log.length; at += 5) {
      expect(verdict(flipped(log, at))).toEqual({ kind: 'short', frames: ends.at(-2), syncedFrames });
    }
  });

  it('so is a log that was cut off', () => {
    const { log, ends, syncedFrames, verdict } = killed({ commits: 4, unsynced: 1 });
    for (let bytes = headerBytes + 1; bytes <= log.length; bytes += 31) {
      const frames = ends.findLast((end) => headerBytes + end * frameBytes <= bytes) ?? 0;
      const found = frames < syncedFrames ? { kind: 'short', frames, syncedFrames } : undefined;
      expect(verdict(log.subarray(0, bytes))).toEqual(found);
    }
  });

  it.each<[string, string, object]>([
    [
      'is that of a power cut, where the machine has started anew',
      anotherStart,
      { kind: 'power_cut', commitsBehind: 3 },
    ],
    ['is damage where it has not', readBootId(), { kind: 'frame' }],
    ['is damage where nobody knows', unknownBootId, { kind: 'frame' }],
  ])('a hole before whole commits %s', (_, bootId, expected) => {
    const { log, syncedFrames, verdict } = killed({ commits: 6, unsynced: 3 });
    const hole = Buffer.from(log).fill(0, frameAt(syncedFrames + 1), frameAt(syncedFrames + 2));
    expect(verdict(hole, bootId)).toMatchObject(expected);
  });

  it('a hole in what had been synced is damage, whenever the machine has started', () => {
    const { log, syncedFrames, verdict } = killed({ commits: 6, unsynced: 3 });
    const hole = Buffer.from(log).fill(0, frameAt(syncedFrames), frameAt(syncedFrames + 1));
    expect(verdict(hole, anotherStart)).toMatchObject({ kind: 'frame', frame: syncedFrames });
  });
});

describe('after a power cut with a hole before commits that had not been synced', () => {
  /** A gateway of another start of the machine, with three charges synced, and what the cut has left of three more. */
  async function cut(): Promise<string> {
    const { store, file } = openTestStore({ fdatasync: (_, done) => done(null) });
    for (let charge = 0; charge < 3; charge++) writeCharge(store, { account: 'GA', price: 7 });
    await store.sync();
    const synced = fs.statSync(`${file}-wal`).size;
    for (let charge = 0; charge < 3; charge++) writeCharge(store, { account: 'GA', price: 7 });
    const left = copyOf(file);
    fs.writeFileSync(`${left}-wal`, fs.readFileSync(`${left}-wal`).fill(0, synced, synced + 24 + 4_096));
    writeMark(left, { ...requireMark(left), bootId: anotherStart });
    return left;
  }

  it('the gateway starts with what had been synced, says so, and its next death is no damage', async () => {
    const file = await cut();
    const lines: unknown[] = [];
    const log = { ...silentLog(), warn: (...line: unknown[]) => void lines.push(line) } as unknown as Log;
    const { store } = openTestStore({ path: file, log });
    expect(store.charges.unsealed().count).toBe(3);
    expect(lines).toEqual([[{ commits: expect.any(Number) }, expect.stringContaining('a power cut took')]]);
    writeCharge(store, { account: 'GA', price: 7 });
    const next = copyOf(file);
    expect(findLogDamage(next)).toBeUndefined();
    expect(openTestStore({ path: next }).store.charges.unsealed().count).toBe(4);
  });

  it('one that somebody reads at that moment is left for later', async () => {
    const file = await cut();
    const reader = new Database(file, { readonly: true });
    onTestFinished(() => void reader.close());
    reader.exec('BEGIN; SELECT COUNT(*) FROM charges');
    expect(() => openTestStore({ path: file })).toThrow(/is being read by another process; try again/);
    reader.exec('COMMIT');
    expect(openTestStore({ path: file }).store.charges.unsealed().count).toBe(3);
  });
});

describe('a mark', () => {
  it.each<[string, (text: string) => string | undefined]>([
    ['is missing', () => undefined],
    ['is empty', () => ''],
    ['was cut off', (text) => text.slice(0, -1)],
    ['has one figure changed', (text) => text.replace(/ 0{5}/, ' 90000')],
    ['is of another log', (text) => text.replace(/^./, (digit) => (digit === '0' ? '1' : '0'))],
  ])('that %s says nothing', (_, changed) => {
    const { file, log, verdict } = killed({ commits: 4, unsynced: 0 });
    const text = changed(fs.readFileSync(`${file}-synced`, 'latin1'));
    if (text === undefined) fs.rmSync(`${file}-synced`);
    else fs.writeFileSync(`${file}-synced`, text);
    expect(verdict(flipped(log, log.length - 1))).toBeUndefined();
  });

  it('is kept when a sync has ended, and says what was in the log when that began, whichever connection wrote it', async () => {
    const ends: ((error: Error | null) => void)[] = [];
    const { store, file } = openTestStore({ fdatasync: (_, done) => void ends.push(done) });
    const frames = () => Math.floor((fs.statSync(`${file}-wal`).size - headerBytes) / (24 + 4_096));
    const markedFrames = () => readSyncedMark(file)?.frames;
    writeCharge(store, { account: 'GA', price: 7 });
    const begun = frames();
    const synced = store.sync();
    store.journalDb.prepare("UPDATE meta SET value = value || 'x'").run();
    expect([frames() > begun, markedFrames()]).toEqual([true, undefined]);
    ends.shift()?.(null);
    await synced;
    expect(markedFrames()).toBe(begun);

    const failing = store.sync();
    ends.shift()?.(new Error('EIO'));
    await expect(failing).rejects.toThrow('EIO');
    expect(markedFrames()).toBe(begun);
  });

  it('that cannot be made stops no sync', async () => {
    const { file } = openLogged();
    const wal = createWalSync(
      `${file}-wal`,
      (_, done) => done(null),
      () => () => undefined,
    );
    await expect(wal.sync()).resolves.toBeUndefined();
    const marks = keepSyncedMarks(file);
    marks.close();
    expect(() => marks.begin()()).not.toThrow();
  });

  it('refuses no log at any moment of any history of commits, of large transactions that spill or are undone, and of checkpoints', () => {
    fc.assert(
      fc.property(logSteps(...logActs, 'sync', 'sync', 'keep'), (steps) => {
        const { db, file } = openLogged();
        const marks = keepSyncedMarks(file);
        let keep = () => {};
        db.pragma('cache_size = 2');
        const look = () => expect(findLogDamage(file)).toBeUndefined();
        for (const step of steps) {
          takeLogStep(db, step, look);
          if (step.act === 'sync') keep = marks.begin();
          if (step.act === 'keep') keep();
          look();
        }
        marks.close();
        db.close();
      }),
      { numRuns: 40 },
    );
  });
});
