import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { type LogFrame, logHeaderBytes, readLogFrames, readLogHeader } from './log-frames.ts';

/**
 * What is wrong with a log that a process left behind. SQLite plays it back up to the first frame whose checksum does not
 * hold, and takes all that follows for the torn end of a crash. `frame`: it is not, for frames behind it are whole and end
 * commits, the first of them perhaps its own. `header`: nothing of the log would be read. `alone`: its database is missing or
 * empty, and SQLite would delete the log.
 */
export type LogDamage =
  | { kind: 'frame'; frame: number; frames: number; commitsBehind: number }
  | { kind: 'header'; bytes: number }
  | { kind: 'alone'; commits: number };

export class DamagedLogError extends Error {
  override readonly name = 'DamagedLogError';

  constructor(file: string, damage: LogDamage) {
    super(`${describe(file, damage)}. Nothing was changed`);
  }
}

/** For a database that nobody has open. Throws before SQLite would lose by itself what lies behind damage. */
export function requireSoundLog(file: string): void {
  const damage = findLogDamage(file);
  if (damage) throw new DamagedLogError(file, damage);
}

export function findLogDamage(file: string): LogDamage | undefined {
  return withLog(file, (frames, bytes) => {
    if (!frames) return { kind: 'header', bytes };
    const found = { frames: 0, commits: 0, broken: 0, commitsBehind: 0 };
    for (const { number, standing, endsCommit } of frames) {
      found.frames = number;
      if (standing !== 'read') found.broken ||= number;
      if (standing === 'read' && endsCommit) found.commits += 1;
      if (standing === 'whole' && endsCommit) found.commitsBehind += 1;
    }
    const { broken: frame, commits, commitsBehind } = found;
    if (commitsBehind > 0) return { kind: 'frame', frame, frames: found.frames, commitsBehind };
    const isAlone = commits > 0 && sizeOf(file) === 0;
    return isAlone ? { kind: 'alone', commits } : undefined;
  });
}

/** The frames of a database's log, or undefined with a damaged header; no call at all where nothing is in the log. */
export function withLog<Result>(
  file: string,
  look: (frames: Iterable<LogFrame> | undefined, bytes: number) => Result,
): Result | undefined {
  const log = `${file}-wal`;
  const bytes = sizeOf(log);
  // A header alone holds nothing: a crash may have torn it, and SQLite writes it anew.
  if (bytes <= logHeaderBytes) return undefined;
  const descriptor = openSync(log, 'r');
  try {
    const start = Buffer.alloc(logHeaderBytes);
    readSync(descriptor, start, 0, logHeaderBytes, 0);
    const header = readLogHeader(start);
    return look(header && readLogFrames(descriptor, header), bytes);
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
    case 'header':
      return `${log} has a damaged header before ${damage.bytes - logHeaderBytes} bytes: opening it would lose every commit in it`;
    case 'alone':
      return `${file} is missing or empty, and ${countCommits(damage.commits)} in ${log}: opening it would delete the log`;
  }
}

function countCommits(count: number): string {
  return count === 1 ? '1 commit ends' : `${count} commits end`;
}
