import { type AccountRow, type StoredAccount, toAccountRow } from './account-row.ts';
import { fromStored } from './columns.ts';
import type { RawDb } from './raw-db.ts';

/** How many rows one step reads, at most. */
export type WalkBounds = {
  /** Charges that are in no batch, each with its refund. */
  chargesMax: number;
  /** Lines of batches in flight, and open exits. */
  othersMax: number;
  accountsMax: number;
};

/**
 * Every account with its sums over unsealed charges and batches in flight, in steps: first those that make the sums, which
 * give no rows, then the accounts by their ids. Whoever walks does so in one transaction, or the steps are of several moments.
 */
export type AccountWalk = (bounds: WalkBounds) => Generator<AccountRow[], void>;

/** Some charges as JSON, packed, and the last of them; null when there are no more. */
type SomeCharges = { accounts: string; prices: string; refunds: string; last: number | null };
type Line = { id: number; accountId: number; amount: number };

/** By account id, in stored units: a sum that has left the exact range is refused when it is taken over. */
type Sums = Record<'charged' | 'refunded' | 'flying' | 'exits', Map<number, number>>;

/**
 * The database sorts all rows to group them, and a row at a time is dear to hand over: of many charges, packed, summed
 * here, each costs a quarter [measured].
 */
const chargesText = `SELECT json_group_array(account_id) AS accounts, json_group_array(price) AS prices,
    json_group_array(refund) AS refunds, MAX(id) AS last FROM (
    SELECT u.account_id, c.price, COALESCE(r.amount, 0) AS refund, c.id FROM unsealed u
    CROSS JOIN charges c ON c.id = u.charge_id LEFT JOIN refunds r ON r.charge_id = u.charge_id
    WHERE u.charge_id > ? ORDER BY u.charge_id LIMIT ?)`;

export function createAccountWalk(db: RawDb): AccountWalk {
  const charges = db.prepare<[number, number], SomeCharges>(chargesText);
  const inFlight = db.prepare<[], number>("SELECT id FROM batches WHERE state <> 'confirmed'").pluck();
  const lines = db.prepare<[number, number, number], Line>(
    `SELECT position AS id, account_id AS accountId, amount - carried_receivable - carried_held AS amount
     FROM batch_lines WHERE batch_id = ? AND position > ? ORDER BY position LIMIT ?`,
  );
  const exits = db.prepare<[number, number], { id: number; amount: number }>(
    `SELECT account_id AS id, amount FROM exits WHERE state = 'open' AND account_id > ? ORDER BY account_id LIMIT ?`,
  );
  const accounts = db.prepare<[number, number], StoredAccount>(
    'SELECT * FROM accounts WHERE id > ? ORDER BY id LIMIT ?',
  );

  function* sumCharges({ charged, refunded }: Sums, atOnce: number): Generator<AccountRow[]> {
    for (let after: number | null = 0; after !== null; ) {
      const some = charges.get(after, atOnce);
      const [owners = [], prices = [], refunds = []]: number[][] = some
        ? [JSON.parse(some.accounts), JSON.parse(some.prices), JSON.parse(some.refunds)]
        : [];
      for (const [at, account] of owners.entries()) {
        raise(charged, account, prices[at]);
        if (refunds[at] !== 0) raise(refunded, account, refunds[at]);
      }
      after = some?.last ?? null;
      yield [];
    }
  }

  function* sumLines({ flying }: Sums, atOnce: number): Generator<AccountRow[]> {
    // One of each lane at most.
    for (const batch of inFlight.all()) {
      for (const some of pages(atOnce, (after) => lines.all(batch, after, atOnce))) {
        for (const line of some) raise(flying, line.accountId, line.amount);
        yield [];
      }
    }
  }

  function* sumExits(sums: Sums, atOnce: number): Generator<AccountRow[]> {
    for (const some of pages(atOnce, (after) => exits.all(after, atOnce))) {
      for (const exit of some) raise(sums.exits, exit.id, exit.amount);
      yield [];
    }
  }

  return function* walk({ chargesMax, othersMax, accountsMax }) {
    const sums: Sums = { charged: new Map(), refunded: new Map(), flying: new Map(), exits: new Map() };
    yield* sumCharges(sums, chargesMax);
    yield* sumLines(sums, othersMax);
    yield* sumExits(sums, othersMax);
    for (const some of pages(accountsMax, (after) => accounts.all(after, accountsMax))) {
      yield some.map((row) => withSums(row, sums));
    }
  };
}

/** One page after the other, each behind the last row of the one before, until one is not full. */
function* pages<Row extends { id: number }>(atOnce: number, read: (after: number) => Row[]): Generator<Row[], void> {
  for (let after = -1, more = true; more; ) {
    const rows = read(after);
    after = rows.at(-1)?.id ?? after;
    more = rows.length === atOnce;
    yield rows;
  }
}

function raise(sums: Map<number, number>, account: number, by = 0): void {
  sums.set(account, (sums.get(account) ?? 0) + by);
}

function withSums(row: StoredAccount, sums: Sums): AccountRow {
  const of = (kind: keyof Sums) => fromStored(sums[kind].get(row.id) ?? 0);
  return toAccountRow(row, {
    charged: of('charged'),
    refunded: of('refunded'),
    flying: of('flying'),
    exits: of('exits'),
  });
}
