import { type Units, zero } from '../money.ts';
import { fromStored, toStored } from './columns.ts';
import type { RawDb, Write } from './raw-db.ts';

/** Payments that reached the classic deposit account. A page's rows and its cursor are one transaction. */
export type ClassicPayments = {
  /** An operation id counts once, ever: its first row stays. */
  applyPage(page: ClassicPage): { added: number; setAside: number };
  /** Payments to this deposit account that are to reach the vault, those that may have landed first. */
  open(toAddress: string, limit: number): ClassicPaymentRow[];
  /** Payments that wait for a person, oldest first, behind `after`. */
  waitingAfter(toAddress: string, after: number, limit: number): ClassicPaymentRow[];
  byOperation(operationId: string): ClassicPaymentRow | undefined;
  /** Newest first; `before` is the id of the last row of the page before. */
  list(query: { state?: ClassicState; before?: number; limit: number }): ClassicPaymentRow[];
  /** Newest first. */
  ofAccount(accountId: number, limit: number): ClassicPaymentRow[];
  /** Gives a payment to an account; false when it is no longer in one of these states. */
  assign(id: number, accountId: number, from: ClassicState[], note: string): boolean;
  /** A person has dealt with a payment that nobody owns; false when it is in another state. */
  close(id: number, note: string): boolean;
  /** The account that a number named was not known when the payment came: now it is. */
  assignAlias(toAddress: string, alias: string, accountId: number, min: Units): number;
  /** The vault has it. */
  markForwarded(id: number, txHash: string | undefined, note: string | undefined): void;
  note(id: number, note: string | undefined): void;
  /** What nobody owns yet. */
  unattributed(): { count: number; sum: Units };
  /** What lies in this deposit account by these books: all that is neither in the vault, nor on the way, nor closed. */
  held(toAddress: string, upToLedger?: number): Units;
  setAside(limit: number): SetAside[];
  setAsideCount(): number;
};

export type ClassicState = 'unattributed' | 'below_min' | 'due' | 'sent' | 'forwarded' | 'closed';

export type ClassicPage = {
  /** Name of the cursor. */
  name: string;
  cursor: string;
  /** Newest ledger the source had when everything up to it was read, and its close time. */
  ledger: number;
  closedAtMs: number;
  payments: NewClassicPayment[];
  setAside: SetAside[];
};

export type NewClassicPayment = {
  operationId: string;
  ledger: number;
  closedAtMs: number;
  txHash: string;
  from: string;
  to: string;
  amount: Units;
  memoType: string;
  memo: string | undefined;
  accountId: number | undefined;
  state: 'unattributed' | 'below_min' | 'due';
  note: string | undefined;
};

export type ClassicPaymentRow = Omit<NewClassicPayment, 'state' | 'accountId'> & {
  id: number;
  account: string | undefined;
  state: ClassicState;
  forwardTxHash: string | undefined;
};

export type SetAside = { id: string; atMs: number; reason: string; data: string };

type Stored = {
  id: number;
  operationId: string;
  ledger: number;
  closedAtMs: number;
  txHash: string;
  from: string;
  to: string;
  amount: number;
  memoType: string;
  memo: string | null;
  account: string | null;
  state: ClassicState;
  note: string | null;
  forwardTxHash: string | null;
};

const select = `SELECT p.id, p.operation_id AS operationId, p.ledger, p.closed_at_ms AS closedAtMs, p.tx_hash AS txHash,
  p.from_address AS "from", p.to_address AS "to", p.amount, p.memo_type AS memoType, p.memo, a.address AS account,
  p.state, p.note, p.forward_tx_hash AS forwardTxHash
  FROM classic_payments p`;
const owned = 'LEFT JOIN accounts a ON a.id = p.account_id';

// What is in the vault stays for ever, so what is not has an index of its own. SQLite takes it only where the query says
// the index's own condition, and refuses the statement where it cannot.
const indexed = 'INDEXED BY classic_payments_open';
const notForwarded = "state <> 'forwarded'";

/** Anybody can pay a unit, and what nobody owns may lie there for ever: `classic_sums` keeps what those rows add up to. */
export const isHeld = "state IN ('unattributed', 'below_min', 'due')";

