import type { Clock } from '../clock.ts';
import type { RawDb, Write } from './raw-db.ts';

/**
 * Events for webhooks and their way to each endpoint. An event and its deliveries are one transaction, and its key is
 * unique: whoever tells the same cause twice, over however many restarts, has told it once.
 */
export type Webhooks = {
  /** Id of the event; undefined when this cause was told before. */
  tell(event: NewEvent): number | undefined;
  /** Tells of something that lasts, unless it has lasted since it was last told. */
  begin(key: string, event: Omit<NewEvent, 'dedupe'>): void;
  /** It is over: next time it is told again. */
  end(key: string): void;
  /** What lasts now, by key. */
  lasting(): string[];
  /** Endpoints that a delivery is due to. */
  dueEndpoints(nowMs: number): string[];
  /** Deliveries to one endpoint whose time has come, the longest due first. */
  due(query: { endpoint: string; nowMs: number; limit: number }): DueDelivery[];
  delivered(id: number, status: number): void;
  /** A try that failed; without a next one the delivery is dead. */
  failed(id: number, failure: { status: number | undefined; error: string; nextAtMs: number | undefined }): void;
  /** Sends a delivery, or an event to all its endpoints, anew: all tries are before it again. How many those are. */
  replay(what: { delivery: number } | { event: number }): number;
  deliveriesOf(event: number): DeliveryRow[];
  /** Newest first; `before` is the id of the last row of the page before. */
  list(query: { dead: boolean; before?: number; limit: number }): DeliveryRow[];
  counts(): { waiting: number; dead: number };
  /** Forgets events older than this whose deliveries have all ended. */
  prune(beforeMs: number): void;
};

export type NewEvent = { kind: string; dedupe: string; payload: string; endpoints: readonly string[] };

export type DueDelivery = {
  id: number;
  eventId: number;
  endpoint: string;
  attempts: number;
  kind: string;
  atMs: number;
  payload: string;
};

export type DeliveryRow = DueDelivery & {
  state: 'waiting' | 'delivered' | 'dead';
  nextAtMs: number;
  lastStatus: number | null;
  lastError: string | null;
  endedAtMs: number | null;
};

/** Texts of failures come from networks and receivers. */
const errorCharsMax = 200;

export function createWebhooks(db: RawDb, write: Write, clock: Clock): Webhooks {
  const statements = prepare(db);

  function tell({ kind, dedupe, payload, endpoints }: NewEvent): number | undefined {
    return write(() => {
      const nowMs = clock.nowMs();
      const event = statements.addEvent.run(nowMs, kind, dedupe, payload);
      if (event.changes === 0) return undefined;
      for (const endpoint of endpoints) statements.addDelivery.run(event.lastInsertRowid, endpoint, nowMs);
      return Number(event.lastInsertRowid);
    });
  }

  return {
    tell,
    begin(key, event) {
      write(() => {
        const sinceMs = clock.nowMs();
        if (statements.begin.run(key, sinceMs).changes === 1) tell({ ...event, dedupe: `${key} ${sinceMs}` });
      });
    },
    end(key) {
      write(() => statements.end.run(key));
    },
    lasting: () => statements.lasting.all(),
    dueEndpoints: (nowMs) => statements.dueEndpoints.all(nowMs),
    due: ({ endpoint, nowMs, limit }) => statements.due.all(nowMs, endpoint, limit),
    delivered(id, status) {
      write(() => statements.delivered.run(status, clock.nowMs(), id));
    },
    failed(id, { status, error, nextAtMs }) {
      const text = error.slice(0, errorCharsMax);
      write(() => {
        if (nextAtMs === undefined) statements.dead.run(status ?? null, text, clock.nowMs(), id);
        else statements.later.run(status ?? null, text, nextAtMs, id);
      });
    },
    replay: (what) =>
      write(() => {
        const statement = 'delivery' in what ? statements.replayDelivery : statements.replayEvent;
        return statement.run(clock.nowMs(), 'delivery' in what ? what.delivery : what.event).changes;
      }),
    deliveriesOf: (event) => statements.ofEvent.all(event),
    list: ({ dead, before = Number.MAX_SAFE_INTEGER, limit }) =>
      (dead ? statements.listDead : statements.list).all(before, limit),
    counts: () => ({ waiting: statements.waiting.get() ?? 0, dead: statements.countDead.get() ?? 0 }),
    prune(beforeMs) {
      write(() => {
        statements.pruneDeliveries.run(beforeMs);
        statements.pruneEvents.run(beforeMs);
      });
    },
  };
}

