import type { Ledger } from '../billing/ledger.ts';
import type { Log } from '../log.ts';
import { formatUsdc, type Units, units } from '../money.ts';
import type { Vault } from '../stellar/vault-client.ts';
import type { MatchedAccount } from '../store/restored.ts';
import type { Store } from '../store/store.ts';

export type ResumeRestoredDeps = {
  batches: Pick<Store['batches'], 'open' | 'envelopes' | 'endEnvelope' | 'reopen' | 'unseal'>;
  restored: Pick<Store['restored'], 'match' | 'payees'>;
  audit: Pick<Store['audit'], 'add'>;
  ledger: Pick<Ledger, 'account' | 'cap' | 'refund' | 'writeOff' | 'explainElsewhere'>;
  /** Takes over every known account as the vault states it now. */
  snapshotAll: (signal?: AbortSignal) => Promise<void>;
  /** Lanes that were in use, or are. */
  lanes: readonly number[];
  /** What the vault says each of these payees has earned in them. */
  earned: (payees: string[], signal?: AbortSignal) => Promise<Map<string, Units>>;
  sync: () => Promise<void>;
  log: Log;
};

/**
 * Brings a restored copy up to the vault. It runs when nothing can land any more that was signed after the copy, so the
 * vault's counters are all there is to know: a batch of the copy that was not confirmed by then never will be, and what
 * was settled beyond the copy is set against the charges that still wait.
 */
export async function resumeRestored(deps: ResumeRestoredDeps, signal?: AbortSignal): Promise<void> {
  const { batches, audit, log } = deps;
  for (const batch of batches.open()) {
    for (const { hash, state } of batches.envelopes(batch.id)) {
      if (state === 'live') batches.endEnvelope(hash, 'expired');
    }
    if (batch.state === 'submitted') batches.reopen(batch.id);
    batches.unseal(batch.id);
    log.warn({ lane: batch.lane, batch: batch.batch }, 'a batch of the restored copy was taken apart');
  }
  await deps.snapshotAll(signal);
  const earned = await deps.earned(deps.restored.payees(), signal);
  // Rows and memory in one synchronous step: no call is sold yet, but an operator may be refunding one.
  const matched = deps.restored.match(earned, deps.lanes);
  for (const each of matched) follow(deps, each);
  const settled = sum(matched.map(({ filed }) => filed));
  const detail = { accounts: matched.length, settled_before_restore: formatUsdc(settled) };
  audit.add({ actor: 'gateway', action: 'restore complete', subject: 'all books', detail: JSON.stringify(detail) });
  await deps.sync();
  log.warn(detail, 'the restored books are the vault’s again');
}

function follow({ ledger }: ResumeRestoredDeps, { account, writtenOff, filed, refunds }: MatchedAccount): void {
  const slot = ledger.account(account);
  if (!slot) throw new Error(`account ${account} of the restored books is not in the ledger`);
  for (const { kind, amount } of writtenOff) ledger.writeOff(slot, kind, amount);
  if (filed > 0n) ledger.explainElsewhere(slot, filed);
  for (const { jti, amount } of refunds) {
    ledger.refund(slot, jti === undefined ? undefined : ledger.cap(jti), amount);
  }
}

/** Asks the vault, payee by payee. */
export function earnedBy(vault: Pick<Vault, 'earnings'>, lanes: readonly number[]): ResumeRestoredDeps['earned'] {
  return async (payees, signal) => {
    const earned = new Map<string, Units>();
    for (const payee of payees) {
      const inLanes: Units[] = [];
      for (const lane of lanes) inLanes.push((await vault.earnings(payee, lane, signal)).gross);
      earned.set(payee, sum(inLanes));
    }
    return earned;
  };
}

function sum(amounts: Units[]): Units {
  return units(amounts.reduce((total, amount) => total + amount, 0n));
}