export function createClassicPayments(db: RawDb, write: Write): ClassicPayments {
  const insert = db.prepare(
    `INSERT INTO classic_payments (operation_id, ledger, closed_at_ms, tx_hash, from_address, to_address, amount,
       memo_type, memo, account_id, state, note)
     VALUES ($operationId, $ledger, $closedAtMs, $txHash, $from, $to, $amount, $memoType, $memo, $accountId, $state, $note)
     ON CONFLICT (operation_id) DO NOTHING`,
  );
  const insertAside = db.prepare(
    'INSERT INTO classic_set_aside VALUES ($id, $atMs, $reason, $data) ON CONFLICT DO NOTHING',
  );
  const moveCursor = db.prepare(
    `INSERT INTO cursors (name, cursor, ledger, closed_at_ms) VALUES (?, ?, ?, ?)
     ON CONFLICT (name) DO UPDATE SET cursor = excluded.cursor, ledger = MAX(ledger, excluded.ledger),
       closed_at_ms = MAX(closed_at_ms, excluded.closed_at_ms)`,
  );
  const ofState = db.prepare<[ClassicState, string, number, number], Stored>(
    `${select} ${indexed} ${owned} WHERE p.${notForwarded} AND p.state = ? AND p.to_address = ? AND p.id > ?
     ORDER BY p.id LIMIT ?`,
  );
  const one = db.prepare<[string], Stored>(`${select} ${owned} WHERE p.operation_id = ?`);
  const page = db.prepare<[number, number], Stored>(`${select} ${owned} WHERE p.id < ? ORDER BY p.id DESC LIMIT ?`);
  const pageForwarded = db.prepare<[number, number], Stored>(
    `${select} ${owned} WHERE p.state = 'forwarded' AND p.id < ? ORDER BY p.id DESC LIMIT ?`,
  );
  const pageOfState = db.prepare<[ClassicState, number, number], Stored>(
    `${select} ${indexed} ${owned} WHERE p.${notForwarded} AND p.state = ? AND p.id < ? ORDER BY p.id DESC LIMIT ?`,
  );
  const ofAccount = db.prepare<[number, number], Stored>(
    `${select} ${owned} WHERE p.account_id = ? ORDER BY p.id DESC LIMIT ?`,
  );
  const give = db.prepare(
    `UPDATE classic_payments SET state = 'due', account_id = ?, note = ? WHERE id = ? AND state = ?`,
  );
  const closeOne = db.prepare(
    `UPDATE classic_payments SET state = 'closed', note = ? WHERE id = ? AND state IN ('unattributed', 'below_min', 'due')`,
  );
  const giveAliased = db.prepare(
    `UPDATE classic_payments INDEXED BY classic_payments_memo SET state = 'due', account_id = $accountId, note = NULL
     WHERE state = 'unattributed' AND to_address = $to AND memo_type IN ('id', 'muxed') AND memo = $alias AND amount >= $min`,
  );
  const forwarded = db.prepare(
    `UPDATE classic_payments SET state = 'forwarded', forward_tx_hash = COALESCE(?, forward_tx_hash), note = ? WHERE id = ?`,
  );
  const putNote = db.prepare('UPDATE classic_payments SET note = ? WHERE id = ? AND note IS NOT ?');
  const totals = db.prepare<[], { count: number; sum: number }>(
    `SELECT COALESCE(SUM(payments), 0) AS count, COALESCE(SUM(amount), 0) AS sum FROM classic_sums
     WHERE state = 'unattributed'`,
  );
  const aside = db.prepare<[number], SetAside>(
    'SELECT id, at_ms AS atMs, reason, data FROM classic_set_aside ORDER BY at_ms DESC, id DESC LIMIT ?',
  );
  const held = db
    .prepare<[{ to: string; upToLedger: number }], number>(
      `SELECT (SELECT COALESCE(SUM(amount), 0) FROM classic_sums WHERE to_address = $to)
         - (SELECT COALESCE(SUM(amount), 0) FROM classic_payments INDEXED BY classic_payments_held
            WHERE ${isHeld} AND to_address = $to AND ledger > $upToLedger)`,
    )
    .pluck();
  // None is ever deleted, so the number of the last is how many there are.
  const asideCount = db.prepare<[], number>('SELECT COALESCE(MAX(rowid), 0) FROM classic_set_aside').pluck();
  return {
    applyPage: ({ name, cursor, ledger, closedAtMs, payments, setAside }) =>
      write(() => {
        let added = 0;
        for (const { amount, memo = null, accountId = null, note = null, ...payment } of payments) {
          added += insert.run({ ...payment, amount: toStored(amount), memo, accountId, note }).changes;
        }
        const aside = setAside.reduce((count, record) => count + insertAside.run(record).changes, 0);
        moveCursor.run(name, cursor, ledger, closedAtMs);
        return { added, setAside: aside };
      }),
    open: (to, limit) =>
      [...ofState.all('sent', to, 0, limit), ...ofState.all('due', to, 0, limit)].slice(0, limit).map(toRow),
    waitingAfter: (to, after, limit) =>
      [...ofState.all('unattributed', to, after, limit), ...ofState.all('below_min', to, after, limit)]
        .sort((one, other) => one.id - other.id)
        .slice(0, limit)
        .map(toRow),
    byOperation(operationId) {
      const found = one.get(operationId);
      return found && toRow(found);
    },
    list({ state, before = Number.MAX_SAFE_INTEGER, limit }) {
      if (state === undefined) return page.all(before, limit).map(toRow);
      const rows = state === 'forwarded' ? pageForwarded.all(before, limit) : pageOfState.all(state, before, limit);
      return rows.map(toRow);
    },
    ofAccount: (accountId, limit) => ofAccount.all(accountId, limit).map(toRow),
    assign: (id, accountId, from, note) =>
      write(() => from.some((state) => give.run(accountId, note, id, state).changes === 1)),
    close: (id, note) => write(() => closeOne.run(note, id).changes === 1),
    assignAlias: (to, alias, accountId, min) =>
      write(() => giveAliased.run({ to, alias, accountId, min: toStored(min) }).changes),
    markForwarded(id, txHash, note) {
      write(() => forwarded.run(txHash ?? null, note ?? null, id));
    },
    note(id, note = undefined) {
      const text = note ?? null;
      write(() => putNote.run(text, id, text));
    },
    unattributed() {
      const found = totals.get();
      return { count: found?.count ?? 0, sum: found ? fromStored(found.sum) : zero };
    },
    held: (to, upToLedger = Number.MAX_SAFE_INTEGER) => fromStored(held.get({ to, upToLedger }) ?? 0),
    setAside: (limit) => aside.all(limit),
    setAsideCount: () => asideCount.get() ?? 0,
  };
}

function toRow({ amount, memo, account, note, forwardTxHash, ...row }: Stored): ClassicPaymentRow {
  return {
    ...row,
    amount: fromStored(amount),
    memo: memo ?? undefined,
    account: account ?? undefined,
    note: note ?? undefined,
    forwardTxHash: forwardTxHash ?? undefined,
  };
}
