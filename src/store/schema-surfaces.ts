import { sql } from 'drizzle-orm';
import { check, index, integer, primaryKey, sqliteTable, text, unique, uniqueIndex } from 'drizzle-orm/sqlite-core';
import { money } from './columns.ts';
import { accounts, routes } from './schema.ts';

/** The tables behind statements, exits, classic deposits and webhooks; the rules of schema.ts hold here too. */

/** Sealed usage summed by day (days since 1970, UTC), account and route: what statements read instead of every row. */
export const usageDaily = sqliteTable(
  'usage_daily',
  {
    day: integer('day').notNull(),
    accountId: integer('account_id')
      .notNull()
      .references(() => accounts.id),
    routeId: integer('route_id')
      .notNull()
      .references(() => routes.id),
    calls: integer('calls').notNull(),
    /** How many of them were refunded. */
    refundedCalls: integer('refunded_calls').notNull(),
    gross: money('gross').notNull(),
    refunded: money('refunded').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.accountId, table.day, table.routeId] }),
    index('usage_daily_route').on(table.routeId, table.day),
    check(
      'usage_daily_sums',
      sql`${table.refundedCalls} BETWEEN 0 AND ${table.calls} AND ${table.refunded} >= 0 AND ${table.gross} >= ${table.refunded}`,
    ),
  ],
);

/** Exits that the gateway co-signed: the amount is on hold until its event is seen or the signature has expired. */
export const exits = sqliteTable(
  'exits',
  {
    id: integer('id').primaryKey(),
    accountId: integer('account_id')
      .notNull()
      .references(() => accounts.id),
    toAddress: text('to_address').notNull(),
    amount: money('amount').notNull(),
    /** The invocation before any signature: ours is made from it, the same each time, whenever it is handed out. */
    envelopeXdr: text('envelope_xdr').notNull(),
    /** Newest ledger when it was made: its event can only be of a later one. */
    madeLedger: integer('made_ledger').notNull(),
    /** The signature is worth nothing after this ledger. */
    expiresLedger: integer('expires_ledger').notNull(),
    createdAtMs: integer('created_at_ms').notNull(),
    state: text('state', { enum: ['open', 'landed', 'expired'] }).notNull(),
    endedAtMs: integer('ended_at_ms'),
    txHash: text('tx_hash'),
  },
  (table) => [
    uniqueIndex('exits_one_open').on(table.accountId).where(sql`${table.state} = 'open'`),
    index('exits_account').on(table.accountId, table.id),
    check('exits_amount', sql`${table.amount} > 0`),
    check('exits_life', sql`${table.expiresLedger} > ${table.madeLedger}`),
    check('exits_state', sql`${table.state} IN ('open', 'landed', 'expired')`),
    check('exits_ended', sql`(${table.state} = 'open') = (${table.endedAtMs} IS NULL)`),
    check('exits_landed', sql`(${table.state} = 'landed') = (${table.txHash} IS NOT NULL)`),
  ],
);

/**
 * MEMO_ID aliases of the classic deposit account, derived from its seed: kept so that a memo finds its account, also one
 * that was handed out under an earlier seed.
 */
export const depositAliases = sqliteTable('deposit_aliases', {
  /** A 64-bit number as decimal text. */
  alias: text('alias').primaryKey(),
  accountId: integer('account_id')
    .notNull()
    .references(() => accounts.id),
});

/**
 * Payments that reached the classic deposit account, by Horizon's operation id. `unattributed` waits for a person,
 * `below_min` is dust, `due` is to be forwarded into the vault, `sent` may have landed, `forwarded` has; `closed` was dealt
 * with by a person, outside these books.
 */
export const classicPayments = sqliteTable(
  'classic_payments',
  {
    id: integer('id').primaryKey(),
    operationId: text('operation_id').notNull().unique(),
    ledger: integer('ledger').notNull(),
    closedAtMs: integer('closed_at_ms').notNull(),
    txHash: text('tx_hash').notNull(),
    fromAddress: text('from_address').notNull(),
    /** The deposit account that was paid: after a change of its seed, only that account's key can forward it. */
    toAddress: text('to_address').notNull(),
    amount: money('amount').notNull(),
    memoType: text('memo_type').notNull(),
    memo: text('memo'),
    accountId: integer('account_id').references(() => accounts.id),
    state: text('state', { enum: ['unattributed', 'below_min', 'due', 'sent', 'forwarded', 'closed'] }).notNull(),
    note: text('note'),
    forwardTxHash: text('forward_tx_hash'),
  },
  (table) => [
    index('classic_payments_open').on(table.state, table.id).where(sql`${table.state} <> 'forwarded'`),
    index('classic_payments_held')
      .on(table.toAddress, table.ledger, table.state, table.amount)
      .where(sql`${table.state} IN ('unattributed', 'below_min', 'due')`),
    index('classic_payments_memo').on(table.memo).where(sql`${table.state} = 'unattributed'`),
    index('classic_payments_account').on(table.accountId).where(sql`${table.accountId} IS NOT NULL`),
    check('classic_payments_amount', sql`${table.amount} > 0`),
    check(
      'classic_payments_state',
      sql`${table.state} IN ('unattributed', 'below_min', 'due', 'sent', 'forwarded', 'closed')`,
    ),
    check('classic_payments_owner', sql`${table.state} NOT IN ('due', 'sent') OR ${table.accountId} IS NOT NULL`),
  ],
);

