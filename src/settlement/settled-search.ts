import { RpcError } from '../stellar/json-rpc.ts';
import type { Rpc } from '../stellar/rpc.ts';
import { inVaultOrder } from '../stellar/settle-transaction.ts';
import { requireNotOlder, type Vault } from '../stellar/vault-client.ts';
import { decodeVaultEvent } from '../stellar/vault-events.ts';
import type { BatchRow } from '../store/batches.ts';
import type { Store } from '../store/store.ts';
import { adoptionOf } from './adoption.ts';
import type { SettledOnChain } from './confirm.ts';
import { type CounterMoves, takenFromCounters } from './taken-from-counters.ts';

export type SettledSearch = { ok: true; settled: SettledOnChain } | { ok: false; reason: string };

export type SettledSearchDeps = {
  rpc: Pick<Rpc, 'events' | 'health'>;
  vault: Pick<Vault, 'address' | 'accounts' | 'earnings' | 'isPayee'>;
  batches: Pick<Store['batches'], 'lines'>;
  accounts: Pick<Store['accounts'], 'byAddress'>;
  payouts: Pick<Store['payouts'], 'earnings'>;
  meta: Pick<Store['meta'], 'get'>;
};

/** What a batch took, when its transaction does not say it: its event in that ledger, or the counters it moved. */
export async function searchSettled(
  deps: SettledSearchDeps,
  batch: BatchRow,
  ledger: number,
  signal?: AbortSignal,
): Promise<SettledSearch> {
  const event = await findEvent(deps, batch, ledger, signal);
  if (event) return { ok: true, settled: event };
  return deriveFromCounters(deps, batch, ledger, signal);
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
    // The server keeps a week of history. That this ledger is outside is an answer; anything else is not. A server that has
    // not reached it says the same.
    if (!isOutOfRange(error)) throw error;
    const { oldestLedger } = await rpc.health(signal);
    if (oldestLedger <= ledger) throw new RpcError('lagging', `ledger ${ledger} is not known to the RPC yet`);
  }
  return undefined;
}

function isOutOfRange(error: unknown): boolean {
  return error instanceof Error && 'failure' in error && error.failure === 'refused' && /range/i.test(error.message);
}

/**
 * The server no longer knows the ledger. The counters of the vault have moved by what the batch took, and nothing else moves
 * those of a lane: each account's settled sum, and each payee's earnings. Counters of before the batch would say that it
 * took nothing, and it would be asked for again.
 */
async function deriveFromCounters(
  deps: SettledSearchDeps,
  batch: BatchRow,
  ledger: number,
  signal?: AbortSignal,
): Promise<SettledSearch> {
  const { vault, batches, accounts } = deps;
  const { lane, root } = batch;
  const lines = inVaultOrder(batches.lines(batch.id));
  const chain = await vault.accounts([...new Set(lines.map((line) => line.account))], signal);
  requireNotOlder(chain.ledger, ledger);
  const settled = new Map<string, bigint>();
  for (const [address, state] of chain.accounts) {
    settled.set(address, state.settled - (accounts.byAddress(address)?.settled ?? 0n));
  }
  const taken = takenFromCounters(lines, { settled, ...(await payeeMoves(deps, { lane, ledger }, lines, signal)) });
  if (!taken) {
    const reason = `ledger ${ledger} is no longer known, and the vault's counters do not tell what batch ${batch.batch} took`;
    return { ok: false, reason };
  }
  // An account that gave something was moved last by this batch: its lane has not gone on since.
  const period = Math.max(...lines.map((line) => chain.accounts.get(line.account)?.period ?? 0));
  const at = { ledger, txHash: '', closedAtMs: batch.sealedAtMs, period };
  return { ok: true, settled: { lane, batch: batch.batch, root, taken, ...at } };
}

async function payeeMoves(
  { vault, payouts, meta }: SettledSearchDeps,
  { lane, ledger }: { lane: number; ledger: number },
  lines: readonly { payee: string }[],
  signal?: AbortSignal,
): Promise<Pick<CounterMoves, 'earned' | 'listed'>> {
  // Of a lane that was settled before this database, the books do not know what was earned until then.
  const whole = adoptionOf(meta, lane).batch === 0;
  const before = new Map(
    payouts.earnings().flatMap((row) => (row.lane === lane ? [[row.payee, row.gross] as const] : [])),
  );
  const earned = new Map<string, bigint>();
  const listed = new Map<string, boolean>();
  for (const payee of new Set(lines.map((line) => line.payee))) {
    listed.set(payee, await vault.isPayee(payee, signal, ledger));
    if (!whole) continue;
    const { gross } = await vault.earnings(payee, lane, signal, ledger);
    earned.set(payee, gross - (before.get(payee) ?? 0n));
  }
  return { listed, earned: whole ? earned : undefined };
}
