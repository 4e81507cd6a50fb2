import { storedUnitsMax, type Units, zero } from '../money.ts';
import { fromStored, toStored } from './columns.ts';
import type { RawDb, Write } from './raw-db.ts';

/**
 * Co-signed exits. `open`: our signature may be out, the amount is on hold. It ends by its event (`landed`) or when the
 * chain has passed the signature's last ledger (`expired`), and by nothing else. Await `store.sync()` after `open`
 * before anything is signed.
 */
export type Exits = {
  /** Throws when the account has an open one: an index allows one. The ledger follows with `holdExit`. */
  open(exit: NewExit): ExitRow;
  openOf(accountId: number): ExitRow | undefined;
  /** Ends the account's open exit if this cooperative withdrawal is its own. Runs in the transaction of the event. */
  land(withdrawal: CooperativeWithdrawal): Units | undefined;
  /**
   * Ends what can no longer land once every event up to `ledger` is in, and its ledgers can have closed in the time since it
   * was made, at `ledgerMs` each: neither a number nor a time that was made up ends one alone. With 0 the ledgers alone
   * count. The ledger follows with `releaseExit`.
   */
  expire(passed: { ledger: number; closedAtMs: number; ledgerMs: number }): { account: string; amount: Units }[];
  /** Newest first; `before` is the id of the last row of the page before. */
  list(query: { accountId?: number; open?: boolean; before?: number; limit: number }): ExitRow[];
};

export type NewExit = {
  accountId: number;
  to: string;
  amount: Units;
  /** The invocation before any signature. */
  envelopeXdr: string;
  /** Newest ledger when it was made. */
  madeLedger: number;
  /** Last ledger in which the signature counts. */
  expiresLedger: number;
  createdAtMs: number;
};

export type ExitRow = NewExit & {
  id: number;
  account: string;
  state: 'open' | 'landed' | 'expired';
  endedAtMs: number | undefined;
  txHash: string | undefined;
};

export type CooperativeWithdrawal = {
  accountId: number;
  to: string;
  amount: Units;
  ledger: number;
  closedAtMs: number;
  txHash: string;
};

type Stored = Omit<ExitRow, 'amount' | 'endedAtMs' | 'txHash'> & {
  amount: number;
  endedAtMs: number | null;
  txHash: string | null;
};

const select = `SELECT e.id, e.account_id AS accountId, a.address AS account, e.to_address AS "to", e.amount,
  e.envelope_xdr AS envelopeXdr, e.made_ledger AS madeLedger, e.expires_ledger AS expiresLedger,
  e.created_at_ms AS createdAtMs, e.state, e.ended_at_ms AS endedAtMs, e.tx_hash AS txHash
  FROM exits e JOIN accounts a ON a.id = e.account_id`;

export function createExits(db: RawDb, write: Write): Exits {
  const insert = db.prepare(
    `INSERT INTO exits (account_id, to_address, amount, envelope_xdr, made_ledger, expires_ledger, created_at_ms, state)
     VALUES ($accountId, $to, $amount, $envelopeXdr, $madeLedger, $expiresLedger, $createdAtMs, 'open')`,
  );
  const openOf = db.prepare<[number], Stored>(`${select} WHERE e.account_id = ? AND e.state = 'open'`);
  const byId = db.prepare<[number], Stored>(`${select} WHERE e.id = ?`);
  // An equal withdrawal of another time is of an older signature, or of one that was made without these books.
  const land = db.prepare(
    `UPDATE exits SET state = 'landed', ended_at_ms = $closedAtMs, tx_hash = $txHash
     WHERE account_id = $accountId AND state = 'open' AND to_address = $to AND amount = $amount
       AND made_ledger < $ledger AND expires_ledger >= $ledger`,
  );
  const passed = db.prepare<[Parameters<Exits['expire']>[0]], Stored>(
    `${select} WHERE e.state = 'open' AND e.expires_ledger <= $ledger
       AND ($ledgerMs = 0 OR e.created_at_ms + (e.expires_ledger - e.made_ledger) * $ledgerMs <= $closedAtMs)`,
  );
  const expire = db.prepare("UPDATE exits SET state = 'expired', ended_at_ms = ? WHERE id = ?");
  const page = db.prepare<[number, number], Stored>(`${select} WHERE e.id < ? ORDER BY e.id DESC LIMIT ?`);
  const pageOfOpen = db.prepare<[number, number], Stored>(
    `${select} WHERE e.state = 'open' AND e.id < ? ORDER BY e.id DESC LIMIT ?`,
  );
  const pageOfAccount = db.prepare<[number, number, number], Stored>(
    `${select} WHERE e.account_id = ? AND e.id < ? ORDER BY e.id DESC LIMIT ?`,
  );

  return {
    open: (exit) =>
      write(() => {
        const { lastInsertRowid } = insert.run({ ...exit, amount: toStored(exit.amount) });
        const row = byId.get(Number(lastInsertRowid));
        if (!row) throw new Error('the exit that was just written is missing');
        return toRow(row);
      }),
    openOf(accountId) {
      const row = openOf.get(accountId);
      return row && toRow(row);
    },
    land: (withdrawal) =>
      // What no row can hold was never signed.
      write(() => {
        if (withdrawal.amount <= zero || withdrawal.amount > storedUnitsMax) return undefined;
        const { changes } = land.run({ ...withdrawal, amount: toStored(withdrawal.amount) });
        return changes === 1 ? withdrawal.amount : undefined;
      }),
    expire: ({ ledger, closedAtMs, ledgerMs }) => {
      const rows = passed.all({ ledger, closedAtMs, ledgerMs });
      if (rows.length === 0) return [];
      return write(() =>
        rows.map((row) => {
          expire.run(closedAtMs, row.id);
          return { account: row.account, amount: fromStored(row.amount) };
        }),
      );
    },
    list({ accountId, open, before = Number.MAX_SAFE_INTEGER, limit }) {
      const rows =
        accountId === undefined
          ? (open ? pageOfOpen : page).all(before, limit)
          : pageOfAccount.all(accountId, before, limit);
      return rows.map(toRow).filter((row) => !open || row.state === 'open');
    },
  };
}

function toRow(stored: Stored): ExitRow {
  return {
    ...stored,
    amount: fromStored(stored.amount),
    endedAtMs: stored.endedAtMs ?? undefined,
    txHash: stored.txHash ?? undefined,
  };
}
