import Database from 'better-sqlite3';
import { type LineFault, plainFaults, sendFaults } from './line.ts';
import type { Fate } from './process.ts';
import type { Random } from './random.ts';

/** What goes wrong around a process, and when: requests that fail, a disk without room, its death. */
export class Misfortune implements Fate {
  /** Crash points met so far, by all processes. */
  crashPoints = 0;
  /** Called at each crash point with its number. */
  onCrashPoint: ((point: number) => void) | undefined;
  private readonly random: Random;
  private readonly note: (what: string) => void;
  private faultChance = 0;
  /** Crash points left until the process dies; undefined while no death is due. */
  private crashIn: number | undefined;
  /** Durable writes until some fail, how many, and with what; undefined while none is to. */
  private failing: { afterWrites: number; writes: number; as: WriteFailure } | undefined;
  /** Syncs of the log until one fails, which is the end of it. */
  private syncsLeft: number | undefined;
  /** Requests until some meet a fault. */
  private planned: { afterRequests: number; requests: number; fault: LineFault } | undefined;
  /** Undefined where the machine outlives the process. */
  unsyncedLeft: number | undefined;
  /** Requests, durable writes and syncs met so far, by all processes. */
  requests = 0;
  writes = 0;
  syncs = 0;
  /** Transactions that were on their way to the network. */
  sends = 0;

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

  /** From now on no process is killed but by its power: of what was not synced so much is left, from 0 to 1. */
  cutPower(left: number): void {
    this.unsyncedLeft = left;
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

  /** After so many durable writes more, some fail: as if the disk were full, or broken, or somebody held the lock. */
  failWritesIn(afterWrites: number, writes: number, as: WriteFailure = 'SQLITE_FULL'): void {
    this.failing = { afterWrites: this.failing?.afterWrites ?? afterWrites, writes, as };
  }

  /** After so many syncs more, one fails. */
  failSyncIn(syncs: number): void {
    this.syncsLeft ??= syncs;
  }

  /** After so many requests more, some in a row meet this fault; those that it cannot happen to pass. */
  meetFaultIn(afterRequests: number, requests: number, fault: LineFault): void {
    this.planned ??= { afterRequests, requests, fault };
  }

  /** Nothing goes wrong from now on. */
  end(): void {
    this.faultChance = 0;
    this.crashIn = undefined;
    this.failing = undefined;
    this.syncsLeft = undefined;
    this.planned = undefined;
  }

  atCrashPoint(): boolean {
    this.onCrashPoint?.(this.crashPoints);
    this.crashPoints++;
    if (this.crashIn === undefined) return false;
    this.crashIn--;
    return this.crashIn < 0;
  }

  atWrite(): void {
    this.writes++;
    const { failing } = this;
    if (!failing || failing.afterWrites-- > 0) return;
    failing.writes--;
    if (failing.writes <= 0) this.failing = undefined;
    this.note(noteOf[failing.as]);
    throw new Database.SqliteError(`simulated ${failing.as}`, failing.as);
  }

  atSync(): Error | undefined {
    this.syncs++;
    if (this.syncsLeft === undefined || this.syncsLeft-- > 0) return undefined;
    this.syncsLeft = undefined;
    this.note('sync that failed');
    return Object.assign(new Error('EIO: i/o error, fdatasync'), { code: 'EIO' });
  }

  fault(method: string): LineFault | undefined {
    this.requests++;
    if (method === 'sendTransaction') this.sends++;
    return this.plannedFault(method) ?? this.faultByChance(method);
  }

  private plannedFault(method: string): LineFault | undefined {
    const { planned } = this;
    if (!planned) return undefined;
    const { fault } = planned;
    const isSend = sendFaults.some((kind) => kind === fault.kind);
    if (isSend && method !== 'sendTransaction') return undefined;
    if (planned.afterRequests-- > 0) return undefined;
    planned.requests--;
    if (planned.requests <= 0) this.planned = undefined;
    this.note(`${fault.kind}: ${method}`);
    return fault;
  }

  private faultByChance(method: string): LineFault | undefined {
    if (!this.random.chance(this.faultChance)) return undefined;
    this.note(`fault of ${method}`);
    if (this.random.chance(0.2)) return { kind: 'lag', ledgers: 1 + this.random.below(6) };
    return { kind: this.random.pick(plainFaults) };
  }
}

/** How a write fails: no room, a lock that somebody else holds, a disk that does not take it. */
export type WriteFailure = 'SQLITE_FULL' | 'SQLITE_BUSY' | 'SQLITE_IOERR_WRITE';

const noteOf: Record<WriteFailure, string> = {
  SQLITE_FULL: 'write without room',
  SQLITE_BUSY: 'write behind a lock',
  SQLITE_IOERR_WRITE: 'write that failed',
};
