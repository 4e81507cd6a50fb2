import type { Clock } from '../clock.ts';
import { add, least, subtract, type Units, zero } from '../money.ts';
import { fromStored } from './columns.ts';
import type { RawDb, Write } from './raw-db.ts';

export type Accounts = {
  /** The id of the account, made on first sight with all amounts 0. */
  ensure(address: string): number;
  /**
   * Visits every account with its sums over unsealed charges and batches in flight, ready for the ledger, all of one
   * moment. One row at a time: a million of them at once would take a gigabyte.
   */
  visitAll(visit: (row: AccountRow) => void): void;
  /** The same as a list: for commands, not for a gateway with calls to serve. */
  loadAll(): AccountRow[];
  byAddress(address: string): AccountRow | undefined;
};

/** Units of 1e-7 USDC; the fields of the ledger's slot, and what only pages show. */
export type AccountRow = {
  id: number;
  address: string;
  deposited: Units;
  settled: Units;
  withdrawn: Units;
  requested: Units;
  /** When a requested withdrawal may be taken out, s. */
  unlockAtS: number | undefined;
  /** The lower of the binding limit and a pending cut. */
  limit: Units;
  pendingLimitAtS: number | undefined;
  period: number;
  used: Units;
  charged: Units;
  refunded: Units;
  unsettled: Units;
  receivable: Units;
  heldForPayee: Units;
  writtenOff: Units;
  settledElsewhere: Units;
  /** Co-signed and not ended. */
  exits: Units;
  snapshotLedger: number;
  createdAtMs: number;
};

type StoredAccount = {
  id: number;
  address: string;
  deposited: number;
  settled: number;
  withdrawn: number;
  requested: number;
  unlock_at_s: number | null;
  limit_units: number;
  pending_limit: number | null;
  pending_limit_at_s: number | null;
  period: number;
  used: number;
  charged_sealed: number;
  refunded_sealed: number;
  receivable: number;
  held_for_payee: number;
  written_off: number;
  settled_elsewhere: number;
  snapshot_ledger: number;
  created_at_ms: number;
};

type Sum = { accountId: number; amount: number };

/** Accounts and prices of some charges as JSON, and the last of these charges; null when there are no more. */
type SomeCharges = { accounts: string; prices: string; last: number | null };

/** Charges that are summed at once: two texts of about a megabyte. */
const summedAtOnce = 100_000;

const unsealedCharges = `SELECT u.account_id AS accountId, SUM(c.price) AS amount
  FROM unsealed u CROSS JOIN charges c ON c.id = u.charge_id`;
const unsealedRefunds = `SELECT u.account_id AS accountId, SUM(r.amount) AS amount
  FROM unsealed u CROSS JOIN refunds r ON r.charge_id = u.charge_id`;
const inFlight = `SELECT l.account_id AS accountId, SUM(l.amount - l.carried_receivable - l.carried_held) AS amount
  FROM batches b CROSS JOIN batch_lines l ON l.batch_id = b.id WHERE b.state <> 'confirmed'`;
const openExits = `SELECT account_id AS accountId, SUM(amount) AS amount FROM exits WHERE state = 'open'`;

