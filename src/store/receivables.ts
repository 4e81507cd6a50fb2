import type { Units } from '../money.ts';
import { fromStored } from './columns.ts';
import type { RawDb, Write } from './raw-db.ts';

/** What the chain did not take. A row never changes its amount: what is left after another try is a new row. */
export type Receivables = {
  list(query: { state?: ReceivableRow['state']; limit: number }): ReceivableRow[];
  /** Gives an open one up; undefined when it is not open. The ledger has to follow with `writeOff`. */
  writeOff(id: number): { account: string; kind: 'account' | 'payee'; amount: Units } | undefined;
};

export type ReceivableRow = {
  id: number;
  account: string;
  payee: string;
  amount: Units;
  kind: 'account' | 'payee';
  state: 'open' | 'batched' | 'closed' | 'written_off';
  fromBatchId: number;
  inBatchId: number | undefined;
};

type Stored = Omit<ReceivableRow, 'amount' | 'inBatchId'> & {
  accountId: number;
  amount: number;
  inBatchId: number | null;
};

const select = `SELECT r.id, r.account_id AS accountId, a.address AS account, r.payee, r.amount, r.kind, r.state,
  r.batch_id AS fromBatchId, r.in_batch_id AS inBatchId FROM receivables r JOIN accounts a ON a.id = r.account_id`;

export function createReceivables(db: RawDb, write: Write): Receivables {
  const byState = db.prepare<[string, number], Stored>(`${select} WHERE r.state = ? ORDER BY r.id LIMIT ?`);
  const open = db.prepare<[number], Stored>(`${select} WHERE r.id = ? AND r.state = 'open'`);
  const giveUp = db.prepare("UPDATE receivables SET state = 'written_off' WHERE id = ?");
  const moveAccount = db.prepare(
    `UPDATE accounts SET receivable = receivable - CASE $kind WHEN 'account' THEN $amount ELSE 0 END,
       held_for_payee = held_for_payee - CASE $kind WHEN 'payee' THEN $amount ELSE 0 END,
       written_off = written_off + $amount WHERE id = $accountId`,
  );
  return {
    list: ({ state = 'open', limit }) => byState.all(state, limit).map(toRow),
    writeOff: (id) =>
      write(() => {
        const row = open.get(id);
        if (!row) return undefined;
        giveUp.run(id);
        moveAccount.run(row);
        return { account: row.account, kind: row.kind, amount: fromStored(row.amount) };
      }),
  };
}

function toRow({ accountId: _, ...stored }: Stored): ReceivableRow {
  return { ...stored, amount: fromStored(stored.amount), inBatchId: stored.inBatchId ?? undefined };
}
