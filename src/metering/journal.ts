import fs from 'node:fs';
import type { FinishOutcome } from '../billing/charging.ts';
import type { Clock } from '../clock.ts';
import { GatewayError } from '../errors.ts';
import type { Log } from '../log.ts';
import type { Units } from '../money.ts';
import type { RawDb } from '../store/raw-db.ts';
import { isBusy, isFileFailure, isRowRefused } from '../store/sqlite-error.ts';
import { createJournalRows, finishesAtOnce } from './journal-rows.ts';
import { createTrials } from './trials.ts';

/**
 * The journal makes charges durable before their answers leave. All rows of one event-loop turn share one transaction;
 * a promise resolves only after COMMIT, and at level `disk` only after the log was synced too. Whatever goes wrong
 * refuses the charge: the caller releases the hold and answers 503, so nothing is served unbilled.
 */
export type Journal = {
  /** Rejects with `journal_unavailable`; then the charge must count as not made. */
  charge(row: ChargeRow): Promise<void>;
  /**
   * How a charged call ended: written soon, awaited by nobody. It opens the charge for settlement, so a refund of the
   * same call is handed in before it or in the same turn.
   */
  finish(row: FinishRow): void;
  /**
   * Takes a charge back while it is in no batch; checked and written in one transaction. Resolves at COMMIT at either
   * level, so that the ledger follows in the same event-loop turn: no answer hangs on it.
   */
  refund(row: RefundRow): Promise<RefundOutcome>;
  /**
   * Further writes of a call in the transaction of this turn; run again if it has to be tried again. Resolves at COMMIT, or,
   * where the call waits for them to be `durable`, as a charge does.
   */
  perform(write: () => void, until: 'committed' | 'durable'): Promise<void>;
  /** Resolves when all rows handed in before are written. */
  flush(): Promise<void>;
  /** Writes and syncs what is left; later rows are refused. */
  close(): Promise<void>;
  health(): JournalHealth;
};

