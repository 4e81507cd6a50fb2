import type { AccountSlot } from '../billing/ledger.ts';
import { add, type Units, units, zero } from '../money.ts';
import type { VaultAccount, VaultEarnings, VaultLane } from '../stellar/vault-views.ts';
import type { AccountRow } from '../store/account-row.ts';
import type { WrongSum } from '../store/sums-check.ts';
import { stated } from './chain-counters.ts';
import { sumOf } from './payouts.ts';
import type { LaneRoots } from './root-chain.ts';

/** One identity of the books. `off` is chain − books, in units of 1e-7 USDC; 0 is right. */
export type Check = {
  name: string;
  subject: string;
  books: Units;
  chain: Units;
  off: Units;
  detail?: string;
  /** `number` for what is no money: numbers of batches. */
  of?: 'number';
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

/** What the vault says of an account before and after the books were read; the second only where it was asked again. */
export type AccountViews = { before: VaultAccount | undefined; after: VaultAccount | undefined };

export function accountChecks(
  row: AccountRow,
  views: AccountViews,
  slot: AccountSlot | undefined,
): { checks: Check[]; line: AccountLine } {
  const subject = row.address;
  const chain = stated(row, views.before, views.after);
  const checks: Check[] = [
    check('deposited', subject, row.deposited, chain.deposited),
    check('settled', subject, row.settled, chain.settled),
    check('withdrawn', subject, row.withdrawn, chain.withdrawn),
    check('requested', subject, row.requested, chain.requested),
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
    balanceOnChain: (views.after ?? views.before)?.balance ?? zero,
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

export type LaneSight = {
  lane: number;
  view: VaultLane;
  number: number;
  open: boolean;
  rootInBooks: string | undefined;
};

export function laneChecks(lanes: readonly LaneSight[]): Check[] {
  return lanes.map(({ lane, view, number, open, rootInBooks }) => {
    const books = open && view.batch === number - 1 ? number - 1 : number;
    const result = numberCheck('last batch of the lane', `lane ${lane}`, books, view.batch);
    return rootInBooks !== undefined && rootInBooks !== view.root
      ? { ...result, off: units(1), detail: `root ${view.root} on chain, ${rootInBooks} in the books` }
      : result;
  });
}

/** Receipts are worth nothing when the published roots lead elsewhere than the vault. Where roots are missing nobody can tell. */
export function rootChecks(folded: LaneRoots[], lanes: readonly LaneSight[]): Check[] {
  return lanes.flatMap(({ lane, view }) => {
    const last = folded.find((each) => each.lane === lane)?.last;
    if (last?.batch !== view.batch || last.chain === undefined) return [];
    const result = numberCheck('published roots', `lane ${lane}`, last.batch, view.batch);
    const detail = `the roots lead to ${last.chain}, the vault holds ${view.chain}`;
    return [last.chain === view.chain ? result : { ...result, off: units(1), detail }];
  });
}

export type Earned = VaultEarnings & { payee: string; lane: number; books: Units };

export function earningsChecks(earned: readonly Earned[]): Check[] {
  return earned.map(({ payee, lane, books, gross }) =>
    check('gross earnings', `${payee} in lane ${lane}`, books, gross),
  );
}

export function coverCheck(liabilities: Units, tokens: Units): Check {
  const off = tokens < liabilities ? units(tokens - liabilities) : zero;
  const name = 'USDC in the vault covers its liabilities';
  return { name, subject: 'vault', books: liabilities, chain: tokens, off };
}

/** Both sums need every account and payee the vault ever had. */
export function sumChecks(rows: readonly AccountRow[], earned: readonly Earned[], liabilities: Units): Check[] {
  const settled = sumOf(rows.map((row) => row.settled));
  const gross = sumOf(earned.map((line) => line.gross));
  const owedToPayees = sumOf(earned.map((line) => units(line.gross - line.netPaid - line.feePaid)));
  const balances = sumOf(rows.map((row) => units(row.deposited - row.settled - row.withdrawn)));
  return [
    check('Σ settled = Σ gross earnings', 'vault', settled, gross),
    check('liabilities = Σ balances + Σ owed to payees', 'vault', add(balances, owedToPayees), liabilities),
  ];
}

/** Sums that rows carry against the rows: where all are right, one line says so. */
export function carriedChecks(wrong: readonly WrongSum[]): Check[] {
  if (wrong.length === 0) return [check('sums equal rows', 'all books', zero, zero)];
  return wrong.map(({ name, subject, kept, byRows }) => check(`rows: ${name}`, subject, kept, byRows));
}

export function sumOff(checks: readonly Check[]): bigint {
  return checks.reduce((sum, { off }) => sum + (off < 0n ? -off : off), 0n);
}

function check(name: string, subject: string, books: Units, chain: Units): Check {
  return { name, subject, books, chain, off: units(chain - books) };
}

function numberCheck(name: string, subject: string, books: number, chain: number): Check {
  return { ...check(name, subject, units(books), units(chain)), of: 'number' };
}
