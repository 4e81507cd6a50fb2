import type { Ledger } from '../billing/ledger.ts';
import type { Units } from '../money.ts';
import type { Coverage, Vault } from '../stellar/vault-client.ts';
import type { AccountRow } from '../store/account-row.ts';
import type { BareTransfers } from '../store/bare-transfers.ts';
import type { PaidOut } from '../store/payouts.ts';
import type { Store } from '../store/store.ts';
import { againstBaseline, type BaselineMeta } from './baseline.ts';
import { type BookTotal, bookTotals } from './book-totals.ts';
import {
  type AccountLine,
  type AccountViews,
  accountChecks,
  type Check,
  coverCheck,
  type Earned,
  earningsChecks,
  type LaneSight,
  laneChecks,
  rootChecks,
  sumChecks,
  sumOff,
} from './identities.ts';
import {
  explainedByUnseen,
  ownerlessCheck,
  paidChecks,
  type UnseenMeta,
  unseenOfPayments,
  unseenOfTokens,
} from './ownerless.ts';
import type { RootChain } from './root-chain.ts';

export type ReconcileReport = {
  ok: boolean;
  /** Absolute amounts added up: two errors never cancel each other out. */
  unitsOff: bigint;
  checks: Check[];
  accounts: AccountLine[];
  /** Of the last look. */
  totals: BookTotal[];
  /** Ledger of the accounts on chain. */
  ledger: number;
};

export type ReconcileDeps = {
  vault: Pick<Vault, 'address' | 'accounts' | 'earnings' | 'coverage' | 'lastBatch' | 'info'>;
  accounts: Pick<Store['accounts'], 'loadAll'>;
  batches: Pick<Store['batches'], 'lastNumber' | 'open' | 'byNumber'>;
  payouts: Pick<Store['payouts'], 'earnings' | 'paidOut'>;
  ledger: Pick<Ledger, 'account'>;
  rootChain: Pick<RootChain, 'lanes'>;
  classicPayments: Pick<Store['classicPayments'], 'unattributed'>;
  deposits: Pick<Store['deposits'], 'bareSums' | 'bareAt' | 'cursor'>;
  meta: UnseenMeta;
  lanes?: number;
  /** Where batches that the vault has settled are missing here: began after the vault, or restored from a copy. */
  incomplete?: BaselineMeta | undefined;
  /** Brings the books up to the newest ledger first, transfers to the vault too: reads pages until there are no more. */
  catchUp(signal?: AbortSignal): Promise<void>;
};

/** Looks at what differs before it is believed. */
const looksMax = 4;

type Compared = ReturnType<typeof accountChecks>;

/**
 * Compares every identity of the books with the vault. All accounts are read once and what differs is asked again, so that a
 * vault that is busy while many accounts are read shows no difference; only what stays is reported.
 */
export async function reconcile(deps: ReconcileDeps, signal?: AbortSignal): Promise<ReconcileReport> {
  const compared = new Map<string, Compared>();
  let rest: Check[] = [];
  let totals: BookTotal[] = [];
  let ledger = 0;
  for (let look = 0; look < looksMax; look++) {
    const again =
      look === 0 ? undefined : new Set([...compared].filter(([, { line }]) => line.off > 0n).map(([of]) => of));
    const seen = await compareOnce(deps, again, signal);
    for (const each of seen.accounts) compared.set(each.line.address, each);
    ({ rest, totals, ledger } = seen);
    if (sumOff(rest) === 0n && seen.comparable && seen.accounts.every(({ line }) => line.off === 0n)) break;
  }
  const checks = [...[...compared.values()].flatMap((each) => each.checks), ...rest];
  const unitsOff = sumOff(checks);
  const accounts = [...compared.values()].map(({ line }) => line);
  return { ok: unitsOff === 0n, unitsOff, checks, accounts, totals, ledger };
}