export type ChargeRow = {
  id: number;
  atMs: number;
  accountId: number;
  /** Row of the token that pays; undefined for one that this database has not issued. */
  tokenId?: number | undefined;
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

export type RefundRow = { chargeId: number; atMs: number; amount: Units; reason: string };

export type RefundOutcome = 'refunded' | 'sealed' | 'already';

export type JournalHealth = {
  /** False from a refused charge on until a trial write is on the disk (trials.ts). */
  ok: boolean;
  /** The file or its disk failed: only a restart, which reads the books anew, helps. */
  lost: boolean;
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
  /** At level `process`: a power cut costs at most what was charged in this time, ms. */
  walSyncIntervalMs: number;
  /** fdatasync of the log, shared by callers of one moment. */
  sync: () => Promise<void>;
  /** Told after each commit how long its transaction took, s. */
  onCommit?: (seconds: number) => void;
};

/** How long a charge waits for somebody else's write lock before it is refused, ms: its caller holds an answer back. */
const busyBudgetMs = 500;
/** The same for a refund: nobody waits for it, and without it a consumer pays for what broke. */
const refundBudgetMs = 60_000;
/** Pause between two tries on a locked database, ms. */
const busyPauseMs = 5;
/** Finish rows wait this long for others to share a statement with, ms; a kill leaves their calls doubtful. */
const finishDelayMs = 50;
/** Finish rows kept while nothing can be written; the calls of those beyond stay doubtful. */
const finishesMax = 100_000;

/** Turns in which a closing journal still takes rows: a refund, its finish row, the end of its key, and one to spare. */
const lastTurns = 4;

type Waiting = {
  /** When the first transaction that could not be had for it began; undefined before. */
  sinceMs: number | undefined;
  /** How long it waits for somebody else's lock, ms. */
  budgetMs: number;
  /** Whether level `disk` holds its promise back until the log is synced. */
  awaitsDisk: boolean;
  refused: boolean;
  resolve(): void;
  reject(error: Error): void;
};

type ChargeEntry = Waiting & { kind: 'charge'; row: ChargeRow };
type Entry = ChargeEntry | (Waiting & { kind: 'task'; write(): void });

export function createJournal(options: JournalOptions): Journal {
  const { db, clock, log, durability, sync } = options;
  const rows = createJournalRows<ChargeEntry>(db);
  const begin = db.prepare('BEGIN IMMEDIATE');
  const commit = db.prepare('COMMIT');
  const rollback = db.prepare('ROLLBACK');
  const onDisk = durability === 'disk';
  const closing = new AbortController();
  let entries: Entry[] = [];
  let finishes: FinishRow[] = [];
  let scheduled = false;
  let finishTimer = false;
  /** Finish rows are written however few they are. */
  let finishesDue = false;
  let state: 'open' | 'closing' | 'closed' | 'lost' = 'open';
  let unsynced = false;
  let lastError: string | undefined;
  const trials = createTrials({
    ...{ db, clock, sync },
    onFailure(during, error) {
      if (during === 'sync' || isFileFailure(error)) lose(error);
    },
    onEnd: () => log.info('charges are written again'),
  });
  const syncing = onDisk ? Promise.resolve() : syncRegularly();

  function enqueue(put: (resolve: () => void, reject: (error: Error) => void) => void): Promise<void> {
    if (state === 'lost' || state === 'closed') return Promise.reject(unavailable(lastError));
    schedule();
    return new Promise(put);
  }

  function perform(write: () => void, awaitsDisk = onDisk, budgetMs = busyBudgetMs): Promise<void> {
    return enqueue((resolve, reject) => {
      entries.push({ kind: 'task', write, sinceMs: undefined, budgetMs, awaitsDisk, refused: false, resolve, reject });
    });
  }

  function flush(): Promise<void> {
    finishesDue = true;
    return perform(() => undefined);
  }

  function schedule(): void {
    if (scheduled) return;
    scheduled = true;
    setImmediate(turn);
  }

  /** One transaction for everything that was handed in since the last one. */
  function turn(): void {
    scheduled = false;
    if (state === 'lost' || state === 'closed') return;
    const group = entries;
    const ended = takeFinishes();
    if (group.length === 0 && ended.length === 0) return;
    entries = [];
    const startMs = clock.monotonicMs();
    try {
      begin.run();
      writeEntries(group);
      rows.finishes(ended, refuseFinish);
      commit.run();
    } catch (error) {
      undo(error, group, ended, startMs);
      return;
    }
    unsynced = true;
    lastError = undefined;
    options.onCommit?.((clock.monotonicMs() - startMs) / 1000);
    for (const entry of group) if (!entry.awaitsDisk) entry.resolve();
    if (onDisk) void resolveOnDisk(group.filter((entry) => entry.awaitsDisk));
  }

  /** Beside charges only whole statements of finish rows are written: the rest waits for more of its kind. */
  function takeFinishes(): FinishRow[] {
    const whole = finishes.length - (finishes.length % finishesAtOnce);
    const ended = finishes.splice(0, finishesDue ? finishes.length : whole);
    finishesDue = false;
    return ended;
  }

  /** A row that its table refuses harms no other row of the group; its promise is rejected for good. */
  function writeEntries(group: Entry[]): void {
    rows.charges(
      group.filter((entry) => entry.kind === 'charge'),
      refuse,
    );
    for (const entry of group) {
      if (entry.kind === 'charge') continue;
      try {
        entry.write();
      } catch (error) {
        if (!isRowRefused(error)) throw error;
        refuse(entry, error);
      }
    }
  }

  function refuse(entry: Entry, error: unknown): void {
    log.error({ err: error }, 'a row was refused; its call is not served');
    entry.refused = true;
    entry.reject(unavailable(textOf(error), error));
  }

  function refuseFinish(row: FinishRow, error: unknown): void {
    log.error({ err: error, call: row.chargeId }, 'a finish row was refused; its call stays doubtful');
  }

  async function resolveOnDisk(written: Entry[]): Promise<void> {
    try {
      await sync();
    } catch (error) {
      lose(error);
      for (const entry of written) entry.reject(unavailable(lastError, error));
      return;
    }
    for (const entry of written) entry.resolve();
  }

  /** Nothing of the group is written. Another's lock is waited for within the budget, anything else refuses it. */
  function undo(error: unknown, group: Entry[], ended: FinishRow[], startMs: number): void {
    lastError = textOf(error);
    try {
      if (db.inTransaction) rollback.run();
    } catch (cause) {
      lose(cause);
    }
    const busy = isBusy(error);
    if (isFileFailure(error)) lose(error);
    else if (!busy)
      log.error({ err: error, rows: group.length }, 'charges could not be written; their calls are refused');
    for (const entry of group) entry.sinceMs ??= startMs;
    const nowMs = clock.monotonicMs();
    const again = (entry: Entry) =>
      busy && state !== 'lost' && !entry.refused && nowMs - (entry.sinceMs ?? nowMs) < entry.budgetMs;
    for (const entry of group) if (!again(entry)) entry.reject(unavailable(lastError, error));
    if (state === 'lost') return;
    if (!busy || !group.every(again)) trials.begin(lastError);
    entries = [...group.filter(again), ...entries];
    finishes = [...ended, ...finishes].slice(0, finishesMax);
    if (entries.length > 0) retrySoon();
    else if (finishes.length > 0) writeFinishesSoon();
  }

  function retrySoon(): void {
    if (scheduled) return;
    scheduled = true;
    void clock.sleep(busyPauseMs).then(turn);
  }

  function writeFinishesSoon(): void {
    if (finishTimer) return;
    finishTimer = true;
    void clock.sleep(finishDelayMs, closing.signal).then(() => {
      finishTimer = false;
      finishesDue = true;
      schedule();
    });
  }

  /** After a failure of the file nothing this connection believes is certain: everything is refused until a restart. */
  function lose(error: unknown): void {
    if (state === 'lost') return;
    state = 'lost';
    lastError = textOf(error);
    log.fatal({ err: error }, 'the database file failed; paid calls are refused until a restart');
    for (const entry of entries) entry.reject(unavailable(lastError, error));
    entries = [];
    void trials.stop();
  }

  async function syncRegularly(): Promise<void> {
    while (!closing.signal.aborted) {
      await clock.sleep(options.walSyncIntervalMs, closing.signal);
      if (unsynced && state !== 'lost') await syncNow();
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
    charge: (row) =>
      enqueue((resolve, reject) => {
        const budgetMs = busyBudgetMs;
        const awaitsDisk = onDisk;
        entries.push({
          kind: 'charge',
          row,
          sinceMs: undefined,
          budgetMs,
          awaitsDisk,
          refused: false,
          resolve,
          reject,
        });
      }),
    finish(row) {
      if (state !== 'open' && state !== 'closing') return;
      if (finishes.length >= finishesMax) {
        log.error({ call: row.chargeId }, 'too many finish rows wait; this call stays doubtful');
        return;
      }
      finishes.push(row);
      writeFinishesSoon();
    },
    async refund(row) {
      let outcome: RefundOutcome = 'already';
      await perform(
        () => {
          outcome = rows.refund(row);
        },
        false,
        refundBudgetMs,
      );
      return outcome;
    },
    perform: (write, until) => perform(write, until === 'durable' && onDisk),
    flush,
    async close() {
      if (state === 'lost') {
        closing.abort();
        await syncing;
        await trials.stop();
        return;
      }
      if (state !== 'open') return;
      state = 'closing';
      // A failing last write is already in the log, and its rows are refused: closing goes on. What is written then may
      // have more in its wake, such as the finish row behind a refund.
      for (let turns = 0; turns < lastTurns; turns++) await flush().catch(() => undefined);
      closing.abort();
      await syncing;
      await trials.stop();
      if (isOpen() && unsynced) await syncNow();
      if (isOpen()) state = 'closed';
    },
    health: () => ({
      ok: state !== 'lost' && trials.refusal() === undefined,
      lost: state === 'lost',
      pending: entries.length + finishes.length,
      lastError: state === 'lost' ? lastError : (trials.refusal() ?? lastError),
      walBytes: fs.statSync(`${db.name}-wal`, { throwIfNoEntry: false })?.size ?? 0,
    }),
  };

  function isOpen(): boolean {
    return state === 'closing';
  }
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function unavailable(reason: string | undefined, cause?: unknown): GatewayError {
  return new GatewayError('journal_unavailable', undefined, {
    cause,
    internal: `a charge could not be written: ${reason ?? 'the journal is closed'}`,
  });
}
