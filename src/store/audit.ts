import type { Clock } from '../clock.ts';
import type { RawDb, Write } from './raw-db.ts';

/** What operators did. Append only. */
export type Audit = {
  add(entry: AuditEntry): void;
  /** Newest first; `before` is the id of the last row of the page before. */
  list(query: { before?: number; limit: number }): (AuditEntry & { id: number; atMs: number })[];
};

export type AuditEntry = { actor: string; action: string; subject: string; detail: string };

export function createAudit(db: RawDb, write: Write, clock: Clock): Audit {
  const insert = db.prepare('INSERT INTO audit (at_ms, actor, action, subject, detail) VALUES (?, ?, ?, ?, ?)');
  const page = db.prepare<[number, number], AuditEntry & { id: number; atMs: number }>(
    'SELECT id, at_ms AS atMs, actor, action, subject, detail FROM audit WHERE id < ? ORDER BY id DESC LIMIT ?',
  );
  return {
    add({ actor, action, subject, detail }) {
      write(() => insert.run(clock.nowMs(), actor, action, subject, detail));
    },
    list: ({ before = Number.MAX_SAFE_INTEGER, limit }) => page.all(before, limit),
  };
}
