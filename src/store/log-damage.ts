import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { counted } from '../counted.ts';
import { type LogFrame, logHeaderBytes, readLogFrames, readLogHeader } from './log-frames.ts';
import { isAnotherBoot, readBootId, readSyncedMark } from './synced-mark.ts';

/**
 * What is wrong with a log that a process left behind. SQLite plays it back up to the first frame whose checksum does not
 * hold, and takes all that follows for the torn end of a crash. `frame`: it is not, for frames behind it are whole and end
 * commits, the first of them perhaps its own. `power_cut`: the same,
 * behind all that had been synced, and the machine has started anew since: nobody was promised what is lost. `short`: it reads less far than what was on the disk at its last sync. `header`:
 * nothing of the log would be read. `alone`: its database is missing or empty, and SQLite would delete the log.
 */
export type LogDamage =
  | { kind: 'frame'; frame: number; frames: number; commitsBehind: number }
  | { kind: 'power_cut'; commitsBehind: number }
  | { kind: 'short'; frames: number; syncedFrames: number }
  | { kind: 'header'; bytes: number }
  | { kind: 'alone'; commits: number };

export class DamagedLogError extends Error {
  override readonly name = 'DamagedLogError';

  constructor(file: string, damage: LogDamage) {
    super(`${describe(file, damage)}. Nothing was changed`);
  }
}

/**
 * For a database that nobody has open. Throws before SQLite would lose by itself what lies behind damage; returns how many
 * commits a power cut has taken with the first of them.
 */
export function requireSoundLog(file: string): number {
  const damage = findLogDamage(file);
  if (damage?.kind === 'power_cut') return damage.commitsBehind;
  if (damage) throw new DamagedLogError(file, damage);
  return 0;
}

export function findLogDamage(file: string, bootId = readBootId()): LogDamage | undefined {
  return withLog(file, ({ frames, salts, bytes }) => {
    if (!frames) return { kind: 'header', bytes };
    const { count, commits, readable, broken, commitsBehind } = survey(frames);
    const mark = readSyncedMark(file);
    const synced = mark?.salts === salts ? mark : undefined;
    if (commitsBehind > 0) {
      const isPowerCut = synced && readable >= synced.frames && isAnotherBoot(synced.bootId, bootId);
      return isPowerCut
        ? { kind: 'power_cut', commitsBehind }
        : { kind: 'frame', frame: broken, frames: count, commitsBehind };
    }
    if (synced && readable < synced.frames) return { kind: 'short', frames: readable, syncedFrames: synced.frames };
    return commits > 0 && sizeOf(file) === 0 ? { kind: 'alone', commits } : undefined;
  });
}

function survey(frames: Iterable<LogFrame>) {
  const found = { count: 0, commits: 0, readable: 0, broken: 0, commitsBehind: 0 };
  for (const { number, standing, endsCommit } of frames) {
    found.count = number;
    if (standing !== 'read') found.broken ||= number;
    if (standing === 'read' && endsCommit) {
      found.commits += 1;
      found.readable = number;
    }
    if (standing === 'whole' && endsCommit) found.commitsBehind += 1;
  }
  return found;
}

/** A log's frames and their salts, undefined with a damaged header. */
export type OpenLog = { frames?: Iterable<LogFrame>; salts?: bigint; bytes: number };

/** No call at all where nothing is in the log. */
export function withLog<Result>(file: string, look: (log: OpenLog) => Result): Result | undefined {
  const log = `${file}-wal`;
  const bytes = sizeOf(log);
  // A header alone holds nothing: a crash may have torn it, and SQLite writes it anew.
  if (bytes <= logHeaderBytes) return undefined;
  const descriptor = openSync(log, 'r');
  try {
    const start = Buffer.alloc(logHeaderBytes);
    readSync(descriptor, start, 0, logHeaderBytes, 0);
    const header = readLogHeader(start);
    return look({ bytes, ...(header && { frames: readLogFrames(descriptor, header), salts: header.salts }) });
  } finally {
    closeSync(descriptor);
  }
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

function describe(file: string, damage: LogDamage): string {
  const log = `${file}-wal`;
  switch (damage.kind) {
    case 'frame': {
      const { frame, frames, commitsBehind } = damage;
      return `${log} is damaged in frame ${frame} of ${frames}, and ${countCommits(commitsBehind)} behind it: this is no torn end, and opening it would lose what follows`;
    }
    case 'power_cut':
      return `${log} has lost frames to a power cut, and ${countCommits(damage.commitsBehind)} behind them`;
    case 'short': {
      const { frames, syncedFrames } = damage;
      return `${log} reads to frame ${frames} of the ${syncedFrames} that were on the disk at its last sync: its end is missing or damaged, or it is an older copy that was put back by hand, and opening it would lose what follows`;
    }
    case 'header':
      return `${log} has a damaged header before ${damage.bytes - logHeaderBytes} bytes: opening it would lose every commit in it`;
    case 'alone':
      return `${file} is missing or empty, and ${countCommits(damage.commits)} in ${log}: opening it would delete the log`;
  }
}

function countCommits(count: number): string {
  return counted(count, 'commit ends', 'commits end');
}