export function createAccounts(db: RawDb, write: Write, clock: Clock): Accounts {
  const find = db.prepare<[string], number>('SELECT id FROM accounts WHERE address = ?').pluck();
  const insert = db.prepare(
    `INSERT INTO accounts VALUES (NULL, ?, 0, 0, 0, 0, NULL, 0, NULL, NULL, 0, 0, 0, 0, 0, 0, 0, 0, 0, ?)`,
  );
  const all = db.prepare<[], StoredAccount>('SELECT * FROM accounts ORDER BY id');
  const one = db.prepare<[string], StoredAccount>('SELECT * FROM accounts WHERE address = ?');
  const someCharges = db.prepare<[number], SomeCharges>(
    `SELECT json_group_array(account_id) AS accounts, json_group_array(price) AS prices, MAX(id) AS last FROM (
       SELECT u.account_id, c.price, c.id FROM unsealed u CROSS JOIN charges c ON c.id = u.charge_id
       WHERE u.charge_id > ? ORDER BY u.charge_id LIMIT ${summedAtOnce})`,
  );
  const sumsOfAll = [
    db.prepare<[], Sum>(`${unsealedRefunds} GROUP BY u.account_id`),
    db.prepare<[], Sum>(`${inFlight} GROUP BY l.account_id`),
    db.prepare<[], Sum>(`${openExits} GROUP BY account_id`),
  ] as const;
  const sumsOfOne = [
    db.prepare<[number], Sum>(`${unsealedCharges} WHERE u.account_id = ? GROUP BY u.account_id`),
    db.prepare<[number], Sum>(`${unsealedRefunds} WHERE u.account_id = ? GROUP BY u.account_id`),
    db.prepare<[number], Sum>(`${inFlight} AND l.account_id = ? GROUP BY l.account_id`),
    db.prepare<[number], Sum>(`${openExits} AND account_id = ? GROUP BY account_id`),
  ] as const;

  function visitAll(visit: (row: AccountRow) => void): void {
    // One read transaction: the sums and the rows must be of the same moment.
    db.transaction(() => {
      const charged = chargedByAccount();
      const [refunded, flying, exits] = sumsOfAll.map((statement) => byAccount(statement.all()));
      for (const row of all.iterate()) {
        const { id } = row;
        visit(toRow(row, amountOf(charged.get(id)), refunded?.get(id), flying?.get(id), exits?.get(id)));
      }
    })();
  }

  /**
   * The database sorts all rows to group them, and a row at a time is dear to hand over: of many charges, packed, summed
   * here, each costs a quarter [measured].
   */
  function chargedByAccount(): Map<number, number> {
    const sums = new Map<number, number>();
    for (let after: number | null = 0; after !== null; ) {
      const some = someCharges.get(after);
      const accounts: number[] = JSON.parse(some?.accounts ?? '[]');
      const prices: number[] = JSON.parse(some?.prices ?? '[]');
      for (const [at, account] of accounts.entries()) sums.set(account, (sums.get(account) ?? 0) + (prices[at] ?? 0));
      after = some?.last ?? null;
    }
    return sums;
  }

  return {
    ensure(address) {
      const known = find.get(address);
      if (known !== undefined) return known;
      return write(() => Number(insert.run(address, clock.nowMs()).lastInsertRowid));
    },
    visitAll,
    loadAll() {
      const rows: AccountRow[] = [];
      visitAll((row) => void rows.push(row));
      return rows;
    },
    byAddress(address) {
      return db.transaction(() => {
        const row = one.get(address);
        if (!row) return undefined;
        const [charged, refunded, flying, exits] = sumsOfOne.map((statement) =>
          amountOf(statement.get(row.id)?.amount),
        );
        return toRow(row, charged, refunded, flying, exits);
      })();
    },
  };
}

function byAccount(sums: Sum[]): Map<number, Units> {
  return new Map(sums.map((sum) => [sum.accountId, fromStored(sum.amount)]));
}

function amountOf(sum: number | undefined): Units | undefined {
  return sum === undefined ? undefined : fromStored(sum);
}

function toRow(row: StoredAccount, charged = zero, refunded = zero, flying = zero, exits = zero): AccountRow {
  const limit = fromStored(row.limit_units);
  return {
    id: row.id,
    address: row.address,
    deposited: fromStored(row.deposited),
    settled: fromStored(row.settled),
    withdrawn: fromStored(row.withdrawn),
    requested: fromStored(row.requested),
    unlockAtS: row.unlock_at_s ?? undefined,
    limit: row.pending_limit === null ? limit : least(limit, fromStored(row.pending_limit)),
    pendingLimitAtS: row.pending_limit_at_s ?? undefined,
    period: row.period,
    used: fromStored(row.used),
    charged: add(fromStored(row.charged_sealed), charged),
    refunded: add(fromStored(row.refunded_sealed), refunded),
    unsettled: subtract(add(flying, charged), refunded),
    receivable: fromStored(row.receivable),
    heldForPayee: fromStored(row.held_for_payee),
    writtenOff: fromStored(row.written_off),
    settledElsewhere: fromStored(row.settled_elsewhere),
    exits,
    snapshotLedger: row.snapshot_ledger,
    createdAtMs: row.created_at_ms,
  };
}
