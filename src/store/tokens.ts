import { add, subtract, type Units, zero } from '../money.ts';
import { fromStored, toStored } from './columns.ts';
import type { RawDb, Write } from './raw-db.ts';

/** Access tokens that were issued. Await `store.sync()` before one is handed out or its revocation confirmed. */
export type Tokens = {
  add(token: NewToken): void;
  /** False when the token is unknown or already revoked. */
  revoke(jti: string, atMs: number): boolean;
  get(jti: string): TokenRow | undefined;
  /** Row of a token, for the rows that name it. */
  idOf(jti: string): number | undefined;
  /** Newest first; `before` is the `id` of the last row of the page before. `search` is a part of label, id or address. */
  list(query: { accountId?: number; search?: string; before?: number; limit: number }): TokenRow[];
  /** How many of the account's tokens are neither revoked nor expired. */
  countLive(accountId: number, nowMs: number): number;
  /** Unexpired tokens that the gateway must know at start: revoked ones, and those with a spend cap. */
  revokedOrCapped(nowMs: number): TokenRow[];
};

export type NewToken = {
  jti: string;
  accountId: number;
  /** Names of APIs separated by a space, or `*`. */
  scope: string;
  issuedAtMs: number;
  expiresAtMs: number;
  /** Life-time spend cap. */
  cap?: Units | undefined;
  source: 'wallet' | 'operator';
  label?: string | undefined;
};

export type TokenRow = {
  id: number;
  jti: string;
  accountId: number;
  address: string;
  scope: string;
  issuedAtMs: number;
  expiresAtMs: number;
  cap: Units | undefined;
  /** Charged with this token so far, refunds taken off. */
  spent: Units;
  revokedAtMs: number | undefined;
  source: 'wallet' | 'operator';
  label: string;
};

type Stored = {
  id: number;
  jti: string;
  accountId: number;
  address: string;
  scope: string;
  issuedAtMs: number;
  expiresAtMs: number;
  cap: number | null;
  spentSealed: number;
  revokedAtMs: number | null;
  source: 'wallet' | 'operator';
  label: string;
};

const select = `SELECT t.id, t.jti, t.account_id AS accountId, a.address, t.scope, t.issued_at_ms AS issuedAtMs,
  t.expires_at_ms AS expiresAtMs, t.cap, t.spent_sealed AS spentSealed, t.revoked_at_ms AS revokedAtMs, t.source, t.label
  FROM tokens t JOIN accounts a ON a.id = t.account_id`;

export function createTokens(db: RawDb, write: Write): Tokens {
  const insert = db.prepare(
    `INSERT INTO tokens (jti, account_id, scope, issued_at_ms, expires_at_ms, cap, spent_sealed, source, label)
     VALUES ($jti, $accountId, $scope, $issuedAtMs, $expiresAtMs, $cap, 0, $source, $label)`,
  );
  const markRevoked = db.prepare('UPDATE tokens SET revoked_at_ms = ? WHERE jti = ? AND revoked_at_ms IS NULL');
  const byJti = db.prepare<[string], Stored>(`${select} WHERE t.jti = ?`);
  const idByJti = db.prepare<[string], number>('SELECT id FROM tokens WHERE jti = ?').pluck();
  const page = db.prepare<[number, number], Stored>(`${select} WHERE t.id < ? ORDER BY t.id DESC LIMIT ?`);
  const pageOfAccount = db.prepare<[number, number, number], Stored>(
    `${select} WHERE t.account_id = ? AND t.id < ? ORDER BY t.id DESC LIMIT ?`,
  );
  const found = db.prepare<[{ text: string; before: number; limit: number }], Stored>(
    `${select} WHERE t.id < $before AND instr(lower(t.label || ' ' || t.jti || ' ' || a.address), lower($text)) > 0
     ORDER BY t.id DESC LIMIT $limit`,
  );
  const special = db.prepare<[number], Stored>(
    `${select} WHERE (t.cap IS NOT NULL OR t.revoked_at_ms IS NOT NULL) AND t.expires_at_ms > ?`,
  );
  const live = db
    .prepare<[number, number], number>(
      'SELECT COUNT(*) FROM tokens WHERE account_id = ? AND expires_at_ms > ? AND revoked_at_ms IS NULL',
    )
    .pluck();
  const unsealedSpend = db.prepare<
    [{ accountId: number | null }],
    { tokenId: number; charged: number; refunded: number }
  >(
    `SELECT c.token_id AS tokenId, SUM(c.price) AS charged, SUM(COALESCE(r.amount, 0)) AS refunded
     FROM unsealed u CROSS JOIN charges c ON c.id = u.charge_id LEFT JOIN refunds r ON r.charge_id = u.charge_id
     WHERE c.token_id IS NOT NULL AND ($accountId IS NULL OR u.account_id = $accountId) GROUP BY c.token_id`,
  );

  /** One pass over the unsealed charges, of all or of one account, serves any number of tokens. */
  function spends(accountId: number | undefined): Map<number, Units> {
    return new Map(
      unsealedSpend
        .all({ accountId: accountId ?? null })
        .map((sum) => [sum.tokenId, subtract(fromStored(sum.charged), fromStored(sum.refunded))]),
    );
  }

  function toRows(stored: Stored[], accountId?: number): TokenRow[] {
    if (stored.length === 0) return [];
    const unsealed = spends(accountId);
    return stored.map(({ spentSealed, cap, revokedAtMs, ...row }) => ({
      ...row,
      cap: cap === null ? undefined : fromStored(cap),
      spent: add(fromStored(spentSealed), unsealed.get(row.id) ?? zero),
      revokedAtMs: revokedAtMs ?? undefined,
    }));
  }

  return {
    add(token) {
      const cap = token.cap === undefined ? null : toStored(token.cap);
      write(() => insert.run({ ...token, cap, label: token.label ?? '' }));
    },
    revoke: (jti, atMs) => write(() => markRevoked.run(atMs, jti).changes === 1),
    get(jti) {
      const row = byJti.get(jti);
      return row && toRows([row], row.accountId)[0];
    },
    idOf: (jti) => idByJti.get(jti),
    list({ accountId, search, before = Number.MAX_SAFE_INTEGER, limit }) {
      if (search !== undefined) return toRows(found.all({ text: search, before, limit }));
      if (accountId === undefined) return toRows(page.all(before, limit));
      return toRows(pageOfAccount.all(accountId, before, limit), accountId);
    },
    countLive: (accountId, nowMs) => live.get(accountId, nowMs) ?? 0,
    revokedOrCapped: (nowMs) => toRows(special.all(nowMs)),
  };
}
