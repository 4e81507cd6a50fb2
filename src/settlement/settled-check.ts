import type { Clock } from '../clock.ts';
import { formatUsdc, type Units, zero } from '../money.ts';
import { RpcError } from '../stellar/json-rpc.ts';
import type { SettledRecords } from '../stellar/settled-records.ts';
import type { Vault } from '../stellar/vault-client.ts';
import type { VaultLane } from '../stellar/vault-views.ts';
import type { Store } from '../store/store.ts';
import { adoptionOf } from './adoption.ts';
import { type CountersDeps, catchUpTo } from './chain-counters.ts';
import type { ChainPoint, RootChain } from './root-chain.ts';

export type SettledCheckDeps = Omit<CountersDeps, 'vault'> & {
  vault: Pick<Vault, 'settled'>;
  payouts: Pick<Store['payouts'], 'earnings'>;
  batches: Pick<Store['batches'], 'open'>;
  rootChain: Pick<RootChain, 'lanes'>;
  meta: Pick<Store['meta'], 'get'>;
  /** Lanes of the vault. */
  lanes: number;
  /** The vault has settled something that these books do not hold: payees may have earned more there. */
  incomplete: boolean;
  clock: Pick<Clock, 'sleep'>;
};

/** What the books say that was settled. */
type SettledBooks = {
  earnings: { payee: string; lane: number; gross: Units }[];
  /** Last confirmed batch and chain value of each lane, or with which it was taken over. */
  tips: ChainPoint[];
};

/**
 * Where payees' earnings, the batch of a lane or its chain value are others in the vault than in the books, by what they are
 * of, in words. All only grow: what the vault says lies between the books before it was asked and those that have seen as
 * much as it had. A batch of ours that landed and is not booked yet is no difference.
 */
export async function differingSettlements(deps: SettledCheckDeps, signal?: AbortSignal): Promise<Map<string, string>> {
  await deps.catchUp(signal);
  const seenLedger = deps.seenLedger();
  const before = await readBooks(deps);
  const chain = await recordsSince(deps, before, seenLedger, signal);
  await catchUpTo(deps, chain.ledger, signal);
  const after = await readBooks(deps);
  const found = new Map<string, string>();
  const landed = new Set<number>();
  for (const [lane, view] of chain.lanes.entries()) {
    if (!view) continue;
    const own = deps.batches.open().some((open) => open.lane === lane && isSame(open, view));
    if (own) landed.add(lane);
    const text = own ? undefined : laneDifference(view, before.tips[lane], after.tips[lane]);
    if (text !== undefined) found.set(`lane ${lane}`, text);
  }
  for (const [index, { payee, lane, gross: least }] of before.earnings.entries()) {
    const gross = chain.gross[index];
    if (gross === undefined) continue;
    const most = after.earnings.find((each) => each.payee === payee && each.lane === lane)?.gross ?? zero;
    if (gross >= least && (gross <= most || deps.incomplete || landed.has(lane))) continue;
    found.set(
      `${payee} in lane ${lane}`,
      `earned ${formatUsdc(gross)} USDC by the vault, ${formatUsdc(most)} by the books`,
    );
  }
  return found;
}

async function readBooks({ rootChain, meta, lanes, payouts }: SettledCheckDeps): Promise<SettledBooks> {
  const published = await rootChain.lanes();
  const tips = Array.from({ length: lanes }, (_, lane) => {
    return published.find((each) => each.lane === lane)?.last ?? adoptionOf(meta, lane);
  });
  return { tips, earnings: payouts.earnings() };
}

function laneDifference(view: VaultLane, first?: ChainPoint, last?: ChainPoint): string | undefined {
  const [least, most] = [first?.batch ?? 0, last?.batch ?? 0];
  if (view.batch < least || view.batch > most)
    return `batch ${view.batch} is the vault’s last, ${most} that of the books`;
  const other = [first, last].find((tip) => tip?.batch === view.batch && (tip.chain ?? view.chain) !== view.chain);
  return other && `after batch ${view.batch} the vault holds ${view.chain}, the roots lead to ${other.chain}`;
}

function isSame(a: { batch: number; root: string }, b: { batch: number; root: string }): boolean {
  return a.batch === b.batch && a.root === b.root;
}

/** An older answer proves nothing: a second server may be a ledger or two behind, and is waited for. */
async function recordsSince(
  { vault, lanes, clock }: SettledCheckDeps,
  { earnings }: SettledBooks,
  sinceLedger: number,
  signal?: AbortSignal,
): Promise<SettledRecords> {
  for (let look = 1; ; look++) {
    const records = await vault.settled({ payees: earnings, lanes }, signal);
    if (records.ledger >= sinceLedger) return records;
    if (look === looksMax) {
      throw new RpcError('lagging', `settlements are of ledger ${records.ledger}, but ${sinceLedger} was read before`);
    }
    await clock.sleep(betweenLooksMs, signal);
    signal?.throwIfAborted();
  }
}

const looksMax = 4;
/** About a ledger, ms. */
const betweenLooksMs = 5_000;
