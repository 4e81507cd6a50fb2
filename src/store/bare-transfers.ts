import { add, least, subtract, type Units, zero } from '../money.ts';
import { fromStored } from './columns.ts';
import type { RawDb } from './raw-db.ts';

/** Tokens that came into the vault without a deposit, and what the admin's sweeps took out again. */
export type BareTransfers = {
  /** Newest first: those that still lie in the vault, then those that were swept. */
  transfers: BareTransfer[];
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

/**
 * Which transfers the sweeps took. One that gives exactly what a sender has sent back to that sender took that transfer; any
 * other took the oldest, for tokens have no names. A sweep takes nothing of what came in after it.
 */
export function spreadSweeps(moves: Iterable<BareMove>): BareTransfers {
  const all: (BareTransfer & { party: string })[] = [];
  let came = zero;
  let swept = zero;
  for (const { id, kind, amount, party, txHash } of moves) {
    if (kind === 'transfer') {
      all.push({ id, left: amount, sweptBy: [], party });
      came = add(came, amount);
      continue;
    }
    swept = add(swept, amount);
    const givenBack = all.find((each) => each.party === party && each.left === amount && each.sweptBy.length === 0);
    let rest = amount;
    for (const each of givenBack ? [givenBack] : all) {
      if (rest === 0n) break;
      const taken = least(rest, each.left);
      if (taken === 0n) continue;
      each.left = subtract(each.left, taken);
      each.sweptBy.push(txHash);
      rest = subtract(rest, taken);
    }
  }
  const newest = all.reverse().map(({ id, left, sweptBy }) => ({ id, left, sweptBy }));
  const open = newest.filter(({ left }) => left > 0n);
  return {
    transfers: [...open, ...newest.filter(({ left }) => left === 0n)],
    left: open.reduce((sum, { left }) => add(sum, left), zero),
    leftCount: open.length,
    came,
    swept,
  };
}

/** As of the end of a ledger. */
export function createReadBare(db: RawDb): (upToLedger: number) => BareTransfers {
  const moves = db.prepare<
    [number],
    { id: string; kind: BareMove['kind']; amount: number; party: string; txHash: string }
  >(
    `SELECT id, kind, amount, tx_hash AS txHash,
       COALESCE(json_extract(data, CASE kind WHEN 'swept' THEN '$.to' ELSE '$.from' END), '') AS party
     FROM vault_events WHERE account_id IS NULL AND applied = 0 AND kind IN ('transfer', 'swept') AND ledger <= ?
     ORDER BY ledger, id`,
  );
  return (upToLedger) =>
    spreadSweeps(moves.all(upToLedger).map((move) => ({ ...move, amount: fromStored(move.amount) })));
}
