import Database from 'better-sqlite3';
import { type LineFault, plainFaults } from './line.ts';
import type { Fate } from './process.ts';
import type { Random } from './random.ts';

/** What goes wrong around a process, and when: requests that fail, a disk without room, its death. */
export class Misfortune implements Fate {
  /** Crash points met so far, by all processes. */
  crashPoints = 0;
  private readonly random: Random;
  private readonly note: (what: string) => void;
  private faultChance = 0;
  /** Crash points left until the process dies; undefined while no death is due. */
  private crashIn: number | undefined;
  /** Durable writes until the disk is full, and how many then find no room; undefined while it has some. */
  private diskFullIn: number | undefined;
  private diskFullFor = 0;

  constructor(random: Random, note: (what: string) => void) {
    this.random = random;
    this.note = note;
  }

  /** From now on requests meet a fault with this probability. */
  meetFaults(chance: number): void {
    this.faultChance = chance;
  }

  /** The process dies after so many crash points more, unless a death is due already. */
  dieIn(crashPoints: number): void {
    this.crashIn ??= crashPoints;
  }

  died(): void {
    this.crashIn = undefined;
  }

  /** Crash points until the death that is due, for a process that ended before it. */
  pending(): number | undefined {
    return this.crashIn;
  }

  resume(crashPoints: number | undefined): void {
    this.crashIn = crashPoints;
  }

  /** After so many durable writes more, some find no room; then somebody makes room. */
  fillDiskIn(writes: number, failing: number): void {
    this.diskFullIn ??= writes;
    this.diskFullFor = failing;
  }

  /** Nothing goes wrong from now on. */
  end(): void {
    this.faultChance = 0;
    this.crashIn = undefined;
    this.diskFullIn = undefined;
  }

  atCrashPoint(): boolean {
    this.crashPoints++;
    if (this.crashIn === undefined) return false;
    this.crashIn--;
    return this.crashIn < 0;
  }

  atWrite(): void {
    if (this.diskFullIn === undefined) return;
    this.diskFullIn--;
    if (this.diskFullIn >= 0) return;
    this.diskFullFor--;
    if (this.diskFullFor <= 0) this.diskFullIn = undefined;
    this.note('write without room');
    throw new Database.SqliteError('database or disk is full', 'SQLITE_FULL');
  }

  fault(method: string): LineFault | undefined {
    if (!this.random.chance(this.faultChance)) return undefined;
    this.note(`fault of ${method}`);
    if (this.random.chance(0.2)) return { kind: 'lag', ledgers: 1 + this.random.below(6) };
    return { kind: this.random.pick(plainFaults) };
  }
}
