import { fromStored } from './columns.ts';
import type { CallLeafRow, LeafRow } from './leaf-row.ts';
import type { RawDb } from './raw-db.ts';

/** What the leaves of batches say: carried debt first, then calls. A batch never changes its leaves once it is sealed. */
export type Leaves = {
  /** The leaves at `from` and after, below `to`, in leaf order. */
  between(batchId: number, from: number, to: number): LeafRow[];
  /** The same, of one account alone, each with its place. */
  ownBetween(batchId: number, accountId: number, from: number, to: number): PlacedLeaf[];
  /** The leaf that a call is, or would be if it were sealed now. */
  ofCall(callId: number): CallLeaf | undefined;
};

export type PlacedLeaf = { leaf: number; row: LeafRow };

export type CallLeaf = {
  row: CallLeafRow;
  /** `unsealed`: in no batch yet. `unbatched`: filed for good without one: nothing was due, or a lost batch had settled it. */
  place: { batchId: number; leaf: number } | 'unsealed' | 'unbatched';
};

type StoredCall = Omit<CallLeafRow, 'price' | 'refund'> & { price: number; refund: number };
type StoredCarry = Omit<Extract<LeafRow, { kind: 'carry' }>, 'amount'> & { amount: number };
type StoredOne = StoredCall & { filed: 0 | 1; batchId: number | null; leaf: number | null };

const callFields = `'call' AS kind, c.id AS callId, c.at_ms AS atMs, a.address AS account, r.payee, r.api, c.method,
  r.template, c.status, c.price, COALESCE(f.amount, 0) AS refund`;
const callJoins = `JOIN accounts a ON a.id = c.account_id JOIN routes r ON r.id = c.route_id
  LEFT JOIN refunds f ON f.charge_id = c.id`;
const carryFields = `'carry' AS kind, b.lane AS fromLane, b.batch AS fromBatch, a.address AS account, r.payee, r.amount`;
const carryJoins = 'JOIN batches b ON b.id = r.batch_id JOIN accounts a ON a.id = r.account_id';

export function createLeaves(db: RawDb): Leaves {
  const carries = db.prepare<[number, number, number], StoredCarry>(
    `SELECT ${carryFields} FROM receivables r ${carryJoins}
     WHERE r.in_batch_id = ? AND r.leaf >= ? AND r.leaf < ? ORDER BY r.leaf`,
  );
  const calls = db.prepare<[number, number, number], StoredCall>(
    `SELECT ${callFields} FROM sealed_charges s JOIN charges c ON c.id = s.charge_id ${callJoins}
     WHERE s.batch_id = ? AND s.leaf >= ? AND s.leaf < ? ORDER BY s.leaf`,
  );
  const ownCarries = db.prepare<[number, number, number, number], StoredCarry & { leaf: number }>(
    `SELECT r.leaf, ${carryFields} FROM receivables r ${carryJoins}
     WHERE r.in_batch_id = ? AND r.leaf >= ? AND r.leaf < ? AND r.account_id = ? ORDER BY r.leaf`,
  );
  const ownCalls = db.prepare<[number, number, number, number], StoredCall & { leaf: number }>(
    `SELECT s.leaf, ${callFields} FROM sealed_charges s JOIN charges c ON c.id = s.charge_id ${callJoins}
     WHERE s.batch_id = ? AND s.leaf >= ? AND s.leaf < ? AND s.account_id = ? ORDER BY s.leaf`,
  );
  const one = db.prepare<[number], StoredOne>(
    `SELECT ${callFields}, s.charge_id IS NOT NULL AS filed, s.batch_id AS batchId, s.leaf
     FROM charges c ${callJoins} LEFT JOIN sealed_charges s ON s.charge_id = c.id WHERE c.id = ?`,
  );
  return {
    between: (batchId, from, to) => [
      ...carries.all(batchId, from, to).map(toCarry),
      ...calls.all(batchId, from, to).map(toCall),
    ],
    ownBetween: (batchId, accountId, from, to) => [
      ...ownCarries.all(batchId, from, to, accountId).map(({ leaf, ...row }) => ({ leaf, row: toCarry(row) })),
      ...ownCalls.all(batchId, from, to, accountId).map(({ leaf, ...row }) => ({ leaf, row: toCall(row) })),
    ],
    ofCall(callId) {
      const stored = one.get(callId);
      if (!stored) return undefined;
      const { filed, batchId, leaf, ...row } = stored;
      const placed = batchId === null || leaf === null ? undefined : { batchId, leaf };
      return { row: toCall(row), place: placed ?? (filed ? 'unbatched' : 'unsealed') };
    },
  };
}

function toCall(row: StoredCall): CallLeafRow {
  return { ...row, price: fromStored(row.price), refund: fromStored(row.refund) };
}

function toCarry(row: StoredCarry): LeafRow {
  return { ...row, amount: fromStored(row.amount) };
}
