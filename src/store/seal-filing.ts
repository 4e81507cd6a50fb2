import type { RawDb } from './raw-db.ts';
import type { Candidate } from './seal-choice.ts';
import { createUsageDailyMove, usageDailyOf } from './usage-daily.ts';

/**
 * Charges on their way from the queue to where they stay, as a few texts that one statement each writes down: the event
 * loop does nothing row by row. Lists are JSON.
 */
export type Filing = {
  count: number;
  /** Call ids in leaf order, and those of them that had not ended. */
  ids: string;
  unfinished: string;
  /** How many have a refund. A refund is never changed or taken back: as many later are the same. */
  refunded: number;
  /** What moves with them, so that a start reads only what is not sealed: [account, charged, refunded], [token, spent]. */
  accounts: string;
  tokens: string;
  /** See usage-daily.ts. */
  usage: string;
};

/** Pure: what is to be written for these charges. */
export function toFiling(charges: readonly Candidate[]): Filing {
  const accounts = new Map<number, [id: number, charged: number, refunded: number]>();
  const tokens = new Map<number, [id: number, spent: number]>();
  for (const { accountId, tokenId, price, refund } of charges) {
    const sum = accounts.get(accountId) ?? [accountId, 0, 0];
    sum[1] += price;
    sum[2] += refund;
    accounts.set(accountId, sum);
    if (tokenId !== null) tokens.set(tokenId, [tokenId, (tokens.get(tokenId)?.[1] ?? 0) + price - refund]);
  }
  return {
    count: charges.length,
    ids: JSON.stringify(charges.map((charge) => charge.id)),
    unfinished: JSON.stringify(charges.filter((charge) => !charge.finished).map((charge) => charge.id)),
    refunded: charges.filter((charge) => charge.refund > 0).length,
    accounts: JSON.stringify([...accounts.values()]),
    tokens: JSON.stringify([...tokens.values()]),
    usage: usageDailyOf(charges),
  };
}

/** The charges are not what they were when they were chosen: nothing may be written of them. */
export class StaleChoice extends Error {
  override readonly name = 'StaleChoice';
}

/**
 * Files charges as the leaves of a batch from `leaf` on, or for good without one. Inside the caller's transaction, which
 * a StaleChoice must undo.
 */
export function createFile(db: RawDb): (filing: Filing, place: { batchId: number; leaf: number } | undefined) => void {
  const refunds = db
    .prepare<[string], number>('SELECT COUNT(*) FROM json_each(?) j CROSS JOIN refunds f ON f.charge_id = j.value')
    .pluck();
  const fileLeaves = db.prepare(
    `INSERT INTO sealed_charges (charge_id, account_id, batch_id, leaf, finished)
     SELECT u.charge_id, u.account_id, $batchId, $leaf + j.key, u.charge_id NOT IN (SELECT value FROM json_each($unfinished))
     FROM json_each($ids) j CROSS JOIN unsealed u ON u.charge_id = j.value`,
  );
  const dequeue = db.prepare('DELETE FROM unsealed WHERE charge_id IN (SELECT value FROM json_each(?))');
  const moveAccounts = db.prepare(
    `UPDATE accounts SET charged_sealed = charged_sealed + (j.value ->> 1), refunded_sealed = refunded_sealed + (j.value ->> 2)
     FROM json_each(?) j WHERE accounts.id = j.value ->> 0`,
  );
  const moveTokens = db.prepare(
    'UPDATE tokens SET spent_sealed = spent_sealed + (j.value ->> 1) FROM json_each(?) j WHERE tokens.id = j.value ->> 0',
  );
  const moveUsage = createUsageDailyMove(db);
  return ({ count, ids, unfinished, refunded, accounts, tokens, usage }, place) => {
    if (refunds.get(ids) !== refunded) throw new StaleChoice('a charge was refunded after it was chosen');
    const { batchId = null, leaf = null } = place ?? {};
    const filed = fileLeaves.run({ batchId, leaf, ids, unfinished }).changes;
    if (filed !== count) throw new StaleChoice('a charge was filed after it was chosen');
    dequeue.run(ids);
    moveAccounts.run(accounts);
    moveTokens.run(tokens);
    moveUsage(usage);
  };
}
