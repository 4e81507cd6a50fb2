import type { RawDb, Write } from './raw-db.ts';

/**
 * Idempotency keys and the answers they replay. `begin`, `keep`, `spend` and `release` run in the journal's transaction, so
 * a key costs its call a row and no transaction of its own.
 */
export type Idempotency = {
  /** Looks the key up and, where it is new and `insert` says so, writes it down as begun. */
  begin(key: NewKey, insert: boolean, limits: KeyLimits): KeyOutcome;
  /** The call has ended; its answer is replayed from now on. */
  keep(callId: number, answer: StoredAnswer): void;
  /** The call has ended and is paid, but its answer was not kept. */
  spend(callId: number): void;
  /** The call failed and cost nothing: the key is free again. */
  release(callId: number): void;
  /** What is kept of the account and in all, keys under way included, is less than that. */
  hasRoom(accountId: number, room: KeyRoom): boolean;
  /** Forgets the oldest keys that began up to then, about as many as the bounds say; true when there may be more. */
  sweep(expiredMs: number, bounds: SweepBounds): boolean;
  /** What an account has, or all of them together. */
  sums(accountId?: number): KeySums;
};

export type NewKey = { callId: number; accountId: number; key: string; fingerprint: Buffer; atMs: number };

/** Keys that began up to `expiredMs` are forgotten; a new one must fit the rest. */
export type KeyLimits = KeyRoom & { expiredMs: number };

/** Past this much, no more is kept: of the account of a key, or in all. */
export type KeyRoom = {
  keysPerAccountMax: number;
  keysMax: number;
  bytesPerAccountMax: number;
  bytesMax: number;
};

export type KeyOutcome =
  | { kind: 'begun' }
  /** New, and not written: nobody asked for that. */
  | { kind: 'unknown' }
  | { kind: 'full'; of: 'account' | 'gateway' }
  /** Known with another request. */
  | { kind: 'mismatch'; callId: number }
  /** Begun and never ended, as far as the database knows. */
  | { kind: 'open'; callId: number }
  | { kind: 'spent'; callId: number }
  | { kind: 'answered'; callId: number; answer: StoredAnswer };

/** Without what belongs to one call; fields are flat pairs. */
export type StoredAnswer = { status: number; fields: string[]; body: Buffer };

/** What one transaction may forget: freeing the pages of answers takes time on the event loop. */
export type SweepBounds = { keysMax: number; bytesMax: number };

export type KeySums = { keys: number; bytes: number };

type KnownKey = { callId: number; fingerprint: Buffer; atMs: number; state: 'begun' | 'answered' | 'spent' };

export function createIdempotency(db: RawDb, write: Write): Idempotency {
  const find = db.prepare<[number, string], KnownKey>(
    'SELECT call_id AS callId, fingerprint, at_ms AS atMs, state FROM idempotency_keys WHERE account_id = ? AND key = ?',
  );
  const insertKey = db.prepare(
    `INSERT INTO idempotency_keys (call_id, account_id, key, fingerprint, at_ms, state, bytes)
     VALUES ($callId, $accountId, $key, $fingerprint, $atMs, 'begun', 0)`,
  );
  const end = db.prepare("UPDATE idempotency_keys SET state = ?, bytes = ? WHERE call_id = ? AND state = 'begun'");
  const insertAnswer = db.prepare(
    'INSERT INTO idempotency_answers (call_id, status, fields, body) VALUES (?, ?, ?, ?)',
  );
  const readAnswer = db.prepare<[number], { status: number; fields: string; body: Buffer }>(
    'SELECT status, fields, body FROM idempotency_answers WHERE call_id = ?',
  );
  const remove = db.prepare('DELETE FROM idempotency_keys WHERE call_id = ?');
  const releaseKey = db.prepare("DELETE FROM idempotency_keys WHERE call_id = ? AND state = 'begun'");
  // Call ids follow the time at which calls began, so the oldest keys need no index of their own.
  const oldest = db.prepare<[number], { callId: number; atMs: number; bytes: number }>(
    'SELECT call_id AS callId, at_ms AS atMs, bytes FROM idempotency_keys ORDER BY call_id LIMIT ?',
  );
  const readSums = db.prepare<[number], KeySums>('SELECT keys, bytes FROM idempotency_sums WHERE account_id = ?');

  function sums(accountId = 0): KeySums {
    return readSums.get(accountId) ?? { keys: 0, bytes: 0 };
  }

  function fullOf(accountId: number, room: KeyRoom): 'account' | 'gateway' | undefined {
    const own = sums(accountId);
    if (own.keys >= room.keysPerAccountMax || own.bytes >= room.bytesPerAccountMax) return 'account';
    const all = sums();
    return all.keys >= room.keysMax || all.bytes >= room.bytesMax ? 'gateway' : undefined;
  }

  function judge(known: KnownKey, { fingerprint }: NewKey): KeyOutcome {
    const { callId, state } = known;
    if (!known.fingerprint.equals(fingerprint)) return { kind: 'mismatch', callId };
    if (state === 'begun') return { kind: 'open', callId };
    const answer = state === 'answered' ? readAnswer.get(callId) : undefined;
    if (!answer) return { kind: 'spent', callId };
    return { kind: 'answered', callId, answer: { ...answer, fields: JSON.parse(answer.fields) } };
  }

  return {
    begin(key, insert, limits) {
      const known = find.get(key.accountId, key.key);
      if (known && known.atMs > limits.expiredMs) return judge(known, key);
      if (!insert) return { kind: 'unknown' };
      if (known) remove.run(known.callId);
      const of = fullOf(key.accountId, limits);
      if (of) return { kind: 'full', of };
      insertKey.run(key);
      return { kind: 'begun' };
    },
    keep(callId, { status, fields, body }) {
      if (end.run('answered', body.length, callId).changes === 0) return;
      insertAnswer.run(callId, status, JSON.stringify(fields), body);
    },
    spend: (callId) => void end.run('spent', 0, callId),
    release: (callId) => void releaseKey.run(callId),
    hasRoom: (accountId, room) => fullOf(accountId, room) === undefined,
    sweep: (expiredMs, { keysMax, bytesMax }) =>
      write(() => {
        const candidates = oldest.all(keysMax);
        let bytesLeft = bytesMax;
        for (const { callId, atMs, bytes } of candidates) {
          if (atMs > expiredMs) return false;
          remove.run(callId);
          bytesLeft -= bytes;
          if (bytesLeft < 0) return true;
        }
        return candidates.length === keysMax;
      }),
    sums,
  };
}
