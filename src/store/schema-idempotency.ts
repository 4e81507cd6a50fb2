import { sql } from 'drizzle-orm';
import { blob, check, integer, sqliteTable, text, unique } from 'drizzle-orm/sqlite-core';
import { accounts } from './schema.ts';

/** The tables behind Idempotency-Key; the rules of schema.ts hold here too. */

/**
 * Keys that are promised: `begun` was written before its call could reach the upstream, `answered` is replayed, `spent` can
 * be neither replayed nor sent again. A call that failed and cost nothing leaves no row.
 */
export const idempotencyKeys = sqliteTable(
  'idempotency_keys',
  {
    callId: integer('call_id').primaryKey(),
    accountId: integer('account_id')
      .notNull()
      .references(() => accounts.id),
    key: text('key').notNull(),
    /** SHA-256 of what the call asks for. */
    fingerprint: blob('fingerprint', { mode: 'buffer' }).notNull(),
    atMs: integer('at_ms').notNull(),
    state: text('state', { enum: ['begun', 'answered', 'spent'] }).notNull(),
    /** Of the stored answer. */
    bytes: integer('bytes').notNull(),
  },
  (table) => [
    unique('idempotency_keys_once').on(table.accountId, table.key),
    check('idempotency_keys_length', sql`length(${table.key}) BETWEEN 1 AND 255 AND length(${table.fingerprint}) = 32`),
    check('idempotency_keys_state', sql`${table.state} IN ('begun', 'answered', 'spent')`),
    check('idempotency_keys_bytes', sql`${table.bytes} >= 0 AND (${table.bytes} = 0 OR ${table.state} = 'answered')`),
  ],
);

/** The answer of each `answered` key, without what belongs to one call. */
export const idempotencyAnswers = sqliteTable(
  'idempotency_answers',
  {
    callId: integer('call_id')
      .primaryKey()
      .references(() => idempotencyKeys.callId),
    status: integer('status').notNull(),
    /** Flat name and value pairs, JSON. */
    fields: text('fields').notNull(),
    body: blob('body', { mode: 'buffer' }).notNull(),
  },
  (table) => [check('idempotency_answers_status', sql`${table.status} BETWEEN 200 AND 499`)],
);

/** How many keys and bytes of answers each account has, account 0 being all of them together; triggers keep it. */
export const idempotencySums = sqliteTable(
  'idempotency_sums',
  {
    accountId: integer('account_id').primaryKey(),
    keys: integer('keys').notNull(),
    bytes: integer('bytes').notNull(),
  },
  (table) => [check('idempotency_sums_not_negative', sql`${table.keys} >= 0 AND ${table.bytes} >= 0`)],
);
