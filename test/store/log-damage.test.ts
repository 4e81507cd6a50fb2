import fs from 'node:fs';
import Database from 'better-sqlite3';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fakeClock } from '../../src/clock.ts';
import { silentLog } from '../../src/log.ts';
import { DamagedLogError, findLogDamage } from '../../src/store/log-damage.ts';
import { openStore } from '../../src/store/store.ts';
import {
  bigEndian,
  commitEnds,
  filesOf,
  flipped,
  frameAt,
  frameBytes,
  headerBytes,
  killedAfter,
  killedStore,
  logActs,
  logSteps,
  openLogged,
  takeLogStep,
} from './log-rig.ts';

/** The verdict on these bytes in place of the log. */
function verdictOn(file: string, log: Buffer) {
  fs.writeFileSync(`${file}-wal`, log);
  return findLogDamage(file);
}

function rowsRead(file: string): unknown {
  const db = new Database(file);
  try {
    return db.prepare('SELECT COUNT(*) FROM rows').pluck().get();
  } finally {
    db.close();
  }
}

describe('a log that a crash has left', () => {
  it('is taken for sound with its last commit torn at any byte', () => {
    const { file, log } = killedAfter(5);
    const ends = commitEnds(log);
    for (let bytes = frameAt((ends.at(-2) ?? 0) + 1); bytes <= log.length; bytes++) {
      const torn = log.subarray(0, bytes);
      expect(verdictOn(file, torn)).toBeUndefined();
      // The space may have been there before what belongs into it.
      const zeroed = Buffer.concat([torn, Buffer.alloc(log.length - bytes)]);
      if (bytes % 8 === 0) expect(verdictOn(file, zeroed)).toBeUndefined();
    }
    verdictOn(file, log.subarray(0, -1));
    expect(rowsRead(file)).toBe(3);
  });

  it.each([
    ['no bytes', 0],
    ['half a header', 16],
    ['a header alone', headerBytes],
    ['half a frame', headerBytes + frameBytes / 2],
  ])('is taken for sound with %s', (_, bytes) => {
    const { file, log } = killedAfter(3);
    expect(verdictOn(file, log.subarray(0, bytes))).toBeUndefined();
  });

  it('is taken for sound with a torn header and nothing behind it', () => {
    const { file, log } = killedAfter(3);
    expect(verdictOn(file, flipped(log.subarray(0, headerBytes), 17))).toBeUndefined();
  });

  it('is taken for sound with frames behind its end that an older log has left', () => {
    const { db, file } = openLogged();
    const insert = db.prepare('INSERT INTO rows (text) VALUES (?)');
    for (let commit = 0; commit < 20; commit++) insert.run('x'.repeat(600));
    const before = commitEnds(fs.readFileSync(`${file}-wal`)).length;
    db.pragma('wal_checkpoint(RESTART)');
    insert.run('y');
    expect(commitEnds(fs.readFileSync(`${file}-wal`)).length).toBeGreaterThan(before / 2);
    expect(findLogDamage(file)).toBeUndefined();
  });

  it('is never refused at any moment of any history of commits, of large transactions that spill or are undone, and of checkpoints', () => {
    fc.assert(
      fc.property(logSteps(...logActs), (steps) => {
        const { db, file } = openLogged();
        // Almost no cache: a transaction writes into the log long before its end, and over what it has written.
        db.pragma('cache_size = 2');
        for (const step of steps) takeLogStep(db, step, () => expect(findLogDamage(file)).toBeUndefined());
        db.close();
      }),
      { numRuns: 40 },
    );
  });
});

describe('a damaged log', () => {
  it.each<[string, (log: Buffer) => Buffer]>([
    ['this', (log) => log],
    ['the other', bigEndian],
  ])('is told by any flipped byte before its last frame, written by a machine with %s order of bytes', (_, written) => {
    const { file, log: own } = killedAfter(5);
    const log = written(own);
    expect(verdictOn(file, log)).toBeUndefined();
    const ends = commitEnds(log);
    const frames = ends.at(-1) ?? 0;
    // Every byte of the frames' headers, and enough of their pages to meet every part of a sum.
    for (let at = headerBytes; at < frameAt(frames); at += (at - headerBytes) % frameBytes < 24 ? 1 : 7) {
      const frame = 1 + Math.floor((at - headerBytes) / frameBytes);
      const commitsBehind = ends.filter((end) => end > frame).length;
      expect(verdictOn(file, flipped(log, at))).toEqual({ kind: 'frame', frame, frames, commitsBehind });
    }
    // SQLite takes either order, and nothing was misread.
    verdictOn(file, log);
    expect(rowsRead(file)).toBe(4);
  });

  it('is told by several frames that are lost, wherever a commit behind them is whole', () => {
    const { file, log } = killedAfter(8);
    const frames = commitEnds(log).at(-1) ?? 0;
    for (let first = 1; first < frames - 1; first++) {
      for (let last = first; last < frames - 1; last++) {
        const lost = Buffer.from(log).fill(0, frameAt(first), frameAt(last + 1));
        expect(verdictOn(file, lost)).toMatchObject({ kind: 'frame', frame: first });
      }
    }
  });

  it('is told by any flipped byte of its header', () => {
    const { file, log } = killedAfter(3);
    for (let at = 0; at < headerBytes; at++) {
      expect(verdictOn(file, flipped(log, at))).toEqual({ kind: 'header', bytes: log.length });
    }
  });

  it('is told beside a database that is missing or empty: SQLite would delete it', () => {
    const { file } = killedAfter(3);
    fs.writeFileSync(file, '');
    expect(findLogDamage(file)).toEqual({ kind: 'alone', commits: 3 });
    fs.rmSync(file);
    expect(findLogDamage(file)).toEqual({ kind: 'alone', commits: 3 });
  });
});

describe('a store whose log is damaged', () => {
  function open(file: string) {
    return openStore({ path: file, clock: fakeClock(), log: silentLog() });
  }

  it('is refused in a frame that commits follow, and every file is left as it is', () => {
    const file = killedStore(10);
    const log = fs.readFileSync(`${file}-wal`);
    fs.writeFileSync(`${file}-wal`, flipped(log, log.length - 3 * 4_120));
    const before = filesOf(file);
    expect(() => open(file)).toThrow(DamagedLogError);
    expect(() => open(file)).toThrow(/-wal is damaged in frame \d+ of \d+, and \d+ commits? ends? behind it/);
    expect(filesOf(file)).toEqual(before);
    expect(fs.existsSync(`${file}.pid`)).toBe(false);
  });

  it('is refused with a damaged header, and every file is left as it is', () => {
    const file = killedStore(10);
    fs.writeFileSync(`${file}-wal`, flipped(fs.readFileSync(`${file}-wal`), 24));
    const before = filesOf(file);
    expect(() => open(file)).toThrow(/-wal has a damaged header/);
    expect(filesOf(file)).toEqual(before);
  });

  it('is refused without its database, and neither is made nor deleted', () => {
    const file = killedStore(10);
    fs.rmSync(file);
    const log = fs.readFileSync(`${file}-wal`);
    expect(() => open(file)).toThrow(/is missing or empty, and \d+ commits end in .*-wal/);
    expect(fs.existsSync(file)).toBe(false);
    expect(fs.readFileSync(`${file}-wal`)).toEqual(log);
  });

  it('is opened with the torn end of a crash, as before', async () => {
    const file = killedStore(10);
    fs.truncateSync(`${file}-wal`, fs.statSync(`${file}-wal`).size - 1);
    const store = open(file);
    expect(store.charges.unsealed()).toMatchObject({ count: 9 });
    await store.close();
  });
});
