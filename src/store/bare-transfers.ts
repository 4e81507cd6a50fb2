import { add, least, subtract, type Units, zero } from '../money.ts';
import { fromStored } from './columns.ts';
import type { RawDb } from './raw-db.ts';

/** Tokens that came into the vault without a deposit, and what the admin's sweeps took out again. */
export type BareTransfers = BareSums & {
  /** Newest first: those that still lie in the vault, then those that were swept. */
  transfers: BareTransfer[];
};

export type BareSums = {
  /** What still lies in the vault, and of how many transfers. */
  left: Units;
  leftCount: number;
  /** All that ever came, and all that sweeps ever took: also what came unseen. */
  came: Units;
  swept: Units;
};

export type BareTransfer = {
  id: string;
  left: Units;
  /** Transactions of the sweeps that took it, wholly or in part. */
  sweptBy: string[];
};

/** One transfer in or one sweep out, in the order of the chain. */
export type BareMove = {
  id: string;
  kind: 'transfer' | 'swept';
  amount: Units;
  /** Who sent it, or got it. */
  party: string;
  txHash: string;
};

type Spread = {
  add(move: BareMove): void;
  sums(): BareSums;
  /** In the order of `BareTransfers`, as many at the most. */
  newest(limit: number): BareTransfer[];
};

/**
 * Which transfers the sweeps took. One that gives exactly what a sender has sent back to that sender took that transfer; any
 * other took the oldest, for tokens have no names. A sweep takes nothing of what came in after it.
 */
export function spreadSweeps(moves: Iterable<BareMove>): BareTransfers {
  const spread = createSpread();
  for (const move of moves) spread.add(move);
  return { ...spread.sums(), transfers: spread.newest(Number.POSITIVE_INFINITY) };
}

/** A transfer is one step, however many there are: anybody can send one. Only the admin sweeps. */
function createSpread(): Spread {
  const all: (BareTransfer & { party: string })[] = [];
  const sums: BareSums = { left: zero, leftCount: 0, came: zero, swept: zero };

  function take(amount: Units, party: string, txHash: string): void {
    const givenBack = all.find((each) => each.party === party && each.left === amount && each.sweptBy.length === 0);
    let rest = amount;
    for (const each of givenBack ? [givenBack] : all) {
      if (rest === 0n) break;
      const taken = least(rest, each.left);
      if (taken === 0n) continue;
      each.left = subtract(each.left, taken);
      each.sweptBy.push(txHash);
      sums.left = subtract(sums.left, taken);
      if (each.left === 0n) sums.leftCount--;
      rest = subtract(rest, taken);
    }
  }

  return {
    add({ id, kind, amount, party, txHash }) {
      if (kind === 'swept') {
        sums.swept = add(sums.swept, amount);
        return take(amount, party, txHash);
      }
      all.push({ id, left: amount, sweptBy: [], party });
      sums.came = add(sums.came, amount);
      sums.left = add(sums.left, amount);
      if (amount > 0n) sums.leftCount++;
    },
    sums: () => ({ ...sums }),
    newest(limit) {
      const found: BareTransfer[] = [];
      for (const swept of [false, true]) {
        for (let index = all.length - 1; index >= 0 && found.length < limit; index--) {
          const each = all[index];
          if (each && (each.left === 0n) === swept) found.push({ id: each.id, left: each.left, sweptBy: each.sweptBy });
        }
      }
      return found;
    },
  };
}

/** What the books have of them. Only moves that came in since the last look are read. */
export type BareBook = {
  sums(): BareSums;
  newest(limit: number): BareTransfer[];
  /** As of the end of a ledger, from the first of them on. */
  at(ledger: number): BareTransfers;
};

type Row = Omit<BareMove, 'amount'> & { amount: number; ledger: number; row: number };

export function createBareBook(db: Pick<RawDb, 'prepare'>): BareBook {
  const moves = (which: string) =>
    db.prepare<[number], Row>(
      `SELECT rowid AS row, ledger, id, kind, amount, tx_hash AS txHash,
         COALESCE(json_extract(data, CASE kind WHEN 'swept' THEN '$.to' ELSE '$.from' END), '') AS party
       FROM vault_events WHERE account_id IS NULL AND applied = 0 AND kind IN ('transfer', 'swept') AND ${which}
       ORDER BY ledger, id`,
    );
  // Rows are never changed or deleted, so those that came in later have a higher number.
  const [behind, upTo] = [moves('rowid > ?'), moves('ledger <= ?')];
  let spread = createSpread();
  let newestRow = 0;
  let last: Pick<Row, 'ledger' | 'id'> = { ledger: 0, id: '' };

  function upToDate(): Spread {
    let rows = behind.all(newestRow);
    const [first] = rows;
    if (first && (first.ledger < last.ledger || (first.ledger === last.ledger && first.id < last.id))) {
      // Transfers are read by a cursor of their own: one from before a sweep that is known already changes what that took.
      spread = createSpread();
      rows = behind.all(0);
    }
    for (const row of rows) {
      spread.add(toMove(row));
      newestRow = Math.max(newestRow, row.row);
      last = row;
    }
    return spread;
  }

  return {
    sums: () => upToDate().sums(),
    newest: (limit) => upToDate().newest(limit),
    at: (ledger) => spreadSweeps(upTo.all(ledger).map(toMove)),
  };
}

function toMove(row: Row): BareMove {
  return { ...row, amount: fromStored(row.amount) };
}
