import type { Units } from '../money.ts';
import { add } from '../money.ts';
import type { Candidate, Carry, Choice } from './seal-choice.ts';
import { type Filing, toFiling } from './seal-filing.ts';

/**
 * What one short transaction adds to a batch: some of its leaves, and what these come to. After each of them the books are
 * whole: what has left the queue is in the batch's lines, its total and all sums.
 */
export type SealPart = {
  filing: Filing;
  /** Stored units. */
  total: number;
  /** JSON list of [position, payee, account, amount, of it receivable, of it held]. */
  lines: string;
};

export type ProposedLine = { payee: string; account: string; accountId: number; amount: Units };

/** Sorted by payee, then account, as text. */
export function linesOf(choice: Choice): ProposedLine[] {
  return choice.lines
    .map(({ payee, account, accountId, fresh, receivable, held }) => ({
      ...{ payee, account, accountId },
      amount: add(add(fresh, receivable), held),
    }))
    .sort((a, b) => order(a.payee, b.payee) || order(a.account, b.account));
}

/** The leaves in order, debts first and all in the first part, at most `leavesMax` in each. */
export function partsOf(choice: Choice, lines: readonly ProposedLine[], leavesMax: number): SealPart[] {
  const positions = new Map(lines.map(({ payee, accountId }, position) => [`${payee} ${accountId}`, position]));
  const { carries, charges } = choice;
  const first = Math.max(0, leavesMax - carries.length);
  const parts = [toPart(positions, carries, charges.slice(0, first))];
  for (let from = first; from < charges.length; from += leavesMax) {
    parts.push(toPart(positions, [], charges.slice(from, from + leavesMax)));
  }
  return parts;
}

/** Charges that are filed in no batch. */
export function partsAlone(charges: readonly Candidate[], leavesMax: number): SealPart[] {
  const parts: SealPart[] = [];
  for (let from = 0; from < charges.length; from += leavesMax) {
    parts.push({ filing: toFiling(charges.slice(from, from + leavesMax)), total: 0, lines: '[]' });
  }
  return parts;
}

type StoredLine = [position: number, payee: string, account: number, amount: number, receivable: number, held: number];

function toPart(positions: Map<string, number>, carries: readonly Carry[], charges: readonly Candidate[]): SealPart {
  const lines = new Map<number, StoredLine>();
  let total = 0;
  const addTo = (row: { payee: string; accountId: number }, amount: number): StoredLine | undefined => {
    const position = positions.get(`${row.payee} ${row.accountId}`);
    if (position === undefined || amount === 0) return undefined;
    const line = lines.get(position) ?? [position, row.payee, row.accountId, 0, 0, 0];
    lines.set(position, line);
    line[3] += amount;
    total += amount;
    return line;
  };
  for (const carry of carries) {
    const line = addTo(carry, carry.amount);
    if (line) line[carry.kind === 'account' ? 4 : 5] += carry.amount;
  }
  for (const charge of charges) addTo(charge, charge.price - charge.refund);
  return { filing: toFiling(charges), total, lines: JSON.stringify([...lines.values()]) };
}

function order(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
