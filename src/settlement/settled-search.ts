import type { Rpc } from '../stellar/rpc.ts';
import { compareLines } from '../stellar/settle-transaction.ts';
import type { Vault } from '../stellar/vault-client.ts';
import { decodeVaultEvent } from '../stellar/vault-events.ts';
import type { BatchRow } from '../store/batches.ts';
import type { Store } from '../store/store.ts';
import type { SettledOnChain } from './confirm.ts';

export type SettledSearch = { ok: true; settled: SettledOnChain } | { ok: false; reason: string };

export type SettledSearchDeps = {
  rpc: Pick<Rpc, 'events'>;
  vault: Pick<Vault, 'address' | 'accounts'>;
  batches: Pick<Store['batches'], 'lines'>;
  accounts: Pick<Store['accounts'], 'byAddress'>;
};

/** What a batch took, when its transaction does not say it: its event in that ledger, or the accounts themselves. */
export async function searchSettled(
  deps: SettledSearchDeps,
  batch: BatchRow,
  ledger: number,
  signal?: AbortSignal,
): Promise<SettledSearch> {
  const event = await findEvent(deps, batch, ledger, signal);
  if (event) return { ok: true, settled: event };
  return deriveFromAccounts(deps, batch, ledger, signal);
}

/** The most events one ledger can hold of one contract, by far. */
const eventsMax = 1_000;

async function findEvent(
  { rpc, vault }: SettledSearchDeps,
  batch: BatchRow,
  ledger: number,
  signal?: AbortSignal,
): Promise<SettledOnChain | undefined> {
  try {
    const from = { startLedger: ledger, endLedger: ledger + 1 };
    const page = await rpc.events({ from, contractId: vault.address, limit: eventsMax }, signal);
    for (const raw of page.events) {
      const event = decodeVaultEvent(raw, vault.address);
      if (event.kind !== 'settled' || event.lane !== batch.lane || event.batch !== batch.batch) continue;
      const { lane, root, taken, txHash, closedAtMs } = event;
      return { lane, batch: event.batch, root, taken, ledger: event.ledger, txHash, closedAtMs };
    }
  } catch (error) {
    // The server keeps a week of history. That this ledger is outside is an answer; anything else is not.
    if (!isOutOfRange(error)) throw error;
  }
  return undefined;
}

function isOutOfRange(error: unknown): boolean {
  return error instanceof Error && 'failure' in error && error.failure === 'refused' && /range/i.test(error.message);
}

/**
 * The server no longer knows the ledger. When every account's settled counter has grown by exactly what the batch asked of
 * it, each line was taken in full; anything less cannot be told apart from here.
 */
async function deriveFromAccounts(
  { vault, batches, accounts }: SettledSearchDeps,
  batch: BatchRow,
  ledger: number,
  signal?: AbortSignal,
): Promise<SettledSearch> {
  const lines = batches.lines(batch.id).sort(compareLines);
  const asked = new Map<string, bigint>();
  for (const { account, amount } of lines) asked.set(account, (asked.get(account) ?? 0n) + amount);
  const chain = await vault.accounts([...asked.keys()], signal);
  for (const [account, amount] of asked) {
    const known = accounts.byAddress(account)?.settled ?? 0n;
    if ((chain.accounts.get(account)?.settled ?? 0n) - known !== amount) {
      const reason = `ledger ${ledger} is no longer known, and batch ${batch.batch} was not taken in full`;
      return { ok: false, reason };
    }
  }
  const { lane, root } = batch;
  const taken = lines.map((line) => line.amount);
  return {
    ok: true,
    settled: { lane, batch: batch.batch, root, taken, ledger, txHash: '', closedAtMs: batch.sealedAtMs },
  };
}
