import assert from 'node:assert/strict';
import type { Units } from '../money.ts';
import { fromStored } from './columns.ts';
import { type Confirmation, type ConfirmOutcome, createConfirm } from './confirm.ts';
import type { LeafRow } from './leaf-row.ts';
import { createLeaves } from './leaves.ts';
import type { RawDb, Write } from './raw-db.ts';
import { createSeal, type Sealing } from './seal.ts';
import type { SealProposal } from './seal-proposal.ts';
import { isOpenDebt } from './seal-reads.ts';
import { createUnseal, type Unseal } from './unseal.ts';
import { createIsWhole } from './whole-batch.ts';

/**
 * Batches on their way to the chain: sealed → submitted → confirmed, and submitted → sealed when no envelope of the
 * batch can land any more. At most one per lane is not confirmed.
 */
export type Batches = {
  /** False when there is neither a charge nor a debt that a batch could take: nothing needs to be chosen. */
  anythingWaits(): boolean;
  /** Call id of the newest charge that no batch has; 0 when there is none. */
  newestWaiting(): number;
  /** Writes the next batch of a lane as it was proposed, step by step. */
  seal(proposal: SealProposal, nowMs: number): Sealing;
  /** False while a batch is being filed, or when that was broken off: it is never sent. */
  isWhole(batchId: number): boolean;
  /** Keeps a signed envelope; resolves when it is safe on disk. Only then may it be sent. */
  recordEnvelope(batchId: number, envelope: NewEnvelope): Promise<void>;
  /** An envelope that the chain refused, or that can no longer land. */
  endEnvelope(hash: string, state: 'failed' | 'expired'): void;
  envelopes(batchId: number): EnvelopeRow[];
  /** submitted → sealed. Refused while an envelope of it is live. */
  reopen(batchId: number): void;
  /** Takes a sealed batch apart that is not whole or provably cannot land; another one gets its number. */
  unseal: Unseal['unseal'];
  unsealPart: Unseal['unsealPart'];
  confirm(confirmation: Confirmation): ConfirmOutcome;
  /** Batches that are not confirmed, lowest lane first. */
  open(): BatchRow[];
  byNumber(lane: number, batch: number): BatchRow | undefined;
  byId(id: number): BatchRow | undefined;
  /** Newest first; `before` is the id of the last row of the page before. */
  list(query: { before?: number; limit: number }): BatchRow[];
  lines(batchId: number): BatchLineRow[];
  /** What the leaves say, in leaf order: carried debt first, then calls. */
  rows(batchId: number): LeafRow[];
  /** Highest batch number given out or seen in a lane; 0 before the first. */
  lastNumber(lane: number): number;
  /** The chain's number of a lane is higher than ours: the next batch continues from there. */
  raiseNumber(lane: number, lastBatch: number): void;
};

export type BatchState = 'sealed' | 'submitted' | 'confirmed';

export type BatchRow = {
  id: number;
  lane: number;
  batch: number;
  /** Hex. */
  root: string;
  state: BatchState;
  total: Units;
  leaves: number;
  /** Wall time of its oldest paid charge, ms. */
  oldestAtMs: number | undefined;
  sealedAtMs: number;
  confirmedAtMs: number | undefined;
  ledger: number | undefined;
  txHash: string | undefined;
};

export type BatchLineRow = {
  position: number;
  payee: string;
  account: string;
  accountId: number;
  amount: Units;
  carriedReceivable: Units;
  carriedHeld: Units;
  /** As the chain said it, −1 for a payee that is not listed; undefined until confirmed. */
  taken: bigint | undefined;
};

export type NewEnvelope = {
  hash: string;
  envelopeXdr: string;
  /** Sequence number of the source account. */
  sequence: bigint;
  /** The envelope cannot land in a ledger that closes after this, s. */
  maxTimeS: number;
  createdAtMs: number;
  innerHash?: string | undefined;
};

export type EnvelopeRow = NewEnvelope & { batchId: number; state: 'live' | 'landed' | 'failed' | 'expired' };

type Stored = Omit<BatchRow, 'total' | 'oldestAtMs' | 'confirmedAtMs' | 'ledger' | 'txHash'> & {
  total: number;
  oldestAtMs: number | null;
  confirmedAtMs: number | null;
  ledger: number | null;
  txHash: string | null;
};

type StoredLine = Omit<BatchLineRow, 'amount' | 'carriedReceivable' | 'carriedHeld' | 'taken'> & {
  amount: number;
  carriedReceivable: number;
  carriedHeld: number;
  taken: number | null;
};

type StoredEnvelope = Omit<EnvelopeRow, 'sequence' | 'innerHash'> & { sequence: string; innerHash: string | null };

