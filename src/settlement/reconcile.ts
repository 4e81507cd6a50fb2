import type { AccountSlot, Ledger } from '../billing/ledger.ts';
import { add, type Units, units, zero } from '../money.ts';
import type { Vault } from '../stellar/vault-client.ts';
import type { VaultAccount } from '../stellar/vault-views.ts';
import type { AccountRow } from '../store/accounts.ts';
import type { Store } from '../store/store.ts';
import { sumOf } from './payouts.ts';
import type { LaneRoots, RootChain } from './root-chain.ts';

/** One identity of the books. `off` is chain − books, in units of 1e-7 USDC; 0 is right. */
export type Check = { name: string; subject: string; books: Units; chain: Units; off: Units; detail?: string };

export type ReconcileReport = {
  ok: boolean;
  /** Absolute amounts added up: two errors never cancel each other out. */
  unitsOff: bigint;
  checks: Check[];
  accounts: AccountLine[];
  /** Ledger of the accounts on chain. */
  ledger: number;
};

export type AccountLine = {
  address: string;
  deposited: Units;
  settled: Units;
  withdrawn: Units;
  charged: Units;
  refunded: Units;
  unsettled: Units;
  receivable: Units;
  heldForPayee: Units;
  balanceOnChain: Units;
  off: bigint;
};

export type ReconcileDeps = {
  vault: Pick<Vault, 'address' | 'accounts' | 'earnings' | 'liabilities' | 'lastBatch' | 'info' | 'tokenBalance'>;
  accounts: Pick<Store['accounts'], 'loadAll'>;
  batches: Pick<Store['batches'], 'list' | 'lastNumber' | 'open' | 'byNumber'>;
  payouts: Pick<Store['payouts'], 'earnings'>;
  ledger: Pick<Ledger, 'account'>;
  rootChain: Pick<RootChain, 'lanes'>;
  lanes?: number;
  /** True when batches that the vault has settled are missing here, since the database was restored from a copy. */
  restored?: boolean;
  /** Brings the books up to the newest ledger first: reads pages until there are no more. */
  catchUp(signal?: AbortSignal): Promise<void>;
};

/**
 * Compares every identity of the books with the vault. What moves on chain between two questions can show as a difference:
 * then all is asked again, and only what stays is reported.
 */
export async function reconcile(deps: ReconcileDeps, signal?: AbortSignal): Promise<ReconcileReport> {
  let report = await compareOnce(deps, signal);
  for (let again = 0; again < 3 && !report.ok; again++) report = await compareOnce(deps, signal);
  return report;
}

async function compareOnce(deps: ReconcileDeps, signal?: AbortSignal): Promise<ReconcileReport> {
  await deps.catchUp(signal);
  const info = await deps.vault.info(signal);
  const known = deps.accounts.loadAll().map((row) => row.address);
  const chain = await deps.vault.accounts(known, signal);
  const [liabilities, tokens, earned, lanes] = await Promise.all([
    deps.vault.liabilities(signal),
    deps.vault.tokenBalance(info.token, signal),
    readEarnings(deps, signal),
    readLanes(deps, signal),
  ]);
  // The books are read last and at once, after whatever the watcher has brought in meanwhile.
  await deps.catchUp(signal);
  const folded = await deps.rootChain.lanes();
  const rows = deps.accounts.loadAll();
  const lines = rows.map((row) =>
    accountChecks(row, chain.accounts.get(row.address), deps.ledger.account(row.address)),
  );
  const incomplete = deps.restored === true || rows.some((row) => row.settledElsewhere > 0n);
  const checks = [
    ...lines.flatMap((line) => line.checks),
    ...laneChecks(deps, lanes),
    ...rootChecks(folded, lanes),
    ...earningsChecks(earned, incomplete),
    ...globalChecks(rows, earned, liabilities, tokens, incomplete),
  ];
  const unitsOff = sumOff(checks);
  return { ok: unitsOff === 0n, unitsOff, checks, accounts: lines.map((line) => line.line), ledger: chain.ledger };
}

type Earned = { payee: string; lane: number; books: Units; gross: Units; netPaid: Units; feePaid: Units };

async function readEarnings(deps: ReconcileDeps, signal?: AbortSignal): Promise<Earned[]> {
  const earned: Earned[] = [];
  for (const { payee, lane, gross: books } of deps.payouts.earnings()) {
    earned.push({ payee, lane, books, ...(await deps.vault.earnings(payee, lane, signal)) });
  }
  return earned;
}

async function readLanes(deps: ReconcileDeps, signal?: AbortSignal) {
  const lanes = [];
  for (let lane = 0; lane < (deps.lanes ?? 1); lane++)
    lanes.push({ lane, view: await deps.vault.lastBatch(lane, signal) });
  return lanes;
}

