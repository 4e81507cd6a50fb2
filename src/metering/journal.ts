import fs from 'node:fs';
import type { FinishOutcome } from '../billing/charging.ts';
import type { Clock } from '../clock.ts';
import { GatewayError } from '../errors.ts';
import type { Log } from '../log.ts';
import type { Units } from '../money.ts';
import type { RawDb } from '../store/raw-db.ts';
import { isBusy, isFileFailure } from '../store/sqlite-error.ts';
import { createJournalRows } from './journal-rows.ts';

/**
 * The journal makes charges durable before their answers leave. All rows of one event-loop turn share one transaction;
 * a promise resolves only after COMMIT, and at level `disk` only after the log was synced too. Anything that goes
 * wrong refuses the charge: the caller releases the hold and answers 503, so nothing is served unbilled.
 */
export type Journal = {
  /** Rejects with `journal_unavailable`; then the charge must count as not made. */
  charge(row: ChargeRow): Promise<void>;
  /** How a charged call ended: written soon, awaited by nobody. */
  finish(row: FinishRow): void;
  /** Takes a charge back while it is in no batch; checked and written in one transaction. */
  refund(row: RefundRow): Promise<'refunded' | 'sealed' | 'already'>;
  /** Resolves when all rows handed in before are written. */
  flush(): Promise<void>;
  close(): Promise<void>;
  health(): JournalHealth;
};

export type ChargeRow = {
  id: number;
  atMs: number;
  accountId: number;
  tokenJti?: string | undefined;
  routeId: number;
  method: string;
  status: number;
  priceUnits: Units;
};

export type FinishRow = {
  chargeId: number;
  atMs: number;
  outcome: FinishOutcome;
  bytesIn: number;
  bytesOut: number;
  durationMs: number;
};

export type RefundRow = { chargeId: number; atMs: number; amountUnits: Units; reason: string };

export type JournalHealth = {
  ok: boolean;
  /** Rows handed in and not yet written. */
  pending: number;
  lastError: string | undefined;
  walBytes: number;
};

export type JournalOptions = {
  db: RawDb;
  clock: Clock;
  log: Log;
  durability: 'process' | 'disk';
  walSyncIntervalMs: number;
  /** fdatasync of the log, shared by callers of one moment. */
  sync: () => Promise<void>;
};

/** How long a charge waits for somebody else's write lock before it is refused, ms: the caller holds an answer open. */
const busyBudgetMs = 500;
/** Pause between two tries on a locked database, ms. */
const busyPauseMs = 5;
/** Finish rows wait this long for a charge to share a transaction with, ms. */
const finishDelayMs = 50;
/** Finish rows kept while nothing can be written; those beyond leave their calls doubtful. */
const finishesMax = 100_000;

type Waiting = {
  sinceMs: number;
  write: () => void;
  resolve: () => void;
  reject: (error: Error) => void;
};

