import { sql } from 'drizzle-orm';
import {
  check,
  foreignKey,
  index,
  integer,
  primaryKey,
  sqliteTable,
  text,
  unique,
  uniqueIndex,
} from 'drizzle-orm/sqlite-core';
import { money } from './columns.ts';

/**
 * The tables, described one by one in docs/storage.md. Migrations are generated from this file, then made STRICT and
 * given their triggers by hand; test/store/schema.snapshot.sql holds the outcome.
 * Money is in units of 1e-7 USDC, `…Ms` in ms since 1970, `…S` in s since 1970.
 */

export const meta = sqliteTable('meta', { key: text('key').primaryKey(), value: text('value').notNull() });

export const accounts = sqliteTable(
  'accounts',
  {
    id: integer('id').primaryKey(),
    address: text('address').notNull().unique(),
    deposited: money('deposited').notNull(),
    settled: money('settled').notNull(),
    withdrawn: money('withdrawn').notNull(),
    requested: money('requested').notNull(),
    unlockAtS: integer('unlock_at_s'),
    limitUnits: money('limit_units').notNull(),
    pendingLimit: money('pending_limit'),
    pendingLimitAtS: integer('pending_limit_at_s'),
    period: integer('period').notNull(),
    used: money('used').notNull(),
    chargedSealed: money('charged_sealed').notNull(),
    refundedSealed: money('refunded_sealed').notNull(),
    receivable: money('receivable').notNull(),
    heldForPayee: money('held_for_payee').notNull(),
    writtenOff: money('written_off').notNull(),
    settledElsewhere: money('settled_elsewhere').notNull(),
    snapshotLedger: integer('snapshot_ledger').notNull(),
    createdAtMs: integer('created_at_ms').notNull(),
  },
  (table) => [
    check(
      'accounts_not_negative',
      sql`${table.deposited} >= 0 AND ${table.settled} >= 0 AND ${table.withdrawn} >= 0 AND ${table.requested} >= 0
      AND ${table.limitUnits} >= 0 AND ${table.used} >= 0 AND ${table.chargedSealed} >= ${table.refundedSealed}
      AND ${table.refundedSealed} >= 0 AND ${table.receivable} >= 0 AND ${table.heldForPayee} >= 0
      AND ${table.writtenOff} >= 0 AND ${table.settledElsewhere} >= 0`,
    ),
  ],
);

export const vaultEvents = sqliteTable(
  'vault_events',
  {
    id: text('id').primaryKey(),
    ledger: integer('ledger').notNull(),
    closedAtMs: integer('closed_at_ms').notNull(),
    txHash: text('tx_hash').notNull(),
    kind: text('kind').notNull(),
    accountId: integer('account_id').references(() => accounts.id),
    amount: money('amount'),
    data: text('data').notNull(),
    applied: integer('applied', { mode: 'boolean' }).notNull(),
    note: text('note'),
  },
  (table) => [
    index('vault_events_account').on(table.accountId, table.ledger).where(sql`${table.accountId} IS NOT NULL`),
    index('vault_events_claims').on(table.closedAtMs).where(sql`${table.kind} IN ('claimed', 'fee_collected')`),
    index('vault_events_set_aside').on(table.kind).where(sql`${table.accountId} IS NULL AND ${table.applied} = 0`),
    check('vault_events_applied', sql`${table.applied} IN (0, 1)`),
  ],
);

export const cursors = sqliteTable('cursors', {
  name: text('name').primaryKey(),
  cursor: text('cursor').notNull(),
  ledger: integer('ledger').notNull(),
  closedAtMs: integer('closed_at_ms').notNull(),
});

export const routes = sqliteTable(
  'routes',
  {
    id: integer('id').primaryKey(),
    api: text('api').notNull(),
    payee: text('payee').notNull(),
    method: text('method').notNull(),
    template: text('template').notNull(),
  },
  (table) => [unique('routes_unique').on(table.api, table.payee, table.method, table.template)],
);

export const tokens = sqliteTable(
  'tokens',
  {
    id: integer('id').primaryKey(),
    jti: text('jti').notNull().unique(),
    accountId: integer('account_id')
      .notNull()
      .references(() => accounts.id),
    scope: text('scope').notNull(),
    issuedAtMs: integer('issued_at_ms').notNull(),
    expiresAtMs: integer('expires_at_ms').notNull(),
    cap: money('cap'),
    spentSealed: money('spent_sealed').notNull(),
    revokedAtMs: integer('revoked_at_ms'),
    source: text('source', { enum: ['wallet', 'operator'] }).notNull(),
    label: text('label').notNull(),
  },
  (table) => [
    index('tokens_account').on(table.accountId, table.id),
    index('tokens_special').on(table.id).where(sql`${table.cap} IS NOT NULL OR ${table.revokedAtMs} IS NOT NULL`),
    check('tokens_source', sql`${table.source} IN ('wallet', 'operator')`),
    check('tokens_not_negative', sql`${table.spentSealed} >= 0 AND (${table.cap} IS NULL OR ${table.cap} > 0)`),
  ],
);