function accountChecks(row: AccountRow, chain: VaultAccount | undefined, slot: AccountSlot | undefined) {
  const subject = row.address;
  const checks: Check[] = [
    check('deposited', subject, row.deposited, chain?.deposited ?? zero),
    check('settled', subject, row.settled, chain?.settled ?? zero),
    check('withdrawn', subject, row.withdrawn, chain?.withdrawn ?? zero),
    check('requested', subject, row.requested, chain?.requested ?? zero),
    check(
      'charged − refunded = settled + unsettled + receivable',
      subject,
      units(row.charged - row.refunded + row.settledElsewhere),
      units(row.settled + row.unsettled + row.receivable + row.heldForPayee + row.writtenOff),
    ),
  ];
  if (slot) checks.push(...memoryChecks(row, slot));
  const line: AccountLine = {
    address: subject,
    deposited: row.deposited,
    settled: row.settled,
    withdrawn: row.withdrawn,
    charged: row.charged,
    refunded: row.refunded,
    unsettled: row.unsettled,
    receivable: row.receivable,
    heldForPayee: row.heldForPayee,
    balanceOnChain: chain?.balance ?? zero,
    off: sumOff(checks),
  };
  return { checks, line };
}

/** A charge whose row is committed while its answer is still held back is on hold in memory until the next moment. */
function memoryChecks(row: AccountRow, slot: AccountSlot): Check[] {
  return (
    ['deposited', 'settled', 'withdrawn', 'exits', 'receivable', 'refunded', 'charged', 'unsettled'] as const
  ).map((field) => {
    const result = check(`memory: ${field}`, row.address, slot[field], row[field]);
    const held = (field === 'charged' || field === 'unsettled') && result.off > 0n && result.off <= slot.held;
    return held ? { ...result, off: zero } : result;
  });
}

function laneChecks(deps: ReconcileDeps, lanes: Awaited<ReturnType<typeof readLanes>>): Check[] {
  return lanes.map(({ lane, view }) => {
    const number = deps.batches.lastNumber(lane);
    const open = deps.batches.open().some((batch) => batch.lane === lane);
    const books = open && view.batch === number - 1 ? number - 1 : number;
    const ours = deps.batches.byNumber(lane, view.batch);
    const rootOff = ours !== undefined && ours.root !== view.root;
    const result = check('last batch of the lane', `lane ${lane}`, units(books), units(view.batch));
    return rootOff
      ? { ...result, off: units(1), detail: `root ${view.root} on chain, ${ours.root} in the books` }
      : result;
  });
}

/** Receipts are worth nothing when the published roots lead elsewhere than the vault. Where roots are missing nobody can tell. */
function rootChecks(folded: LaneRoots[], lanes: Awaited<ReturnType<typeof readLanes>>): Check[] {
  return lanes.flatMap(({ lane, view }) => {
    const last = folded.find((each) => each.lane === lane)?.last;
    if (last?.batch !== view.batch || last.chain === undefined) return [];
    const result = check('published roots', `lane ${lane}`, units(last.batch), units(view.batch));
    const detail = `the roots lead to ${last.chain}, the vault holds ${view.chain}`;
    return [last.chain === view.chain ? result : { ...result, off: units(1), detail }];
  });
}

/** A database that began after the vault, or was restored, knows only its own part of what a payee earned. */
function earningsChecks(earned: Earned[], incomplete: boolean): Check[] {
  return earned.map(({ payee, lane, books, gross }) => {
    const result = check('gross earnings', `${payee} in lane ${lane}`, books, gross);
    return incomplete && result.off > 0n
      ? { ...result, off: zero, detail: 'earned in batches that these books do not hold' }
      : result;
  });
}

function globalChecks(
  rows: AccountRow[],
  earned: Earned[],
  liabilities: Units,
  tokens: Units,
  incomplete: boolean,
): Check[] {
  const settled = sumOf(rows.map((row) => row.settled));
  const gross = sumOf(earned.map((line) => line.gross));
  const owedToPayees = sumOf(earned.map((line) => units(line.gross - line.netPaid - line.feePaid)));
  const balances = sumOf(rows.map((row) => units(row.deposited - row.settled - row.withdrawn)));
  const short = tokens < liabilities ? units(tokens - liabilities) : zero;
  const checks: Check[] = [
    {
      name: 'USDC in the vault covers its liabilities',
      subject: 'vault',
      books: liabilities,
      chain: tokens,
      off: short,
    },
  ];
  // Both sums need every account and payee the vault ever had; such a database knows only its own part.
  if (!incomplete) {
    checks.push(check('Σ settled = Σ gross earnings', 'vault', settled, gross));
    checks.push(
      check('liabilities = Σ balances + Σ owed to payees', 'vault', add(balances, owedToPayees), liabilities),
    );
  }
  return checks;
}

function check(name: string, subject: string, books: Units, chain: Units): Check {
  return { name, subject, books, chain, off: units(chain - books) };
}

function sumOff(checks: Check[]): bigint {
  return checks.reduce((sum, { off }) => sum + (off < 0n ? -off : off), 0n);
}
