import type { Units } from '../money.ts';
import { fromStored, toStored } from './columns.ts';
import type { RawDb, Write } from './raw-db.ts';

/** Claims sent for payees, and what confirmed batches earned them. */
export type Payouts = {
  add(payout: { payee: string; lane: number; amount: Units; txHash?: string | undefined; atMs: number }): number;
  finish(id: number, state: 'paid' | 'failed'): void;
  /**
   * Ends what a process left behind that ended in the middle of a claim: by the vault's own event, once all events of the
   * time in which the claim could land are in.
   */
  endLeft(lifeMs: number): void;
  /** Newest first. */
  list(query: { payee?: string; before?: number; limit: number }): PayoutRow[];
  /** Gross earnings by payee and lane, as the confirmed batches of this database credited them. */
  earnings(): { payee: string; lane: number; gross: Units }[];
  /** What the vault's events have told of payments to payees and of collected fees. */
  paidOut(): PaidOut[];
};

export type PaidOut = { payee: string; lane: number; net: Units; fee: Units };

export type PayoutRow = {
  id: number;
  payee: string;
  lane: number;
  amount: Units;
  txHash: string | undefined;
  state: 'sent' | 'paid' | 'failed';
  atMs: number;
};

type Stored = Omit<PayoutRow, 'amount' | 'txHash'> & { amount: number; txHash: string | null };

const columns = 'id, payee, lane, amount, tx_hash AS txHash, state, at_ms AS atMs';

export function createPayouts(db: RawDb, write: Write): Payouts {
  const insert = db.prepare(
    "INSERT INTO payouts (payee, lane, amount, tx_hash, state, at_ms) VALUES (?, ?, ?, ?, 'sent', ?)",
  );
  const end = db.prepare("UPDATE payouts SET state = ? WHERE id = ? AND state = 'sent'");
  const endLeft = db.prepare(
    `UPDATE payouts SET state = CASE WHEN EXISTS (
         SELECT 1 FROM vault_events INDEXED BY vault_events_claims
         WHERE kind IN ('claimed', 'fee_collected') AND json_extract(data, '$.payee') = payouts.payee
           AND closed_at_ms >= payouts.at_ms - $lifeMs AND tx_hash = payouts.tx_hash
       ) THEN 'paid' ELSE 'failed' END
     WHERE state = 'sent' AND at_ms < (SELECT closed_at_ms FROM cursors WHERE name = 'vault') - $lifeMs`,
  );
  const page = db.prepare<[number, number], Stored>(
    `SELECT ${columns} FROM payouts WHERE id < ? ORDER BY id DESC LIMIT ?`,
  );
  const pageOfPayee = db.prepare<[string, number, number], Stored>(
    `SELECT ${columns} FROM payouts WHERE payee = ? AND id < ? ORDER BY id DESC LIMIT ?`,
  );
  const gross = db.prepare<[], { payee: string; lane: number; gross: number }>(
    'SELECT payee, lane, gross FROM earnings ORDER BY payee, lane',
  );
  const paidOut = db.prepare<[], { payee: string; lane: number; net: number; fee: number }>(
    `SELECT json_extract(data, '$.payee') AS payee, json_extract(data, '$.lane') AS lane,
       COALESCE(SUM(amount) FILTER (WHERE kind = 'claimed'), 0) AS net,
       COALESCE(SUM(amount) FILTER (WHERE kind = 'fee_collected'), 0) AS fee
     FROM vault_events INDEXED BY vault_events_claims WHERE kind IN ('claimed', 'fee_collected') GROUP BY 1, 2`,
  );
  return {
    add: ({ payee, lane, amount, txHash, atMs }) =>
      write(() => Number(insert.run(payee, lane, toStored(amount), txHash ?? null, atMs).lastInsertRowid)),
    finish(id, state) {
      write(() => end.run(state, id));
    },
    endLeft(lifeMs) {
      write(() => endLeft.run({ lifeMs }));
    },
    list({ payee, before = Number.MAX_SAFE_INTEGER, limit }) {
      const rows = payee === undefined ? page.all(before, limit) : pageOfPayee.all(payee, before, limit);
      return rows.map((row) => ({ ...row, amount: fromStored(row.amount), txHash: row.txHash ?? undefined }));
    },
    earnings: () => gross.all().map((row) => ({ ...row, gross: fromStored(row.gross) })),
    paidOut: () => paidOut.all().map((row) => ({ ...row, net: fromStored(row.net), fee: fromStored(row.fee) })),
  };
}
