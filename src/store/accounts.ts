import assert from 'node:assert/strict';
import type { Clock } from '../clock.ts';
import type { Units } from '../money.ts';
import { type AccountRow, type StoredAccount, toAccountRow } from './account-row.ts';
import { createAccountWalk, type WalkBounds } from './account-walk.ts';
import { fromStored } from './columns.ts';
import type { RawDb, Write } from './raw-db.ts';

export type Accounts = {
  /** The id of the account, made on first sight with all amounts 0. */
  ensure(address: string): number;
  /**
   * Visits every account with its sums over unsealed charges and batches in flight, ready for the ledger, all of one
   * moment. Some rows at a time: a million of them at once would take a gigabyte.
   */
  visitAll(visit: (row: AccountRow) => void): void;
  /**
   * The same in steps, all of the moment of the first, however much is written between them: some rows in each, none
   * while the sums are made. One walk at a time. The log grows until it has ended.
   */
  walk(bounds?: WalkBounds): Generator<AccountRow[], void>;
  /** The same as a list: for commands, not for a gateway with calls to serve. */
  loadAll(): AccountRow[];
  byAddress(address: string): AccountRow | undefined;
};

/** Nobody waits meanwhile: texts of about a megabyte. */
const boundsAtOnce: WalkBounds = { chargesMax: 100_000, othersMax: 10_000, accountsMax: 1_000 };

/** One to two milliseconds a step [measured], in which no call moves. */
const boundsOfStep: WalkBounds = { chargesMax: 2_000, othersMax: 1_000, accountsMax: 300 };

/** `walkDb` is a connection that nothing else uses: a walk leaves a transaction open on it between its steps. */
export function createAccounts({ db, walkDb }: { db: RawDb; walkDb: RawDb }, write: Write, clock: Clock): Accounts {
  const find = db.prepare<[string], number>('SELECT id FROM accounts WHERE address = ?').pluck();
  const insert = db.prepare(
    `INSERT INTO accounts VALUES (NULL, ?, 0, 0, 0, 0, NULL, 0, NULL, NULL, 0, 0, 0, 0, 0, 0, 0, 0, 0, ?)`,
  );
  const one = db.prepare<[string], StoredAccount>('SELECT * FROM accounts WHERE address = ?');
  const sumOfOne = {
    charged: sum(
      'SELECT SUM(c.price) FROM unsealed u CROSS JOIN charges c ON c.id = u.charge_id WHERE u.account_id = ?',
    ),
    refunded: sum(
      'SELECT SUM(r.amount) FROM unsealed u CROSS JOIN refunds r ON r.charge_id = u.charge_id WHERE u.account_id = ?',
    ),
    flying: sum(
      `SELECT SUM(l.amount - l.carried_receivable - l.carried_held) FROM batches b
       CROSS JOIN batch_lines l ON l.batch_id = b.id WHERE b.state <> 'confirmed' AND l.account_id = ?`,
    ),
    exits: sum("SELECT SUM(amount) FROM exits WHERE state = 'open' AND account_id = ?"),
  };
  const walkNow = createAccountWalk(db);
  const walkBeside = createAccountWalk(walkDb);

  function sum(text: string): (accountId: number) => Units | undefined {
    const statement = db.prepare<[number], number | null>(text).pluck();
    return (accountId) => {
      const stored = statement.get(accountId);
      return stored === null || stored === undefined ? undefined : fromStored(stored);
    };
  }

  function visitAll(visit: (row: AccountRow) => void): void {
    // One read transaction: the sums and the rows must be of the same moment.
    db.transaction(() => {
      for (const rows of walkNow(boundsAtOnce)) for (const row of rows) visit(row);
    })();
  }

  return {
    ensure(address) {
      const known = find.get(address);
      if (known !== undefined) return known;
      return write(() => Number(insert.run(address, clock.nowMs()).lastInsertRowid));
    },
    visitAll,
    *walk(bounds = boundsOfStep) {
      assert(!walkDb.inTransaction, 'one walk over the accounts is under way at a time');
      walkDb.exec('BEGIN');
      try {
        yield* walkBeside(bounds);
      } finally {
        if (walkDb.inTransaction) walkDb.exec('ROLLBACK');
      }
    },
    loadAll() {
      const rows: AccountRow[] = [];
      visitAll((row) => void rows.push(row));
      return rows;
    },
    byAddress(address) {
      return db.transaction(() => {
        const row = one.get(address);
        if (!row) return undefined;
        const { charged, refunded, flying, exits } = sumOfOne;
        return toAccountRow(row, {
          charged: charged(row.id),
          refunded: refunded(row.id),
          flying: flying(row.id),
          exits: exits(row.id),
        });
      })();
    },
  };
}
