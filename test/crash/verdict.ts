import type { Comparison } from './compare.ts';
import type { CrashReport } from './crash-loop.ts';
import type { LineBooks } from './line-books.ts';

/**
 * The promise is 3 s, on a machine that has nothing else to do. Here 16 clients, a network and two services share its
 * cores, and whatever else runs on it: ten times that is no load any more but a start that waits for something.
 */
export const readyMostMs = 30_000;

/** What of the promises did not hold over all the kills. */
export function faultsOf(report: CrashReport): string[] {
  const faults = faultsOfBooks(report);
  for (const line of report.lines) {
    const { charged, served, cutOff } = line;
    const unserved = charged - served;
    if (unserved > cutOff) {
      faults.push(
        `${nameOf(line)}: ${unserved} calls are charged that no client saw, but only ${cutOff} were under way at the kills`,
      );
    }
  }
  faults.push(...faultsOfPurses(report));
  if (!report.reconciled) faults.push('callora reconcile found a difference');
  for (const [index, ms] of report.readyMs.entries()) {
    if (ms > readyMostMs) faults.push(`ready ${Math.round(ms)} ms after kill ${index + 1}; ${readyMostMs} is the most`);
  }
  return faults;
}

/**
 * Served ≤ charged ≤ forwarded, each call once and in the books of the same account and payee; and the vault took what was
 * charged: from each account, for each payee, and in sum. Call by call, so that no two errors cancel each other out.
 */
export function faultsOfBooks({ lines, accounts, payees, owed }: Comparison): string[] {
  const faults = lines.flatMap(faultsOfLine);
  for (const { address, deposited, settled } of accounts) {
    const own = lines.filter((line) => line.account === address);
    const due = sumOf(own.map((line) => line.owed));
    const sold = sumOf(own.map((line) => line.sold));
    if (settled !== due) faults.push(`${address} has paid ${settled} units by the vault, and ${due} by its calls`);
    if (sold > deposited[0]) faults.push(`${address} was sold ${sold} units, and has paid in ${deposited[0]}`);
    if (new Set(deposited).size > 1) faults.push(`${address}: deposits by owner, vault and books are ${deposited}`);
  }
  for (const { address, earned } of payees) {
    const due = sumOf(lines.filter(({ payee }) => payee === address).map((line) => line.owed));
    if (earned !== due) {
      faults.push(`payee ${address} has earned ${earned} units by the vault, and ${due} by the calls`);
    }
  }
  const paid = sumOf(accounts.map(({ settled }) => settled));
  if (paid !== owed) faults.push(`in sum the vault took ${paid} units, and ${owed} were to be settled by the database`);
  return faults;
}

function faultsOfLine(line: LineBooks): string[] {
  const { served, givenAway, unforwarded, repeated } = line;
  const faults: string[] = [];
  if (served === 0) faults.push('nothing was served, so nothing is shown');
  if (givenAway.length > 0) faults.push(`served and not charged: ${listed(givenAway)}`);
  if (unforwarded.length > 0) faults.push(`charged and not forwarded: ${listed(unforwarded)}`);
  if (repeated.length > 0) faults.push(`forwarded twice: ${listed(repeated)}`);
  return faults.map((fault) => `${nameOf(line)}: ${fault}`);
}

/** One account is to run out of money again and again, and no other. */
function faultsOfPurses({ lines, accounts, poor }: CrashReport): string[] {
  return accounts.flatMap(({ address }) => {
    const unpaid = lines.filter(({ account }) => account === address).reduce((sum, line) => sum + line.unpaid, 0);
    if (address === poor) return unpaid > 0 ? [] : [`${address} never ran out of money, so nothing is shown of that`];
    return unpaid > 0 ? [`${unpaid} calls of ${address} were not paid for, so the last kills show nothing`] : [];
  });
}

/** Enough to look for; of a broken run it may be every call. */
const listedMost = 10;

function listed(ids: string[]): string {
  const more = ids.length - listedMost;
  return ids.slice(0, listedMost).join(', ') + (more > 0 ? ` and ${more} more` : '');
}

function nameOf({ account, payee }: LineBooks): string {
  return `${account} at payee ${payee}`;
}

function sumOf(amounts: bigint[]): bigint {
  return amounts.reduce((sum, amount) => sum + amount, 0n);
}
