import type { Ledger } from '../billing/ledger.ts';
import type { Log } from '../log.ts';
import { inVaultOrder } from '../stellar/settle-transaction.ts';
import type { Store } from '../store/store.ts';
import { adoptBatch, adoptionOf, mayBeOfBefore } from './adoption.ts';
import { noteForeign } from './foreign.ts';

/** What the chain did with a batch, from its transaction or from its event, whichever is seen first. */
export type SettledOnChain = {
  lane: number;
  batch: number;
  /** Hex. */
  root: string;
  /** One number per line, in the order of the call. */
  taken: readonly bigint[];
  ledger: number;
  txHash: string;
  closedAtMs: number;
  /** Limit period of that ledger, where it is known better than by its close time. */
  period?: number;
};

/**
 * `earlier`: settled before this database began, see adoption.ts. `foreign_root`: the chain holds a batch that is not
 * ours. Nothing was changed, and nothing may be served until that is understood.
 */
export type ConfirmResult = 'applied' | 'replayed' | 'earlier' | 'foreign_root';

export type ConfirmDeps = {
  batches: Pick<Store['batches'], 'byNumber' | 'lines' | 'confirm'>;
  meta: Pick<Store['meta'], 'get' | 'set'>;
  ledger: Pick<Ledger, 'account' | 'settle'>;
  limitPeriodS: number;
  log: Log;
};

/**
 * Applies a settlement to the database and then to the ledger, in one synchronous step and once per (lane, batch): no call
 * can run between the two, and a second witness changes nothing.
 */
export function confirmSettled(deps: ConfirmDeps, settled: SettledOnChain): ConfirmResult {
  const { lane, batch, root, ledger, txHash, closedAtMs } = settled;
  const row = deps.batches.byNumber(lane, batch);
  const adoption = adoptionOf(deps.meta, lane);
  const ofBefore = mayBeOfBefore(adoption.since, { ledger, closedAtS: Math.floor(closedAtMs / 1000) });
  if (!row) {
    if (batch <= adoption.batch) return 'earlier';
    if (ofBefore) {
      adoptBatch(deps.meta, lane, batch);
      return 'earlier';
    }
    return foreign(deps, settled, 'the vault has settled a batch that is not in this database');
  }
  if (row.root !== root && ofBefore) {
    // The copy this database was restored from still holds a batch that was cut anew after it.
    adoptBatch(deps.meta, lane, batch);
    return 'earlier';
  }
  const taken = row.root === root ? takenByPosition(deps, row.id, settled.taken) : [];
  const period = settled.period ?? Math.floor(closedAtMs / 1000 / deps.limitPeriodS);
  const result = deps.batches.confirm({ lane, batch, root, taken, ledger, txHash, closedAtMs, period });
  for (const line of result.lines) {
    const slot = deps.ledger.account(line.account);
    if (!slot) throw new Error(`account ${line.accountId} of a settled line is not in the ledger`);
    deps.ledger.settle(slot, line);
  }
  if (result.outcome === 'applied') deps.log.info({ lane, batch, ledger, txHash }, 'batch confirmed');
  if (result.outcome === 'foreign_root') {
    return foreign(deps, settled, `the vault has settled another root under a batch of ours, ${row.root}`);
  }
  return result.outcome;
}

function foreign({ meta, log }: ConfirmDeps, { lane, batch, root, txHash }: SettledOnChain, what: string) {
  log.error({ lane, batch, root, txHash }, what);
  noteForeign(meta, `${what}: batch ${batch} of lane ${lane}, transaction ${txHash || 'unknown'}`);
  return 'foreign_root' as const;
}

/** The stored order of lines need not be the chain's order of addresses; the answer is brought back line by line. */
function takenByPosition(deps: ConfirmDeps, batchId: number, taken: readonly bigint[]): bigint[] {
  const lines = deps.batches.lines(batchId);
  if (lines.length !== taken.length) {
    throw new Error(`the chain answered ${taken.length} lines of a batch of ${lines.length}`);
  }
  const answers = new Map(inVaultOrder(lines).map((line, index) => [line.position, taken[index]]));
  return lines.map(({ position }) => {
    const answer = answers.get(position);
    if (answer === undefined) throw new Error(`line ${position} has no answer`);
    return answer;
  });
}