export function createBatches(db: RawDb, write: Write, sync: () => Promise<void>): Batches {
  const statements = prepare(db);
  const leaves = createLeaves(db);
  const { unseal, unsealPart } = createUnseal(db, write);
  const isWhole = createIsWhole(db);
  return {
    seal: createSeal(db, { write, unsealPart }),
    anythingWaits: () => statements.anythingWaits.get() === 1,
    newestWaiting: () => statements.newestWaiting.get() ?? 0,
    isWhole,
    unseal,
    unsealPart,
    confirm: createConfirm(db, write),
    async recordEnvelope(batchId, envelope) {
      write(() => {
        assert(isWhole(batchId), 'only a batch with all its leaves can be submitted');
        const { hash, envelopeXdr, sequence, maxTimeS, createdAtMs, innerHash } = envelope;
        const times = [maxTimeS, createdAtMs] as const;
        statements.keep.run(hash, batchId, envelopeXdr, sequence.toString(), ...times, innerHash ?? null);
        const moved = statements.submit.run(batchId).changes;
        assert(moved === 1, 'only a batch that is not confirmed can be submitted');
      });
      await sync();
    },
    endEnvelope(hash, state) {
      write(() => statements.endEnvelope.run(state, hash));
    },
    envelopes: (batchId) =>
      statements.envelopes.all(batchId).map((row) => ({
        ...row,
        sequence: BigInt(row.sequence),
        innerHash: row.innerHash ?? undefined,
      })),
    reopen(batchId) {
      write(() => {
        assert(statements.live.get(batchId) === 0, 'an envelope of this batch may still land');
        const moved = statements.reopen.run(batchId).changes;
        assert(moved === 1, 'only a submitted batch can be reopened');
      });
    },
    open: () => statements.open.all().map(toBatch),
    byNumber(lane, batch) {
      const row = statements.byNumber.get(lane, batch);
      return row && toBatch(row);
    },
    byId(id) {
      const row = statements.byId.get(id);
      return row && toBatch(row);
    },
    list: ({ before = Number.MAX_SAFE_INTEGER, limit }) => statements.page.all(before, limit).map(toBatch),
    lines: (batchId) => statements.lines.all(batchId).map(toLine),
    rows: (batchId) => leaves.between(batchId, 0, Number.MAX_SAFE_INTEGER),
    lastNumber: (lane) => statements.lastNumber.get(lane) ?? 0,
    raiseNumber(lane, lastBatch) {
      write(() => statements.raise.run(lane, lastBatch));
    },
  };
}

function toBatch(row: Stored): BatchRow {
  return {
    ...row,
    total: fromStored(row.total),
    oldestAtMs: row.oldestAtMs ?? undefined,
    confirmedAtMs: row.confirmedAtMs ?? undefined,
    ledger: row.ledger ?? undefined,
    // Empty when the settlement was read from the accounts, which name no transaction.
    txHash: row.txHash || undefined,
  };
}

function toLine(row: StoredLine): BatchLineRow {
  return {
    ...row,
    amount: fromStored(row.amount),
    carriedReceivable: fromStored(row.carriedReceivable),
    carriedHeld: fromStored(row.carriedHeld),
    taken: row.taken === null ? undefined : BigInt(row.taken),
  };
}

function prepare(db: RawDb) {
  const select = `SELECT id, lane, batch, root, state, total, leaves, oldest_at_ms AS oldestAtMs, sealed_at_ms AS sealedAtMs,
    confirmed_at_ms AS confirmedAtMs, ledger, tx_hash AS txHash FROM batches`;
  return {
    anythingWaits: db
      .prepare<[], number>(
        `SELECT EXISTS (SELECT 1 FROM unsealed) OR EXISTS (SELECT 1 FROM receivables WHERE ${isOpenDebt})`,
      )
      .pluck(),
    newestWaiting: db.prepare<[], number>('SELECT COALESCE(MAX(charge_id), 0) FROM unsealed').pluck(),
    open: db.prepare<[], Stored>(`${select} WHERE state <> 'confirmed' ORDER BY lane`),
    byNumber: db.prepare<[number, number], Stored>(`${select} WHERE lane = ? AND batch = ?`),
    byId: db.prepare<[number], Stored>(`${select} WHERE id = ?`),
    page: db.prepare<[number, number], Stored>(`${select} WHERE id < ? ORDER BY id DESC LIMIT ?`),
    lines: db.prepare<[number], StoredLine>(
      `SELECT l.position, l.payee, a.address AS account, l.account_id AS accountId, l.amount,
         l.carried_receivable AS carriedReceivable, l.carried_held AS carriedHeld, l.taken
       FROM batch_lines l JOIN accounts a ON a.id = l.account_id WHERE l.batch_id = ? ORDER BY l.position`,
    ),
    keep: db.prepare(
      `INSERT INTO batch_envelopes (hash, batch_id, envelope_xdr, sequence, max_time_s, created_at_ms, state, inner_hash)
       VALUES (?, ?, ?, ?, ?, ?, 'live', ?)`,
    ),
    endEnvelope: db.prepare("UPDATE batch_envelopes SET state = ? WHERE hash = ? AND state = 'live'"),
    envelopes: db.prepare<[number], StoredEnvelope>(
      `SELECT hash, batch_id AS batchId, envelope_xdr AS envelopeXdr, sequence, max_time_s AS maxTimeS,
         created_at_ms AS createdAtMs, state, inner_hash AS innerHash
       FROM batch_envelopes WHERE batch_id = ? ORDER BY created_at_ms, hash`,
    ),
    live: db
      .prepare<[number], number>("SELECT COUNT(*) FROM batch_envelopes WHERE batch_id = ? AND state = 'live'")
      .pluck(),
    submit: db.prepare("UPDATE batches SET state = 'submitted' WHERE id = ? AND state <> 'confirmed'"),
    reopen: db.prepare("UPDATE batches SET state = 'sealed' WHERE id = ? AND state = 'submitted'"),
    lastNumber: db.prepare<[number], number>('SELECT last_batch FROM lanes WHERE lane = ?').pluck(),
    raise: db.prepare(
      `INSERT INTO lanes (lane, last_batch) VALUES (?, ?)
       ON CONFLICT (lane) DO UPDATE SET last_batch = MAX(last_batch, excluded.last_batch)`,
    ),
  };
}