export function createJournal(options: JournalOptions): Journal {
  const { db, clock, log, durability, sync } = options;
  const rows = createJournalRows(db);
  let waiting: Waiting[] = [];
  let finishes: FinishRow[] = [];
  let scheduled = false;
  let lost = false;
  let unsynced = false;
  let lastError: string | undefined;
  const closing = new AbortController();
  const syncing = durability === 'process' ? syncRegularly() : Promise.resolve();

  function schedule(): void {
    if (scheduled) return;
    scheduled = true;
    setImmediate(commit);
  }

  function enqueue(write: () => void): Promise<void> {
    if (lost || closing.signal.aborted) return Promise.reject(unavailable(lastError));
    return new Promise((resolve, reject) => {
      waiting.push({ sinceMs: clock.monotonicMs(), write, resolve, reject });
      schedule();
    });
  }

  function commit(): void {
    scheduled = false;
    if (lost) return;
    const group = waiting;
    const ended = finishes;
    waiting = [];
    finishes = [];
    try {
      db.exec('BEGIN IMMEDIATE');
      for (const entry of group) entry.write();
      for (const row of ended) rows.finish(row);
      db.exec('COMMIT');
    } catch (error) {
      if (db.inTransaction) db.exec('ROLLBACK');
      failed(error, group, ended);
      return;
    }
    unsynced = true;
    lastError = undefined;
    if (durability === 'process') for (const entry of group) entry.resolve();
    else if (group.length > 0) void confirmOnDisk(group);
  }

  async function confirmOnDisk(group: Waiting[]): Promise<void> {
    try {
      await sync();
    } catch (error) {
      lose(error);
      for (const entry of group) entry.reject(unavailable(lastError, error));
      return;
    }
    for (const entry of group) entry.resolve();
  }

  function failed(error: unknown, group: Waiting[], ended: FinishRow[]): void {
    lastError = error instanceof Error ? error.message : String(error);
    if (isBusy(error)) {
      retryLater(error, group, ended);
      return;
    }
    if (isFileFailure(error)) lose(error);
    else log.error({ err: error, charges: group.length }, 'charges could not be written; their calls are refused');
    for (const entry of group) entry.reject(unavailable(lastError, error));
    if (!lost && group.length > 0) keepFinishes(ended);
  }

  /** Those within their budget go to the front of the queue again. */
  function retryLater(error: unknown, group: Waiting[], ended: FinishRow[]): void {
    const nowMs = clock.monotonicMs();
    const late = group.filter((entry) => nowMs - entry.sinceMs >= busyBudgetMs);
    for (const entry of late) entry.reject(unavailable(lastError, error));
    waiting = [...group.filter((entry) => !late.includes(entry)), ...waiting];
    keepFinishes(ended);
    if (scheduled) return;
    scheduled = true;
    void clock.sleep(busyPauseMs).then(commit);
  }

  function keepFinishes(ended: FinishRow[]): void {
    finishes = [...ended, ...finishes].slice(0, finishesMax);
  }

  /** After a failure of the file nothing this connection believes is certain: refuse everything until a restart. */
  function lose(error: unknown): void {
    lost = true;
    lastError = error instanceof Error ? error.message : String(error);
    log.fatal({ err: error }, 'the database file failed; paid calls are refused until a restart');
    for (const entry of waiting) entry.reject(unavailable(lastError, error));
    waiting = [];
  }

  async function syncRegularly(): Promise<void> {
    while (!closing.signal.aborted && !lost) {
      await clock.sleep(options.walSyncIntervalMs, closing.signal);
      if (unsynced) await syncNow();
    }
  }

  async function syncNow(): Promise<void> {
    unsynced = false;
    try {
      await sync();
    } catch (error) {
      lose(error);
    }
  }

  return {
    charge: (row) => enqueue(() => rows.charge(row)),
    finish(row) {
      if (lost || closing.signal.aborted) return;
      finishes.push(row);
      if (finishes.length === 1) void clock.sleep(finishDelayMs, closing.signal).then(schedule);
    },
    async refund(row) {
      let outcome: 'refunded' | 'sealed' | 'already' = 'already';
      await enqueue(() => {
        outcome = rows.refund(row);
      });
      return outcome;
    },
    async flush() {
      if (lost) throw unavailable(lastError);
      await enqueue(() => undefined);
    },
    async close() {
      if (!lost && !closing.signal.aborted) await enqueue(() => undefined).catch(() => undefined);
      closing.abort();
      await syncing;
      if (!lost) await syncNow();
    },
    health: () => ({
      ok: !lost,
      pending: waiting.length + finishes.length,
      lastError,
      walBytes: sizeOf(`${db.name}-wal`),
    }),
  };
}

function unavailable(lastError: string | undefined, cause?: unknown): GatewayError {
  return new GatewayError('journal_unavailable', undefined, {
    cause,
    internal: `a charge could not be written: ${lastError ?? 'the journal is closed'}`,
  });
}

function sizeOf(file: string): number {
  return fs.statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}
