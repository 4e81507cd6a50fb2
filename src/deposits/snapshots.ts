import type { Ledger } from '../billing/ledger.ts';
import type { Log } from '../log.ts';
import type { Units } from '../money.ts';
import { RpcError } from '../stellar/json-rpc.ts';
import type { Vault } from '../stellar/vault-client.ts';
import type { AppliedChange } from '../store/deposits.ts';
import type { Store } from '../store/store.ts';
import { accountState } from './event-rows.ts';

export type SnapshotDeps = {
  vault: Pick<Vault, 'accounts'>;
  deposits: Pick<Store['deposits'], 'applySnapshot'>;
  ledger: Pick<Ledger, 'open' | 'account' | 'accounts' | 'applyChain'>;
  /** The vault has settled so much of an account that no batch of these books explains. */
  onElsewhere?: (address: string, amount: Units) => void;
  log: Log;
};

/**
 * Takes over accounts as the vault states them now. Counters are absolute and only grow, so a snapshot stands in for any
 * number of events that nobody can show any more; events up to its ledger are ignored from then on. One from before
 * `sinceLedger` does not hold all that it has to stand in for: nothing is taken from it.
 */
export async function takeSnapshots(
  deps: SnapshotDeps,
  addresses: string[],
  sinceLedger: number,
  signal?: AbortSignal,
): Promise<void> {
  if (addresses.length === 0) return;
  // Anybody can make an account here by logging in: only one that is asked for alone is worth a question of its own.
  const neverDeposited = (address: string) =>
    addresses.length > 1 && (deps.ledger.account(address)?.deposited ?? 0n) === 0n;
  const { ledger: seenLedger, accounts } = await deps.vault.accounts(addresses, signal, neverDeposited);
  if (seenLedger < sinceLedger) {
    throw new RpcError('lagging', `the accounts are of ledger ${seenLedger}, but ${sinceLedger} was read before`);
  }
  for (const [address, state] of accounts) {
    if (state.deposited === 0n && !deps.ledger.account(address)) continue;
    const applied = deps.deposits.applySnapshot({ address, ledger: seenLedger, state: accountState(state) });
    if (applied) followChange(deps, applied);
  }
  deps.log.info({ accounts: addresses.length, ledger: seenLedger }, 'accounts were taken over from the vault');
}

/** Brings a committed change into memory; an account that is new there is opened first. */
export function followChange(
  { ledger, onElsewhere }: Pick<SnapshotDeps, 'ledger' | 'onElsewhere'>,
  { accountId, address, change }: AppliedChange,
): void {
  ledger.applyChain(ledger.open({ id: accountId, address }), change);
  if (change.settledElsewhere) onElsewhere?.(address, change.settledElsewhere);
}