/** Append only. The id is the call id; its order is the order in which calls began. */
export const charges = sqliteTable(
  'charges',
  {
    id: integer('id').primaryKey(),
    atMs: integer('at_ms').notNull(),
    accountId: integer('account_id')
      .notNull()
      .references(() => accounts.id),
    tokenId: integer('token_id').references(() => tokens.id),
    routeId: integer('route_id')
      .notNull()
      .references(() => routes.id),
    method: text('method').notNull(),
    status: integer('status').notNull(),
    price: money('price').notNull(),
  },
  (table) => [check('charges_price', sql`${table.price} >= 0 AND ${table.price} <= 9007199254740991`)],
);

/** Append only. */
export const finishes = sqliteTable(
  'finishes',
  {
    chargeId: integer('charge_id')
      .primaryKey()
      .references(() => charges.id),
    atMs: integer('at_ms').notNull(),
    outcome: text('outcome', { enum: ['completed', 'client_gone', 'upstream_broke', 'gateway_failed'] }).notNull(),
    bytesIn: integer('bytes_in').notNull(),
    bytesOut: integer('bytes_out').notNull(),
    durationMs: integer('duration_ms').notNull(),
  },
  (table) => [
    check(
      'finishes_outcome',
      sql`${table.outcome} IN ('completed', 'client_gone', 'upstream_broke', 'gateway_failed')`,
    ),
  ],
);

/** Append only. */
export const refunds = sqliteTable(
  'refunds',
  {
    chargeId: integer('charge_id')
      .primaryKey()
      .references(() => charges.id),
    atMs: integer('at_ms').notNull(),
    amount: money('amount').notNull(),
    reason: text('reason').notNull(),
  },
  (table) => [check('refunds_amount', sql`${table.amount} > 0`)],
);

/** The queue of charges that are in no batch yet: a trigger on `charges` fills it, sealing empties it. */
export const unsealed = sqliteTable('unsealed', {
  chargeId: integer('charge_id')
    .primaryKey()
    .references(() => charges.id),
  accountId: integer('account_id').notNull(),
});

export const lanes = sqliteTable(
  'lanes',
  { lane: integer('lane').primaryKey(), lastBatch: integer('last_batch').notNull() },
  (table) => [check('lanes_range', sql`${table.lane} >= 0 AND ${table.lastBatch} >= 0`)],
);

export const batches = sqliteTable(
  'batches',
  {
    id: integer('id').primaryKey(),
    lane: integer('lane').notNull(),
    batch: integer('batch').notNull(),
    root: text('root').notNull(),
    state: text('state', { enum: ['sealed', 'submitted', 'confirmed'] }).notNull(),
    total: money('total').notNull(),
    leaves: integer('leaves').notNull(),
    oldestAtMs: integer('oldest_at_ms'),
    sealedAtMs: integer('sealed_at_ms').notNull(),
    confirmedAtMs: integer('confirmed_at_ms'),
    ledger: integer('ledger'),
    txHash: text('tx_hash'),
  },
  (table) => [
    unique('batches_number').on(table.lane, table.batch),
    index('batches_confirmed_at').on(table.confirmedAtMs).where(sql`${table.confirmedAtMs} IS NOT NULL`),
    uniqueIndex('batches_one_open').on(table.lane).where(sql`${table.state} <> 'confirmed'`),
    check('batches_state', sql`${table.state} IN ('sealed', 'submitted', 'confirmed')`),
    check('batches_confirmed', sql`(${table.state} = 'confirmed') = (${table.ledger} IS NOT NULL)`),
    check('batches_root', sql`length(${table.root}) = 64`),
  ],
);

export const batchLines = sqliteTable(
  'batch_lines',
  {
    batchId: integer('batch_id')
      .notNull()
      .references(() => batches.id),
    position: integer('position').notNull(),
    payee: text('payee').notNull(),
    accountId: integer('account_id')
      .notNull()
      .references(() => accounts.id),
    amount: money('amount').notNull(),
    carriedReceivable: money('carried_receivable').notNull(),
    carriedHeld: money('carried_held').notNull(),
    /** What the chain took, −1 for a payee that is not listed. */
    taken: integer('taken'),
  },
  (table) => [
    primaryKey({ columns: [table.batchId, table.position] }),
    unique('batch_lines_once').on(table.batchId, table.payee, table.accountId),
    check(
      'batch_lines_amounts',
      sql`${table.amount} > 0 AND ${table.carriedReceivable} >= 0 AND ${table.carriedHeld} >= 0
      AND ${table.carriedReceivable} + ${table.carriedHeld} <= ${table.amount}
      AND (${table.taken} IS NULL OR ${table.taken} BETWEEN -1 AND ${table.amount})`,
    ),
  ],
);