/** Of these accounts, or all, and of everything else. */
async function compareOnce(deps: ReconcileDeps, of: ReadonlySet<string> | undefined, signal?: AbortSignal) {
  const { vault } = deps;
  await deps.catchUp(signal);
  const { token } = await vault.info(signal);
  const before = await vault.accounts(of ? [...of] : deps.accounts.loadAll().map((row) => row.address), signal);
  const paidBefore = deps.payouts.paidOut();
  const [coverage, earned, lanes] = await Promise.all([
    vault.coverage(token, signal),
    readEarnings(deps, signal),
    readLanes(deps, signal),
  ]);
  // The books are read last and at once, after whatever the watcher has brought in meanwhile.
  await deps.catchUp(signal);
  const folded = await deps.rootChain.lanes();
  const rows = deps.accounts.loadAll();
  const compare = (row: AccountRow, views: AccountViews) => accountChecks(row, views, deps.ledger.account(row.address));
  const first = rows
    .filter((row) => of === undefined || of.has(row.address))
    .map((row) => compare(row, { before: before.accounts.get(row.address), after: undefined }));
  const sights = lanes.map((sight) => ({ ...sight, ...laneInBooks(deps, sight) }));
  const bare = bareOf(deps, coverage);
  const rest = [
    ...laneChecks(sights),
    ...rootChecks(folded, sights),
    coverCheck(coverage.liabilities, coverage.tokens),
    ...sums(deps, rows, earned, coverage.liabilities),
    ...paid(deps, earned, paidBefore),
    ...(bare ? [explainedByUnseen(deps.meta, ownerlessCheck(coverage, bare), unseenOfTokens(deps.meta))] : []),
  ];
  const suspects = first.filter(({ line }) => line.off > 0n).map(({ line }) => line.address);
  const after = suspects.length > 0 ? (await vault.accounts(suspects, signal)).accounts : new Map();
  const byAddress = new Map(rows.map((row) => [row.address, row]));
  const accounts = first.map((each) => {
    const { address } = each.line;
    const row = byAddress.get(address);
    if (!row || !after.has(address)) return each;
    return compare(row, { before: before.accounts.get(address), after: after.get(address) });
  });
  const ownerless = {
    inDepositAccount: deps.classicPayments.unattributed().sum,
    inVault: (bare ?? deps.deposits.bareSums()).left,
  };
  const totals = bookTotals(rows, earned, ownerless, coverage);
  // Where transfers are not watched at all, another look would bring nothing.
  const comparable = bare !== undefined || deps.deposits.cursor('transfers') === undefined;
  return { accounts, rest, totals, comparable, ledger: before.ledger };
}

/** Of the ledger that both amounts are of; undefined where they are of two, or the events of that one are not in. */
function bareOf({ deposits }: ReconcileDeps, { tokensLedger, liabilitiesLedger }: Coverage): BareTransfers | undefined {
  return tokensLedger === liabilitiesLedger ? deposits.bareAt(tokensLedger) : undefined;
}

function paid({ payouts, meta, incomplete }: ReconcileDeps, earned: Earned[], before: PaidOut[]): Check[] {
  const unseen = unseenOfPayments(meta, incomplete !== undefined);
  const after = payouts.paidOut();
  // A payment that came in meanwhile is of no side: the next look compares.
  const still = JSON.stringify(after, textOfUnits) === JSON.stringify(before, textOfUnits);
  return paidChecks(earned, { before, after }).map((each) => (still ? explainedByUnseen(meta, each, unseen) : each));
}

const textOfUnits = (_: string, value: unknown) => (typeof value === 'bigint' ? String(value) : value);

function sums(
  { incomplete, payouts }: ReconcileDeps,
  rows: AccountRow[],
  earned: Earned[],
  liabilities: Units,
): Check[] {
  const gross = earningsChecks(earned);
  const [settled, owed] = sumChecks(rows, earned, liabilities);
  if (!settled || !owed) return gross;
  if (!incomplete) return [...gross, settled, owed];
  // A batch that was booked while the vault was asked is no part of what it was ahead by.
  const now = payouts.earnings();
  const stood = earned.every(({ payee, lane, books }) =>
    now.some((row) => row.payee === payee && row.lane === lane && row.gross === books),
  );
  return againstBaseline(stood ? incomplete : { get: incomplete.get, set: () => undefined }, gross, earned, owed);
}

async function readEarnings(deps: ReconcileDeps, signal?: AbortSignal): Promise<Earned[]> {
  const earned: Earned[] = [];
  for (const { payee, lane, gross: books } of deps.payouts.earnings()) {
    earned.push({ payee, lane, books, ...(await deps.vault.earnings(payee, lane, signal)) });
  }
  return earned;
}

async function readLanes(deps: ReconcileDeps, signal?: AbortSignal): Promise<Pick<LaneSight, 'lane' | 'view'>[]> {
  const lanes = [];
  for (let lane = 0; lane < (deps.lanes ?? 1); lane++)
    lanes.push({ lane, view: await deps.vault.lastBatch(lane, signal) });
  return lanes;
}

function laneInBooks({ batches }: ReconcileDeps, { lane, view }: Pick<LaneSight, 'lane' | 'view'>) {
  return {
    number: batches.lastNumber(lane),
    open: batches.open().some((batch) => batch.lane === lane),
    rootInBooks: batches.byNumber(lane, view.batch)?.root,
  };
}
