import type { RawDb, Write } from './raw-db.ts';

/** Single facts about this database: the network and vault it belongs to, the number of runs. */
export type Meta = {
  get(key: string): string | undefined;
  set(key: string, value: string): void;
  /** Keeps the first value for good. Throws when the database already belongs to another one. */
  pin(key: string, value: string): void;
};

export function createMeta(db: RawDb, write: Write): Meta {
  const read = db.prepare<[string], string>('SELECT value FROM meta WHERE key = ?').pluck();
  const put = db.prepare(
    'INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value',
  );
  return {
    get: (key) => read.get(key),
    set(key, value) {
      write(() => put.run(key, value));
    },
    pin(key, value) {
      write(() => {
        const stored = read.get(key);
        if (stored === undefined) put.run(key, value);
        else if (stored !== value) throw new Error(`${db.name} belongs to ${key} ${stored}, not to ${value}`);
      });
    },
  };
}

/** Counts this run; call ids build on the number. */
export function beginRun(meta: Meta, write: Write, nowMs: number): number {
  return write(() => {
    const runId = (lastRun(meta) || runsBefore(nowMs)) + 1;
    noteRun(meta, runId);
    return runId;
  });
}

/** Number of the last run; 0 before the first. */
export function lastRun(meta: Pick<Meta, 'get'>): number {
  return Number(meta.get(runKey) ?? '0');
}

export function noteRun(meta: Pick<Meta, 'set'>, runId: number): void {
  meta.set(runKey, String(runId));
}

/**
 * A database that begins now counts from the half hours since 2026: the one that was lost, whose call ids are in receipts and
 * in the logs of upstreams, began earlier and was not started more often than that.
 */
export function runsBefore(nowMs: number): number {
  return Math.min(halfHoursBetween(Date.UTC(2026), nowMs), runsBeforeMax);
}

export function halfHoursBetween(fromMs: number, toMs: number): number {
  return Math.max(0, Math.floor((toMs - fromMs) / 1_800_000));
}

/** Thirty years of half hours; as many runs are left behind them. */
const runsBeforeMax = 2 ** 19;

const runKey = 'run';