/** Where each charge went: a leaf of a batch, or filed without one when there is nothing to settle. */
export const sealedCharges = sqliteTable(
  'sealed_charges',
  {
    chargeId: integer('charge_id')
      .primaryKey()
      .references(() => charges.id),
    accountId: integer('account_id').notNull(),
    batchId: integer('batch_id').references(() => batches.id),
    leaf: integer('leaf'),
    /** False when the charge was sealed by age, before its call had ended. */
    finished: integer('finished', { mode: 'boolean' }).notNull(),
  },
  (table) => [
    index('sealed_charges_account').on(table.accountId, table.chargeId),
    uniqueIndex('sealed_charges_leaf').on(table.batchId, table.leaf).where(sql`${table.batchId} IS NOT NULL`),
    index('sealed_charges_unfinished').on(table.chargeId).where(sql`${table.finished} = 0`),
    check('sealed_charges_leaf_of_batch', sql`(${table.batchId} IS NULL) = (${table.leaf} IS NULL)`),
  ],
);

/** What the chain did not take: owed by the account, or held against a payee that the vault does not list. */
export const receivables = sqliteTable(
  'receivables',
  {
    id: integer('id').primaryKey(),
    batchId: integer('batch_id').notNull(),
    position: integer('position').notNull(),
    accountId: integer('account_id')
      .notNull()
      .references(() => accounts.id),
    payee: text('payee').notNull(),
    amount: money('amount').notNull(),
    kind: text('kind', { enum: ['account', 'payee'] }).notNull(),
    state: text('state', { enum: ['open', 'batched', 'closed', 'written_off'] }).notNull(),
    inBatchId: integer('in_batch_id').references(() => batches.id),
    leaf: integer('leaf'),
  },
  (table) => [
    foreignKey({ columns: [table.batchId, table.position], foreignColumns: [batchLines.batchId, batchLines.position] }),
    unique('receivables_once').on(table.batchId, table.position),
    index('receivables_open').on(table.state).where(sql`${table.state} IN ('open', 'batched')`),
    index('receivables_account').on(table.accountId).where(sql`${table.state} <> 'closed'`),
    index('receivables_carried').on(table.inBatchId).where(sql`${table.inBatchId} IS NOT NULL`),
    check('receivables_amount', sql`${table.amount} > 0`),
    check('receivables_kind', sql`${table.kind} IN ('account', 'payee')`),
    check('receivables_state', sql`${table.state} IN ('open', 'batched', 'closed', 'written_off')`),
    check('receivables_carry', sql`(${table.state} IN ('batched', 'closed')) = (${table.inBatchId} IS NOT NULL)`),
  ],
);

export const batchEnvelopes = sqliteTable(
  'batch_envelopes',
  {
    hash: text('hash').primaryKey(),
    batchId: integer('batch_id')
      .notNull()
      .references(() => batches.id),
    envelopeXdr: text('envelope_xdr').notNull(),
    /** A 64-bit number as text. */
    sequence: text('sequence').notNull(),
    maxTimeS: integer('max_time_s').notNull(),
    createdAtMs: integer('created_at_ms').notNull(),
    state: text('state', { enum: ['live', 'landed', 'failed', 'expired'] }).notNull(),
    innerHash: text('inner_hash'),
    /** What the network took for it, once asked. */
    feeStroops: integer('fee_stroops'),
  },
  (table) => [
    index('batch_envelopes_batch').on(table.batchId),
    check('batch_envelopes_state', sql`${table.state} IN ('live', 'landed', 'failed', 'expired')`),
  ],
);

/** What confirmed batches credited to each payee: the gross earnings of the vault, from this side. */
export const earnings = sqliteTable(
  'earnings',
  { payee: text('payee').notNull(), lane: integer('lane').notNull(), gross: money('gross').notNull() },
  (table) => [primaryKey({ columns: [table.payee, table.lane] }), check('earnings_gross', sql`${table.gross} >= 0`)],
);

export const payees = sqliteTable('payees', {
  address: text('address').primaryKey(),
  listed: integer('listed', { mode: 'boolean' }).notNull(),
  ledger: integer('ledger').notNull(),
});

export const payouts = sqliteTable(
  'payouts',
  {
    id: integer('id').primaryKey(),
    payee: text('payee').notNull(),
    lane: integer('lane').notNull(),
    amount: money('amount').notNull(),
    txHash: text('tx_hash'),
    state: text('state', { enum: ['sent', 'paid', 'failed'] }).notNull(),
    atMs: integer('at_ms').notNull(),
  },
  (table) => [
    index('payouts_payee').on(table.payee, table.lane, table.id),
    check('payouts_state', sql`${table.state} IN ('sent', 'paid', 'failed')`),
  ],
);

export const loginChallenges = sqliteTable(
  'login_challenges',
  { hash: text('hash').primaryKey(), expiresAtMs: integer('expires_at_ms').notNull() },
  (table) => [index('login_challenges_expiry').on(table.expiresAtMs)],
);

export const audit = sqliteTable('audit', {
  id: integer('id').primaryKey(),
  atMs: integer('at_ms').notNull(),
  actor: text('actor').notNull(),
  action: text('action').notNull(),
  subject: text('subject').notNull(),
  detail: text('detail').notNull(),
});
