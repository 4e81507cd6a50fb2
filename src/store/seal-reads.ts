import type { RawDb } from './raw-db.ts';
import type { Candidate, Carry } from './seal-choice.ts';

/** What waits to be settled, as the database has it: debts and charges. */
export type SealReads = {
  /** Open debts that the chain can take some of, oldest first; of `ids` those that still are. */
  carries(period: number, ids?: readonly number[]): Carry[];
  /**
   * Charges behind a call id whose call has ended, or is not newer than `unfinishedUpTo`; oldest first, of these accounts or
   * all.
   */
  waiting(
    unfinishedUpTo: number,
    afterId: number,
    accountIds: readonly number[] | undefined,
  ): IterableIterator<Candidate>;
};

/** The first condition is that of the index of debts that are not over, without which all debts of the past are read. */
export const isOpenDebt = "receivables.state IN ('open', 'batched') AND receivables.state = 'open'";

// Debt is asked for again only where the chain can take some of it, and only for payees it lists.
const carriesText = (of: string) => `SELECT * FROM (
    SELECT receivables.id, account_id AS accountId, a.address AS account, payee, amount, kind,
      b.lane AS fromLane, b.batch AS fromBatch, a.deposited - a.settled - a.withdrawn AS balance,
      MIN(a.limit_units, COALESCE(a.pending_limit, a.limit_units))
        - CASE WHEN a.period >= $period THEN a.used ELSE 0 END AS limitLeft
    FROM receivables JOIN accounts a ON a.id = account_id JOIN batches b ON b.id = batch_id
    LEFT JOIN payees p ON p.address = payee
    WHERE ${isOpenDebt} AND COALESCE(p.listed, kind = 'account') = 1 ${of}
  ) WHERE balance > 0 AND limitLeft > 0 ORDER BY id`;

// The queue is walked first, and a row that is not wanted is passed over before anything is looked up for it.
const waitingText = (of: string) => `SELECT c.id, c.at_ms AS atMs, c.account_id AS accountId, a.address AS account,
    c.token_id AS tokenId, c.route_id AS routeId, r.api, r.payee, r.template, c.method, c.status, c.price,
    COALESCE(f.amount, 0) AS refund, e.charge_id IS NOT NULL AS finished
  FROM unsealed u CROSS JOIN charges c ON c.id = u.charge_id JOIN accounts a ON a.id = c.account_id
  JOIN routes r ON r.id = c.route_id LEFT JOIN refunds f ON f.charge_id = c.id LEFT JOIN finishes e ON e.charge_id = c.id
  WHERE u.charge_id > $afterId AND (e.charge_id IS NOT NULL OR u.charge_id <= $unfinishedUpTo) ${of} ORDER BY u.charge_id`;

export function createSealReads(db: RawDb): SealReads {
  const carries = db.prepare<{ period: number }, Carry>(carriesText(''));
  const carriesOf = db.prepare<{ period: number; ids: string }, Carry>(
    carriesText('AND receivables.id IN (SELECT value FROM json_each($ids))'),
  );
  const waiting = db.prepare<{ unfinishedUpTo: number; afterId: number }, Candidate>(waitingText(''));
  const waitingOf = db.prepare<{ unfinishedUpTo: number; afterId: number; accounts: string }, Candidate>(
    waitingText('AND u.account_id IN (SELECT value FROM json_each($accounts))'),
  );
  return {
    carries: (period, ids) => (ids ? carriesOf.all({ period, ids: JSON.stringify(ids) }) : carries.all({ period })),
    waiting(unfinishedUpTo, afterId, accountIds) {
      if (!accountIds) return waiting.iterate({ unfinishedUpTo, afterId });
      return waitingOf.iterate({ unfinishedUpTo, afterId, accounts: JSON.stringify(accountIds) });
    },
  };
}
