import { closeSync, constants, openSync, readFileSync, readSync, writeSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { saltsAt } from './log-frames.ts';
import { openSqlite } from './open-sqlite.ts';

/** What a log held when the last sync of it began that has ended: so much of it was on the disk from then on. */
export type SyncedMark = {
  /** Those of the log's header: a log that was begun anew since has others, and the mark says nothing of it. */
  salts: bigint;
  /** Frames from the beginning, the last of which ends a commit. */
  frames: number;
  /** Of the machine's start in which it was written. */
  bootId: string;
};

export type SyncedMarks = {
  /** What is in the log now; called when all of that is on the disk, what it returns notes it. */
  begin(): () => void;
  close(): void;
};

/** Of a machine that does not tell its starts apart. */
export const unknownBootId = '-'.repeat(36);

const fileOf = (database: string) => `${database}-synced`;

/** The machine's start, by an id that is another one after each. */
export function readBootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
  } catch {
    return unknownBootId;
  }
}

export function isAnotherBoot(one: string, other: string): boolean {
  return one !== other && one !== unknownBootId && other !== unknownBootId;
}

/** Undefined when there is none, or when a crash has torn it: then nothing is known. */
export function readSyncedMark(database: string): SyncedMark | undefined {
  let text: string;
  try {
    text = readFileSync(fileOf(database), 'latin1');
  } catch {
    return undefined;
  }
  const [, body = '', salts = '', frames, bootId = '', sum] =
    /^(([0-9a-f]{16}) (\d{10}) (\S{36})) ([0-9a-f]{8})\n$/.exec(text) ?? [];
  if (sum === undefined || sum !== sumOf(body)) return undefined;
  return { salts: BigInt(`0x${salts}`), frames: Number(frames), bootId };
}

/**
 * For a database that is open and has a log. The mark only ever adds to what is known: where it cannot be read or written
 * the one before stays, which claims less.
 */
export function keepSyncedMarks(database: string): SyncedMarks {
  // One that never writes and never has a transaction: in one, it could not ask.
  const db = openSqlite(database, { readonly: true, fileMustExist: true, timeout: 0 });
  const held = db.prepare<[], { busy: number; log: number }>('PRAGMA wal_checkpoint(NOOP)');
  const log = openSync(`${database}-wal`, 'r');
  const mark = openSync(fileOf(database), constants.O_RDWR | constants.O_CREAT, 0o600);
  const bootId = readBootId();
  const salts = Buffer.alloc(8);

  function logNow(): SyncedMark | undefined {
    const { busy, log: frames } = held.get() ?? { busy: 1, log: 0 };
    if (busy !== 0 || readSync(log, salts, 0, salts.length, saltsAt) < salts.length) return undefined;
    return { salts: salts.readBigUInt64BE(), frames, bootId };
  }

  return {
    begin() {
      const now = tried(logNow);
      // Of the same length each time, and within one sector: a crash leaves this one or the one before.
      return () => void tried(() => now && writeSync(mark, composeMark(now), 0, 'latin1'));
    },
    close() {
      db.close();
      closeSync(log);
      closeSync(mark);
    },
  };
}

function tried<Result>(act: () => Result): Result | undefined {
  try {
    return act();
  } catch {
    return undefined;
  }
}

export function composeMark({ salts, frames, bootId }: SyncedMark): string {
  const body = `${salts.toString(16).padStart(16, '0')} ${String(frames).padStart(10, '0')} ${bootId}`;
  return `${body} ${sumOf(body)}\n`;
}

function sumOf(body: string): string {
  return crc32(body).toString(16).padStart(8, '0');
}