const columns = `d.id, d.event_id AS eventId, d.endpoint, d.attempts, e.kind, e.at_ms AS atMs, e.payload`;
const rowColumns = `${columns}, d.state, d.next_at_ms AS nextAtMs, d.last_status AS lastStatus,
  d.last_error AS lastError, d.ended_at_ms AS endedAtMs`;
const joined = 'FROM webhook_deliveries d JOIN webhook_events e ON e.id = d.event_id';
const anew = "SET state = 'waiting', attempts = 0, next_at_ms = ?, ended_at_ms = NULL";

function prepare(db: RawDb) {
  return {
    addEvent: db.prepare(
      'INSERT INTO webhook_events (at_ms, kind, dedupe, payload) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING',
    ),
    addDelivery: db.prepare(
      "INSERT INTO webhook_deliveries (event_id, endpoint, state, attempts, next_at_ms) VALUES (?, ?, 'waiting', 0, ?)",
    ),
    begin: db.prepare('INSERT INTO webhook_conditions (key, since_ms) VALUES (?, ?) ON CONFLICT DO NOTHING'),
    end: db.prepare('DELETE FROM webhook_conditions WHERE key = ?'),
    lasting: db.prepare<[], string>('SELECT key FROM webhook_conditions').pluck(),
    dueEndpoints: db
      .prepare<[number], string>(
        "SELECT DISTINCT endpoint FROM webhook_deliveries WHERE state = 'waiting' AND next_at_ms <= ?",
      )
      .pluck(),
    due: db.prepare<[number, string, number], DueDelivery>(
      `SELECT ${columns} ${joined} WHERE d.state = 'waiting' AND d.next_at_ms <= ? AND d.endpoint = ?
      ORDER BY d.next_at_ms, d.id LIMIT ?`,
    ),
    delivered: db.prepare(
      "UPDATE webhook_deliveries SET state = 'delivered', attempts = attempts + 1, last_status = ?, last_error = NULL, ended_at_ms = ? WHERE id = ?",
    ),
    later: db.prepare(
      'UPDATE webhook_deliveries SET attempts = attempts + 1, last_status = ?, last_error = ?, next_at_ms = ? WHERE id = ?',
    ),
    dead: db.prepare(
      "UPDATE webhook_deliveries SET state = 'dead', attempts = attempts + 1, last_status = ?, last_error = ?, ended_at_ms = ? WHERE id = ?",
    ),
    replayDelivery: db.prepare(`UPDATE webhook_deliveries ${anew} WHERE id = ?`),
    replayEvent: db.prepare(`UPDATE webhook_deliveries ${anew} WHERE event_id = ?`),
    ofEvent: db.prepare<[number], DeliveryRow>(`SELECT ${rowColumns} ${joined} WHERE d.event_id = ? ORDER BY d.id`),
    list: db.prepare<[number, number], DeliveryRow>(
      `SELECT ${rowColumns} ${joined} WHERE d.id < ? ORDER BY d.id DESC LIMIT ?`,
    ),
    listDead: db.prepare<[number, number], DeliveryRow>(
      `SELECT ${rowColumns} ${joined} WHERE d.state = 'dead' AND d.id < ? ORDER BY d.id DESC LIMIT ?`,
    ),
    waiting: db.prepare<[], number>("SELECT COUNT(*) FROM webhook_deliveries WHERE state = 'waiting'").pluck(),
    countDead: db.prepare<[], number>("SELECT COUNT(*) FROM webhook_deliveries WHERE state = 'dead'").pluck(),
    pruneDeliveries: db.prepare(`DELETE FROM webhook_deliveries WHERE event_id IN (
      SELECT e.id FROM webhook_events e WHERE e.at_ms < ?
      AND NOT EXISTS (SELECT 1 FROM webhook_deliveries w WHERE w.event_id = e.id AND w.state = 'waiting'))`),
    pruneEvents: db.prepare(`DELETE FROM webhook_events WHERE at_ms < ?
      AND NOT EXISTS (SELECT 1 FROM webhook_deliveries w WHERE w.event_id = webhook_events.id)`),
  };
}
