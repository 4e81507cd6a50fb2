import type { Clock } from '../clock.ts';
import type { RawDb, Write } from './raw-db.ts';

/** APIs that the operator has paused, by name: kept apart from the catalog, so that a reload does not lift a pause. */
export type ApiPauses = {
  list(): ApiPause[];
  /** False when it was paused before: the first time and reason stand. */
  add(api: string, reason: string): boolean;
  /** False when it was not paused. */
  remove(api: string): boolean;
};

export type ApiPause = { api: string; atMs: number; reason: string };

export function createApiPauses(db: RawDb, write: Write, clock: Clock): ApiPauses {
  const all = db.prepare<[], ApiPause>('SELECT api, at_ms AS atMs, reason FROM api_pauses ORDER BY api');
  const insert = db.prepare('INSERT INTO api_pauses (api, at_ms, reason) VALUES (?, ?, ?) ON CONFLICT DO NOTHING');
  const remove = db.prepare('DELETE FROM api_pauses WHERE api = ?');
  return {
    list: () => all.all(),
    add: (api, reason) => write(() => insert.run(api, clock.nowMs(), reason).changes === 1),
    remove: (api) => write(() => remove.run(api).changes === 1),
  };
}
