import type { Clock } from '../clock.ts';
import type { RawDb } from '../store/raw-db.ts';

/**
 * Tells when charges are written again after some were refused. The next write that fits does not: a transaction that
 * failed leaves the log longer than what it holds, so on a full disk small ones still find room. A trial takes more than
 * the charges of a turn, and counts once it is on the disk. Trials come by themselves: a gateway that is not ready gets
 * no calls that could show that it is.
 */
export type Trials = {
  /** A charge was refused: none count as written until a trial that begins later is on the disk. */
  begin(reason: string): void;
  /** Why charges were refused last; undefined while they are written. */
  refusal(): string | undefined;
  /** Resolves when no trial goes on any more. */
  stop(): Promise<void>;
};

export type TrialsOptions = {
  db: RawDb;
  clock: Clock;
  sync: () => Promise<void>;
  /** A trial was refused, or not synced. */
  onFailure(during: 'write' | 'sync', error: unknown): void;
  /** Charges are written again. */
  onEnd(): void;
};

/** Between two trials, ms: a balancer asks about as often. */
const trialPauseMs = 1_000;
/** Some 256 pages: a hundred charges of as many accounts change fewer. */
const trialBytes = 1 << 20;

export function createTrials({ db, clock, sync, onFailure, onEnd }: TrialsOptions): Trials {
  const put = db.prepare("INSERT OR REPLACE INTO meta (key, value) VALUES ('trial', ?)");
  const drop = db.prepare("DELETE FROM meta WHERE key = 'trial'");
  // Without a time for locks: it would be waited for inside SQLite, on the event loop.
  const write = (work: () => unknown) => db.transaction(work).immediate();
  const stopping = new AbortController();
  let reason: string | undefined;
  let refusals = 0;
  let running: Promise<void> | undefined;

  async function run(): Promise<void> {
    while (reason !== undefined) {
      await clock.sleep(trialPauseMs, stopping.signal);
      if (stopping.signal.aborted) return;
      await tryOnce();
    }
    running = undefined;
    onEnd();
  }

  async function tryOnce(): Promise<void> {
    const before = refusals;
    try {
      // In two transactions: what one writes and deletes again never reaches the log.
      write(() => put.run('x'.repeat(trialBytes)));
      write(() => drop.run());
    } catch (error) {
      return onFailure('write', error);
    }
    try {
      await sync();
    } catch (error) {
      return onFailure('sync', error);
    }
    if (refusals === before) reason = undefined;
  }

  return {
    begin(text) {
      reason = text;
      refusals++;
      running ??= run();
    },
    refusal: () => reason,
    async stop() {
      stopping.abort();
      await running;
    },
  };
}