/**
 * What lies in each deposit account by these books, of the three states of payments that do: kept by triggers on
 * `classic_payments`, and added up again when the sums are checked.
 */
export const classicSums = sqliteTable(
  'classic_sums',
  {
    toAddress: text('to_address').notNull(),
    state: text('state', { enum: ['unattributed', 'below_min', 'due'] }).notNull(),
    payments: integer('payments').notNull(),
    amount: money('amount').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.toAddress, table.state] }),
    check('classic_sums_state', sql`${table.state} IN ('unattributed', 'below_min', 'due')`),
    check('classic_sums_range', sql`${table.payments} >= 0 AND ${table.amount} >= 0`),
  ],
);

/** Signed `deposit_once` envelopes, on disk before they are sent. */
export const classicForwards = sqliteTable(
  'classic_forwards',
  {
    hash: text('hash').primaryKey(),
    paymentId: integer('payment_id')
      .notNull()
      .references(() => classicPayments.id),
    envelopeXdr: text('envelope_xdr').notNull(),
    sequence: text('sequence').notNull(),
    maxTimeS: integer('max_time_s').notNull(),
    createdAtMs: integer('created_at_ms').notNull(),
    state: text('state', { enum: ['live', 'landed', 'failed', 'expired'] }).notNull(),
  },
  (table) => [
    index('classic_forwards_payment').on(table.paymentId),
    uniqueIndex('classic_forwards_one_live').on(table.paymentId).where(sql`${table.state} = 'live'`),
    check('classic_forwards_state', sql`${table.state} IN ('live', 'landed', 'failed', 'expired')`),
  ],
);

/** What Horizon listed and nobody could read or keep, for a person to look at; the watcher goes on behind it. */
export const classicSetAside = sqliteTable('classic_set_aside', {
  /** Its place on chain, or a hash of its text where it names none. */
  id: text('id').primaryKey(),
  atMs: integer('at_ms').notNull(),
  reason: text('reason').notNull(),
  data: text('data').notNull(),
});

/** APIs that the operator has paused: a word of the books, so it outlives a restart and a reload. */
export const apiPauses = sqliteTable('api_pauses', {
  api: text('api').primaryKey(),
  atMs: integer('at_ms').notNull(),
  reason: text('reason').notNull(),
});

/** What webhooks tell of; `dedupe` keeps one cause from being told twice. */
export const webhookEvents = sqliteTable('webhook_events', {
  id: integer('id').primaryKey(),
  atMs: integer('at_ms').notNull(),
  kind: text('kind').notNull(),
  dedupe: text('dedupe').notNull().unique(),
  payload: text('payload').notNull(),
});

/** One row per event and endpoint, retried until it is delivered or given up. */
export const webhookDeliveries = sqliteTable(
  'webhook_deliveries',
  {
    id: integer('id').primaryKey(),
    eventId: integer('event_id')
      .notNull()
      .references(() => webhookEvents.id),
    endpoint: text('endpoint').notNull(),
    state: text('state', { enum: ['waiting', 'delivered', 'dead'] }).notNull(),
    attempts: integer('attempts').notNull(),
    nextAtMs: integer('next_at_ms').notNull(),
    lastStatus: integer('last_status'),
    lastError: text('last_error'),
    endedAtMs: integer('ended_at_ms'),
  },
  (table) => [
    unique('webhook_deliveries_once').on(table.eventId, table.endpoint),
    index('webhook_deliveries_waiting').on(table.nextAtMs).where(sql`${table.state} = 'waiting'`),
    index('webhook_deliveries_dead').on(table.id).where(sql`${table.state} = 'dead'`),
    check('webhook_deliveries_state', sql`${table.state} IN ('waiting', 'delivered', 'dead')`),
  ],
);

/** What webhooks were told of and still lasts, such as a low balance: it is told again only after it was over. */
export const webhookConditions = sqliteTable('webhook_conditions', {
  key: text('key').primaryKey(),
  sinceMs: integer('since_ms').notNull(),
});
