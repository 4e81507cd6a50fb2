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
export function beginRun(meta: Meta, write: Write): number {
  return write(() => {
    const runId = Number(meta.get('run') ?? '0') + 1;
    meta.set('run', String(runId));
    return runId;
  });
}
