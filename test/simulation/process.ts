import fs from 'node:fs';
import path from 'node:path';
import type { Catalog } from './catalog.ts';
import { copyDatabase, watchWrites } from './disk.ts';
import type { LineFault } from './line.ts';

/** What decides about a process from outside: which requests fail, and at which of its crash points it dies. */
export type Fate = {
  fault(method: string): LineFault | undefined;
  atCrashPoint(): boolean;
  /** Throws in the place of a durable write. */
  atWrite(): void;
  /** Why the log cannot be brought to the disk. */
  atSync(): Error | undefined;
  /** How much of what was not synced a death leaves, from 0 to 1; all of it while only the process dies. */
  readonly unsyncedLeft: number | undefined;
};

/** Where its database lies, and where it lies after its death. */
export type Places = { file: string; grave: string; keysFile: string; catalog: Catalog };

/** Life and death of a process: it has died when its files were copied. */
export class Process {
  readonly file: string;
  readonly grave: string;
  dead = false;
  syncFailed = false;
  private readonly fate: Fate;
  private readonly unwatch: () => void;
  private readonly death: Promise<'dead'>;
  private die: () => void = () => undefined;
  /** The log up to here is on the disk. */
  private syncedBytes: number;

  constructor({ file, grave }: Places, fate: Fate) {
    this.file = file;
    this.grave = grave;
    this.fate = fate;
    this.death = new Promise((resolve) => {
      this.die = () => resolve('dead');
    });
    fs.mkdirSync(path.dirname(file), { recursive: true });
    // What the machine found on its disk when it started is there.
    this.syncedBytes = walBytes(file);
    this.unwatch = watchWrites(file, (moment) => {
      this.pass();
      if (moment === 'before' && !this.dead) fate.atWrite();
    });
  }

  untilDeath<T>(work: Promise<T>): Promise<T | 'dead'> {
    // What a dead process would still have thrown reaches nobody.
    work.catch(() => undefined);
    return Promise.race([work, this.death]);
  }

  /** Never resolves for a process that has died. */
  crashPoint(): Promise<void> {
    this.pass();
    return this.dead ? new Promise(() => undefined) : Promise.resolve();
  }

  /** Stands for fdatasync of the log: the disk decides what it keeps, and nobody waits for a real one. */
  sync(done: (error: Error | null) => void): void {
    const bytes = walBytes(this.file);
    const error = this.fate.atSync();
    setImmediate(() => {
      if (error) this.syncFailed = true;
      else if (!this.dead) this.syncedBytes = Math.max(this.syncedBytes, bytes);
      done(error ?? null);
    });
  }

  private pass(): void {
    if (!this.dead && this.fate.atCrashPoint()) this.end();
  }

  end(): void {
    if (this.dead) return;
    this.dead = true;
    copyDatabase(this.file, this.grave);
    this.losePower();
    this.die();
  }

  /** A log without its end is one whose last transactions were never committed. */
  private losePower(): void {
    const { unsyncedLeft } = this.fate;
    const log = `${this.grave}-wal`;
    if (unsyncedLeft === undefined || !fs.existsSync(log)) return;
    const unsynced = Math.max(0, fs.statSync(log).size - this.syncedBytes);
    fs.truncateSync(log, fs.statSync(log).size - unsynced + Math.floor(unsynced * unsyncedLeft));
  }

  bury(): void {
    this.unwatch();
  }
}

function walBytes(file: string): number {
  return fs.statSync(`${file}-wal`, { throwIfNoEntry: false })?.size ?? 0;
}
